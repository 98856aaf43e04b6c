"""
Trying again: only what may help, after growing pauses, and not for ever.

Time and chance are handed in, so a test never sleeps. What was tried last is what the caller gets to see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tundish.core.errors import BadStatus, TundishError, is_worth_retrying

if TYPE_CHECKING:  # loaded when a first try failed: most never do, and it brings asyncio along
    from tenacity import RetryCallState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How often a thing is tried, and how long the pauses are (seconds).
    """

    attempts: int = 5  # in a row, without progress
    first: float = 0.5  # the first pause; each further one is twice as long
    cap: float = 30.0  # the longest pause, whatever the other side asks for
    step: int = 64 * 1024  # bytes that must have come since to count as progress


def _nothing() -> int:
    return 0


def persist(
    action: Callable[[], T],
    patience: Patience,
    *,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
    on_retry: Callable[[TundishError, float], None],
    moved: Callable[[], int] = _nothing,
) -> T:
    """
    Do `action`, again where that may help; the last error itself is raised.

    `jitter` gives a number from 0 to 1. `moved` says how many bytes are held by now (`ingest.size`): each
    growth by `patience.step` begins the count of attempts anew, so a link that is cut again and again
    still brings a long file to its end, and one that always begins at 0 does not keep us for ever.
    """
    run = _Run(patience, jitter, on_retry, moved)
    try:
        return action()
    except TundishError as error:
        if not is_worth_retrying(error):
            raise
        failed = [error]

    def further() -> T:
        if failed:
            raise failed.pop()  # what the first try ended with
        return action()

    from tenacity import Retrying, retry_if_exception

    return Retrying(
        retry=retry_if_exception(is_worth_retrying),
        after=run.count,
        stop=run.is_over,
        wait=run.pause,
        before_sleep=run.tell,
        sleep=sleep,
        reraise=True,
    )(further)


class _Run:
    """
    What one run of `persist` remembers. Tenacity calls `count` before `is_over`, `pause` and `tell`.
    """

    def __init__(
        self,
        patience: Patience,
        jitter: Callable[[], float],
        on_retry: Callable[[TundishError, float], None],
        moved: Callable[[], int],
    ) -> None:
        self._patience, self._jitter, self._on_retry, self._moved = patience, jitter, on_retry, moved
        self._failures, self._mark = 0, moved()

    def count(self, _state: "RetryCallState") -> None:
        self._failures += 1
        place = self._moved()
        if place >= self._mark + self._patience.step:
            self._failures, self._mark = 1, place

    def is_over(self, _state: "RetryCallState") -> bool:
        return self._failures >= self._patience.attempts

    def pause(self, state: "RetryCallState") -> float:
        full = self._patience.first * 2.0 ** min(self._failures - 1, 64)
        wanted = min(full, self._patience.cap) * (1 + self._jitter()) / 2
        error = _error(state)
        if isinstance(error, BadStatus) and error.retry_after is not None:
            wanted = max(wanted, error.retry_after)
        return min(wanted, self._patience.cap)

    def tell(self, state: "RetryCallState") -> None:
        error = _error(state)
        if isinstance(error, TundishError):
            self._on_retry(error, state.upcoming_sleep)


def _error(state: "RetryCallState") -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
