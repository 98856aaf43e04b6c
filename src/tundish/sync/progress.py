"""
How far a running sync is: counted as bytes come, and looked at now and then.

Counting costs a lock and two additions for each chunk. What came in an earlier run counts as come, but
not for the speed.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from tundish.core.errors import TundishError
from tundish.core.image import Json
from tundish.core.progress import Progress, Transfer
from tundish.sync.plan import Plan, PlannedFile

MOST_WORDS = 500  # characters of an error


@dataclass(slots=True)
class _Pace:
    """
    Bytes per second, of late: half of it is what moved since the last look.
    """

    moved: int = 0
    before: int = 0
    speed: int = 0

    def look(self, seconds: float) -> None:
        if seconds > 0:
            recent = max(self.moved - self.before, 0) / seconds
            self.speed = round((self.speed + recent) / 2 if self.speed else recent)
            self.before = self.moved


@dataclass(slots=True)
class _Moving:
    file: PlannedFile
    came: int = 0
    retries: int = 0
    error: str = ""
    ended: bool = False
    is_changed: bool = True
    pace: _Pace = field(default_factory=_Pace)

    def at(self, moment: datetime) -> Transfer:
        file = self.file
        return Transfer(
            sha256=file.digest.hex,
            source=file.source,
            path=file.path,
            size=file.size,
            came=self.came,
            retries=self.retries,
            error=self.error,
            ended=self.ended,
            at=moment,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """
    The figures of one moment: of all, of the files that changed since the last look, and how fast those
    under way are, by digest.
    """

    progress: Progress
    changed: tuple[Transfer, ...]
    speeds: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> Json:
        """
        What a job's detail holds of it.
        """
        return {**asdict(self.progress), "speeds": dict(self.speeds)}


def read(detail: str) -> Look:
    """
    The figures that a job's detail holds under `progress`; none if it does not.
    """
    found = json.loads(detail or "{}").get("progress")
    if found is None:
        return Look(Progress(), ())
    speeds = found.pop("speeds")
    return Look(Progress(**found), (), speeds)


def ended_by(detail: str) -> str:
    """
    The error that ended a job as a whole, as its detail has it; empty if none did.
    """
    found = json.loads(detail or "{}").get("error")
    return found if isinstance(found, str) else ""


class Tally:
    """
    Counts what moves. Called from many threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, _Moving] = {}  # those under way, and those that ended since the last look
        self._total = Progress()
        self._came = 0
        self._pace = _Pace()
        self._looked: datetime | None = None

    @property
    def is_used(self) -> bool:
        """
        Whether there is anything to count.
        """
        return self._total.files > 0

    def expect(self, plan: Plan) -> None:
        with self._lock:
            size = sum(file.size for file in plan.files)
            self._total = replace(self._total, files=len(plan.files), size=size)

    def begun(self, file: PlannedFile) -> None:
        with self._lock:
            self._files[file.digest.hex] = _Moving(file)

    def moved(self, file: PlannedFile, count: int) -> None:
        with self._lock:
            moving = self._files[file.digest.hex]
            if count > 0 and not (moving.came == 0 and count == file.held):
                moving.pace.moved += count
                self._pace.moved += count
            moving.came += count
            moving.is_changed = True
            self._came += count

    def retried(self, file: PlannedFile, error: TundishError) -> None:
        with self._lock:
            moving = self._files[file.digest.hex]
            moving.retries += 1
            moving.error = str(error)[:MOST_WORDS]
            moving.is_changed = True
            self._total = replace(self._total, retries=self._total.retries + 1, error=moving.error)

    def ended(self, file: PlannedFile, error: TundishError | None) -> None:
        with self._lock:
            moving, total = self._files[file.digest.hex], self._total
            moving.ended = moving.is_changed = True
            if error is None:
                self._total = replace(total, held=total.held + 1)
            else:
                moving.error = str(error)[:MOST_WORDS]
                self._total = replace(total, failed=total.failed + 1, error=moving.error)

    def look(self, at: datetime) -> Look:
        """
        How it is at a moment. Files that have ended are told once.
        """
        with self._lock:
            seconds = (at - self._looked).total_seconds() if self._looked else 0.0
            self._looked = at
            self._pace.look(seconds)
            self._total = replace(self._total, came=self._came, speed=self._pace.speed)
            changed = tuple(each.at(at) for each in self._files.values() if each.is_changed)
            self._files = {key: each for key, each in self._files.items() if not each.ended}
            for each in self._files.values():
                each.is_changed = False
                each.pace.look(seconds)
            return Look(self._total, changed, {key: each.pace.speed for key, each in self._files.items()})
