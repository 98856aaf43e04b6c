"""
How far a running job is: with each of its files, and with all of them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tundish.core.holding import Job


class Gauge(Protocol):
    """
    Hears how far a verb is, between steps that each leave everything whole; there it may end the verb.
    """

    def more(self, files: int, size: int) -> None:
        """
        So many files, and bytes in them, are still to pass.
        """

    def moved(self, count: int) -> None:
        """
        So many more bytes have passed.

        Raises:
            Stopped: the verb is to end.
        """

    def passed(self, size: int) -> None:
        """
        One more file has passed, and so many bytes that `moved` did not hear of.

        Raises:
            Stopped: the verb is to end.
        """


class Unwatched:
    """
    Nobody looks on, and nobody ends it.
    """

    def more(self, files: int, size: int) -> None: ...

    def moved(self, count: int) -> None: ...

    def passed(self, size: int) -> None: ...


UNWATCHED: Gauge = Unwatched()


@dataclass(frozen=True, slots=True)
class Transfer:
    """
    One file. `came` of its `size` bytes are here; `ended` without an `error` means it is held.
    """

    sha256: str
    source: str
    path: str
    size: int
    came: int
    retries: int
    error: str  # the last one; empty if there was none
    ended: bool
    at: datetime  # when this was so
    speed: int = 0  # bytes per second

    @property
    def seconds_left(self) -> float | None:
        return _seconds_left(self.size - self.came, self.speed)


@dataclass(frozen=True, slots=True)
class Progress:
    """
    All files of a job together; bytes that came in an earlier run count as come.
    """

    files: int = 0
    size: int = 0
    held: int = 0  # files that are here
    failed: int = 0
    came: int = 0
    retries: int = 0
    speed: int = 0  # bytes per second, of late
    error: str = ""  # the last one

    @property
    def seconds_left(self) -> float | None:
        """
        At this speed; None while nothing moves.
        """
        return _seconds_left(self.size - self.came, self.speed)


@dataclass(frozen=True, slots=True)
class Running:
    """
    One sync: its job, and how far it is or came. Files that came at once may be in the totals alone.
    """

    job: Job
    progress: Progress
    transfers: tuple[Transfer, ...]

    @property
    def is_running(self) -> bool:
        return self.job.ended_at is None and self.job.outcome == "running"


def _seconds_left(size: int, speed: int) -> float | None:
    if size <= 0:
        return 0.0
    return size / speed if speed > 0 else None
