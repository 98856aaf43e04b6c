"""
Ending early: a run that a person may stop at any moment, or that stops itself.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

_BEAT = 0.25  # seconds between two looks at the brake


class Stoppable(Protocol):
    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Brake:
    """
    Whether a run is to end early: because a person says so (`stop`, which is only read), or by itself.
    """

    stop: Stoppable
    own: threading.Event = field(default_factory=threading.Event)

    def pull(self) -> None:
        self.own.set()

    def is_set(self) -> bool:
        return self.stop.is_set() or self.own.is_set()


def pauses(sleep: Callable[[float], None], stop: Stoppable) -> Callable[[float], None]:
    """
    A `sleep` in short pieces, which ends soon after `stop` is set.
    """

    def pause(seconds: float) -> None:
        while seconds > 0 and not stop.is_set():
            sleep(min(seconds, _BEAT))
            seconds -= _BEAT

    return pause
