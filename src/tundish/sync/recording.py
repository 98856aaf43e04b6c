"""
The progress of a running sync, written down about once a second on a thread of its own: a slow or busy
catalog delays what others see, never the transfer. The same beat hears of a wish to stop.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from tundish.core.errors import TundishError
from tundish.core.image import Json
from tundish.core.progress import Transfer
from tundish.sync.mirror import Watch
from tundish.sync.plan import Plan, PlannedFile
from tundish.sync.progress import Tally

BEAT = 1.0  # seconds between two notes
MOST_QUICK = 1_000  # files noted although they came whole between two beats; more of them are only counted

LOG = logging.getLogger(__name__)


class Notes(Protocol):
    """
    Where progress is noted: `catalog.transfers`.
    """

    def note(self, job: int, detail: str, changed: Sequence[Transfer]) -> bool: ...


class Recorder:
    """
    A `Watch` that hands on what it sees, and notes it for others.
    """

    def __init__(
        self,
        watch: Watch,
        notes: Notes,
        job: int,
        now: Callable[[], datetime],
        stop: Callable[[], None],
    ) -> None:
        self._watch, self._notes, self._job, self._now, self._stop = watch, notes, job, now, stop
        self._tally = Tally()
        self._pending: dict[str, Transfer] = {}
        self._noted: set[str] = set()
        self._look = self._tally.look(now())

    def expect(self, plan: Plan) -> None:
        self._tally.expect(plan)

    def begun(self, file: PlannedFile) -> None:
        self._tally.begun(file)
        self._watch.begun(file)

    def moved(self, file: PlannedFile, count: int) -> None:
        self._tally.moved(file, count)
        self._watch.moved(file, count)

    def retried(self, file: PlannedFile, error: TundishError, delay: float) -> None:
        self._tally.retried(file, error)
        self._watch.retried(file, error, delay)

    def ended(self, file: PlannedFile, error: TundishError | None) -> None:
        self._tally.ended(file, error)
        self._watch.ended(file, error)

    def beat(self) -> None:
        """
        Note what changed, and do as whoever asked for a stop wishes. What could not be noted is noted later.
        """
        self._look = self._tally.look(self._now())
        self._pending.update((each.sha256, each) for each in self._look.changed)
        rows = [each for each in self._pending.values() if self._is_worth_a_row(each)]
        try:
            asked = self._notes.note(self._job, json.dumps(self.summary()), rows)
        except TundishError as error:
            LOG.warning("job %d: its progress could not be noted: %s", self._job, error)
            return
        self._noted.update(each.sha256 for each in rows)
        self._pending.clear()
        if asked:
            self._stop()

    def summary(self) -> dict[str, Json]:
        """
        The figures of the last beat, as a part of a job's detail.
        """
        return {"progress": self._look.as_json()}

    def close(self) -> None:
        """
        Note the last figures, if there are any.
        """
        if self._tally.is_used:
            self.beat()

    def _is_worth_a_row(self, transfer: Transfer) -> bool:
        is_quick = transfer.ended and not transfer.error and transfer.sha256 not in self._noted
        return not is_quick or len(self._noted) < MOST_QUICK


@contextmanager
def beating(recorder: Recorder, every: float = BEAT) -> Iterator[None]:
    """
    Let a recorder beat until the context is left, and write down the last figures then.
    """
    over = threading.Event()

    def beats() -> None:
        while not over.wait(every):
            recorder.beat()

    thread = threading.Thread(target=beats, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        recorder.close()
