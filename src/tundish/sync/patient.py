"""
Asking for documents again, in a run that a person may stop at any moment.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from tundish.core.errors import Stopped, TundishError
from tundish.fetch.brake import Stoppable, pauses
from tundish.fetch.fetcher import Answer, Fetched, Fetcher
from tundish.fetch.retry import Patience, persist

T = TypeVar("T")


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
