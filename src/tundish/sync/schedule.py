"""
When to sync by itself. All times are UTC, so that no day is longer or shorter than another.

A moment is due an interval after the last run began, a little later by the jitter. Outside its windows
it waits for the next opening. What was missed, for whatever reason, is caught up once.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tundish.core.errors import InputError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHORTEST, LONGEST = timedelta(minutes=1), 30 * DAY
FIRST_RETRY = timedelta(minutes=5)  # after a failure; twice as long after each further one
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Window:
    """
    A part of every day, as spans since 00:00 UTC; one that closes before it opens spans midnight.
    """

    opens: timedelta
    closes: timedelta

    def holds(self, moment: datetime) -> bool:
        clock = moment - _midnight(moment)
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes

    def opening(self, moment: datetime) -> datetime:
        """
        The first opening at or after a moment.
        """
        return _next(self.opens, moment)

    def closing(self, moment: datetime) -> datetime:
        """
        The first closing after a moment.
        """
        return _next(self.closes, moment + timedelta.resolution)


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    What an operator chose; `window` is as it was typed, empty for the whole day.
    """

    on: bool = True
    every: timedelta = HOUR
    window: str = ""


def window(text: str) -> tuple[Window, ...]:
    """
    The window of a text such as 22:00-06:00; none for an empty text.

    Raises:
        InputError: it is no window.
    """
    if not text:
        return ()
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise InputError(f"{text[:80]!r} is no window; give HH:MM-HH:MM in UTC, as in 22:00-06:00")
    hours = [int(part) for part in found.groups()]
    opens, closes = (timedelta(hours=hours[at], minutes=hours[at + 1]) for at in (0, 2))
    if opens == closes:
        raise InputError(
            f"the window {text} never opens; give two different times, or none for the whole day"
        )
    return (Window(opens, closes),)


def next_run(
    last: datetime | None,
    now: datetime,
    interval: timedelta,
    windows: Sequence[Window] = (),
    jitter: timedelta = timedelta(),
) -> datetime | None:
    """
    When to run next, never before `now`; `last` is when the last run began. None: the windows never meet.
    """
    base = now if last is None else min(last, now) + interval + jitter
    first = _within(base, windows)
    if first is not None and first != base and _are_open(first + jitter, windows):
        first += jitter  # or all who have the same window would begin together
    return first if first is None or first >= now else _within(now, windows)


def retry_after(failures: int, interval: timedelta) -> timedelta:
    """
    How long to wait after so many failures in a row: ever longer, but no longer than usual.
    """
    return min(FIRST_RETRY * 2 ** min(failures - 1, 20), interval) if failures > 0 else interval


def checked(schedule: Schedule) -> Schedule:
    """
    The schedule, if it makes sense.

    Raises:
        InputError: it does not.
    """
    window(schedule.window)
    if not SHORTEST <= schedule.every <= LONGEST:
        raise InputError("sync by itself at most every minute (1m) and at least every 30 days (30d)")
    return schedule


def encoded(schedule: Schedule) -> str:
    seconds = int(schedule.every.total_seconds())
    return json.dumps({"on": schedule.on, "every": seconds, "window": schedule.window})


def decoded(text: str | None) -> Schedule:
    """
    What `encoded` wrote; the usual if nothing was chosen.
    """
    if text is None:
        return Schedule()
    fields = json.loads(text)
    return Schedule(bool(fields["on"]), timedelta(seconds=int(fields["every"])), str(fields["window"]))


def _within(moment: datetime, windows: Sequence[Window]) -> datetime | None:
    """
    The first moment from this one on at which all windows are open.
    """
    openings = {each.opening(moment) for each in windows}
    return next((each for each in sorted({moment, *openings}) if _are_open(each, windows)), None)


def _are_open(moment: datetime, windows: Sequence[Window]) -> bool:
    return all(each.holds(moment) for each in windows)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next(clock: timedelta, moment: datetime) -> datetime:
    today = _midnight(moment) + clock
    return today if today >= moment else today + DAY
