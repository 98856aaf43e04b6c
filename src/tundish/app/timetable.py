"""
Which sources are due to be synced by themselves. Decides; keeps the time of nobody but its caller.

Every source has its own last run, because every source may have its own window. Failures shorten the
wait at first and then let it grow again, but never stop the clock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tundish.core.names import SourceName
from tundish.core.selection import Source
from tundish.sync.schedule import Schedule, Window, next_run, retry_after, window

SPREAD = 0.1  # of the interval: a run begins so much earlier at most, so that not all come at once


@dataclass(slots=True)
class Timetable:
    """
    `draw` gives a number from 0 up to 1 for each run.
    """

    draw: Callable[[], float]
    failures: int = 0
    last: datetime | None = None  # of the whole; for sources that were not there yet
    begun: dict[SourceName, datetime] = field(default_factory=dict)
    share: float = 0.0

    def due(self, schedule: Schedule, sources: Iterable[Source], now: datetime) -> tuple[Source, ...]:
        """
        The sources to sync now; none where that is turned off.
        """
        if not schedule.on:
            return ()
        interval = retry_after(self.failures, schedule.every)
        least, jitter = interval * (1 - SPREAD), interval * SPREAD * self.share

        def is_due(source: Source) -> bool:
            last = self.begun.get(source.name, self.last)
            at = next_run(last, now, least, windows(schedule, source), jitter)
            return at is not None and at <= now

        return tuple(source for source in sources if source.enabled and is_due(source))

    def ran(self, sources: Iterable[Source], now: datetime, *, failed: bool) -> None:
        """
        Note that these were synced, or that it was tried, at a moment.
        """
        self.last = now
        self.begun.update((source.name, now) for source in sources)
        self.failures = self.failures + 1 if failed else 0
        self.share = self.draw()


def windows(schedule: Schedule, source: Source) -> tuple[Window, ...]:
    return (*window(schedule.window), *window(source.fetching.window))


def closing(schedule: Schedule, sources: Sequence[Source], now: datetime) -> datetime | None:
    """
    When the first of these sources may no longer be synced; None: there is no such time.
    """
    return min((each.closing(now) for source in sources for each in windows(schedule, source)), default=None)
