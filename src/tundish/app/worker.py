"""
What a server does by itself: sign channels anew and sync when that is due, and keep the notices true.

It looks every few seconds on a thread of its own, so that a choice made meanwhile counts at once. A run
ends cleanly, to be resumed, when the server stops, when somebody asks it to, or when its window closes.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tundish.app.choosing import chosen_schedule
from tundish.app.noticing import notice
from tundish.app.resigning import Resigner
from tundish.app.sampling import sample
from tundish.app.timetable import Timetable, closing
from tundish.core.errors import Busy, Stopped, TundishError, reaction
from tundish.core.names import SourceName
from tundish.core.selection import Source
from tundish.sync.plan import PlannedFile
from tundish.sync.run import Desk, Prepared, sync

LOOK = 5.0  # seconds between two looks at what is due
NOTICE = timedelta(minutes=1)  # between two looks at what an operator should know

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Until:
    """
    Set from the moment on that its event is, or once its time has come.
    """

    over: threading.Event
    at: datetime | None
    now: Callable[[], datetime]

    def is_set(self) -> bool:
        return self.over.is_set() or self.is_late()

    def is_late(self) -> bool:
        return self.at is not None and self.now() >= self.at


class Worker:
    """
    `start` it, and `stop` it before what it works with is closed. `desk` is asked for each run.
    """

    def __init__(
        self,
        desk: Callable[[], Desk],
        *,
        now: Callable[[], datetime],
        draw: Callable[[], float],
        resigner: Resigner | None = None,
    ) -> None:
        self._desk, self._now, self._resigner = desk, now, resigner
        self._timetable = Timetable(draw)
        self._noticed: datetime | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """
        End a run cleanly, and return when it has ended.
        """
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except TundishError as error:
                _log(error, "the upkeep")
            except Exception:  # the loop of a worker: a bug is logged whole, and no reason to end
                LOG.exception("the upkeep met a bug; it goes on")
            self._over.wait(LOOK)

    def look(self) -> None:
        """
        Do what is due at this moment.
        """
        desk, now = self._desk(), self._now()
        has_looked = self._resigner is not None and self._resigner.look(desk.catalog, self._over)
        schedule, sources = chosen_schedule(desk.catalog.choices), desk.catalog.sources.list()
        due = self._timetable.due(schedule, sources, now)
        if due and desk.catalog.selections.list():
            is_whole = len(due) == sum(source.enabled for source in sources)
            names = [] if is_whole else [source.name for source in due]
            self._sync(desk, due, names, Until(self._over, closing(schedule, due, now), self._now))
        elif due:
            self._timetable.ran(due, now, failed=False)
        if due or has_looked or self._noticed is None or now - self._noticed >= NOTICE:
            self._noticed = now
            notice(desk.catalog, desk.store, self._now())
            sample(desk.catalog, desk.store, self._now())

    def _sync(self, desk: Desk, due: Sequence[Source], names: Sequence[SourceName], until: Until) -> None:
        subject, began, failed = f"automatic sync of {', '.join(names) or 'all sources'}", self._now(), False
        LOG.info("%s begins", subject)
        try:
            outcome = sync(desk, names, watch=_Nobody(), stop=until, planned=_agree)
        except Stopped:
            LOG.info("%s was stopped; it goes on from there", subject)
            if until.is_late():
                return  # still due for those whose window is open, and for the others when it opens again
        except Busy as error:
            LOG.info("%s is left out: %s", subject, error)
        except TundishError as error:
            failed = True
            _log(error, subject)
        else:
            done = len(outcome.completed)
            LOG.info("%s: %d versions complete, %d bytes fetched", subject, done, outcome.fetched_bytes)
        self._timetable.ran(due, began, failed=failed)


class _Nobody:
    """
    Nobody looks on while the server syncs by itself; who wants to asks for the status.
    """

    def begun(self, file: PlannedFile) -> None: ...

    def moved(self, file: PlannedFile, count: int) -> None: ...

    def retried(self, file: PlannedFile, error: TundishError, delay: float) -> None: ...

    def ended(self, file: PlannedFile, error: TundishError | None) -> None: ...


def _agree(_: Prepared) -> None:
    """
    Nobody is there to refuse a plan; what is more likely a mistake is refused without being asked.
    """


def _log(error: TundishError, subject: str) -> None:
    level = logging.getLevelNamesMapping()[reaction(error).log.upper()]
    LOG.log(level, "%s: %s: %s", subject, type(error).__name__, error)
