"""
A job under way in this process: what its verb says and counts, and whether it is to stop.

A verb never waits for the catalog here: what it says is kept, bounded, until the runner writes it down.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Protocol

from tundish.catalog.db import Database
from tundish.catalog.queue import Queue
from tundish.core.errors import Stopped, TundishError
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.progress import Progress

MOST_LINES = 1_000  # said between two notes; more of them push out the oldest


class File(Protocol):
    @property
    def size(self) -> int: ...

    @property
    def path(self) -> str: ...


class Files(Protocol):
    @property
    def files(self) -> Sequence[File]: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a verb ended: with an outcome and facts for the detail, or with an error.
    """

    outcome: str = "done"
    facts: Mapping[str, Json] = field(default_factory=dict)
    error: BaseException | None = None


class Task:
    """
    Called by the threads of its verb, and by the runner.
    """

    def __init__(self, job: Job, now: Callable[[], datetime]) -> None:
        self.job, self.stop = job, threading.Event()
        self.is_asked = False  # a person asked it to stop
        self.ended: Ended | None = None
        self.is_settled = False  # its row says how it ended
        self._now, self._lock = now, threading.Lock()
        self._said: deque[tuple[datetime, str]] = deque(maxlen=MOST_LINES)
        self._progress, self._noted, self._before = Progress(), Progress(), (now(), 0)

    def say(self, text: str) -> None:
        """
        A line of the job's log.
        """
        with self._lock:
            self._said.append((self._now(), text))

    def expect(self, files: int, size: int) -> None:
        with self._lock:
            self._progress = replace(self._progress, files=files, size=size)

    def more(self, files: int, size: int) -> None:
        with self._lock:
            now = self._progress
            self._progress = replace(now, files=now.files + files, size=now.size + size)

    def passed(self, size: int) -> None:
        """
        One more file is through, and so many bytes that were not counted yet.

        Raises:
            Stopped: the job is to end.
        """
        self.note(None, is_final=True)
        self.moved(size)

    def moved(self, count: int) -> None:
        """
        So many more bytes are through; negative when they have to pass again.

        Raises:
            Stopped: the job is to end.
        """
        self.count(count)
        if self.stop.is_set():
            raise Stopped

    def count(self, count: int) -> None:
        with self._lock:
            self._progress = replace(self._progress, came=self._progress.came + count)

    def note(self, error: TundishError | None, *, is_final: bool) -> None:
        """
        A file has ended, or is tried again after an error.
        """
        with self._lock:
            now = self._progress
            if error is None:
                self._progress = replace(now, held=now.held + 1)
            elif is_final:
                self._progress = replace(now, failed=now.failed + 1, error=str(error)[:500])
            else:
                self._progress = replace(now, retries=now.retries + 1, error=str(error)[:500])

    def lines(self) -> Sequence[tuple[datetime, str]]:
        """
        What was said since the last call.
        """
        with self._lock:
            said = list(self._said)
            self._said.clear()
        return said

    def keep(self, said: Sequence[tuple[datetime, str]]) -> None:
        """
        Take lines back that could not be written down; the next call of `lines` has them first.
        """
        with self._lock:
            self._said = deque([*said, *self._said], maxlen=MOST_LINES)

    def detail(self) -> str | None:
        """
        How far it is, for the row; None while nothing has changed.
        """
        with self._lock:
            if self._progress == self._noted:
                return None
            moment, came = self._before
            now = self._now()
            seconds = (now - moment).total_seconds()
            speed = round(max(self._progress.came - came, 0) / seconds) if seconds > 0 else 0
            self._before = now, self._progress.came
            self._progress = self._noted = replace(self._progress, speed=speed)
            return json.dumps(self._figures())

    def figures(self) -> dict[str, Json]:
        """
        The last of it, for the detail of a job that has ended; nothing where nothing was counted.
        """
        with self._lock:
            return self._figures() if self._progress.size or self._progress.files else {}

    def _figures(self) -> dict[str, Json]:
        return {"progress": {**asdict(self._progress), "speeds": {}}}


class FileWatch:
    """
    A watcher of fetched files, which tells a task.
    """

    def __init__(self, task: Task, *, is_counting: bool) -> None:
        self._task, self._is_counting = task, is_counting

    def expect(self, plan: Files) -> None:
        self._task.expect(len(plan.files), sum(file.size for file in plan.files))

    def begun(self, file: File) -> None: ...

    def moved(self, _file: File, count: int) -> None:
        if self._is_counting:
            self._task.count(count)

    def retried(self, file: File, error: TundishError, delay: float) -> None:
        self._task.say(f"{file.path}: {error}; again in {delay:.0f} s")
        if self._is_counting:
            self._task.note(error, is_final=False)

    def ended(self, file: File, error: TundishError | None) -> None:
        self._task.say(f"{file.path}: {error}" if error else f"{file.path} is here, {file.size} bytes")
        if self._is_counting:
            self._task.note(error, is_final=True)


class Adopted(Queue):
    """
    The jobs as a verb of a claimed job sees them: the first that it starts is that one, and how it ends is
    kept for the runner, who alone knows whether it is to be tried again.
    """

    def __init__(self, database: Database, number: int) -> None:
        super().__init__(database)
        self._number, self._is_adopted = number, False
        self.outcome, self.facts = "", ""

    def start(self, kind: str, subject: str, at: datetime) -> int:
        if self._is_adopted:
            return super().start(kind, subject, at)
        self._is_adopted = True
        return self._number

    def end(self, number: int, outcome: str, detail: str, at: datetime) -> None:
        if number != self._number:
            super().end(number, outcome, detail, at)
            return
        self.outcome, self.facts = outcome, detail
