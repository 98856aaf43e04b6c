"""
Waiting and trying again, in a run that a person may stop at any moment.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tundish.core.errors import Stopped, TundishError
from tundish.fetch.fetcher import Answer, Fetched, Fetcher
from tundish.fetch.retry import Patience, persist

T = TypeVar("T")
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


@dataclass(frozen=True, slots=True)
class PatientFetcher:
    """
    A `Fetcher` that asks for a document again where that may help.

    Raises:
        Stopped: `stop` was set.
    """

    fetcher: Fetcher
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    stop: Stoppable
    patience: Patience = field(default_factory=lambda: Patience(attempts=3))

    def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Answer]:
        return self.fetcher.open(url, offset=offset, validator=validator)

    def document(self, url: str, *, limit: int) -> bytes:
        return self._persistently(lambda: self.fetcher.document(url, limit=limit))

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        return self._persistently(lambda: self.fetcher.fresh(url, limit=limit, validator=validator))

    def _persistently(self, ask: Callable[[], T]) -> T:
        def attempt() -> T:
            if self.stop.is_set():
                raise Stopped
            return ask()

        return persist(
            attempt,
            self.patience,
            sleep=pauses(self.sleep, self.stop),
            jitter=self.jitter,
            on_retry=_in_silence,
        )


def _in_silence(_: TundishError, __: float) -> None:
    pass
