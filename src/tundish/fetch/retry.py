"""
Trying again: only what may help, after growing pauses, and not for ever.

Time and chance are handed in, so a test never sleeps. What was tried last is what the caller gets to see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tundish.core.errors import BadStatus, TundishError, is_worth_retrying

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
    failures, mark = 0, moved()
    while True:
        try:
            return action()
        except TundishError as error:
            if not is_worth_retrying(error):
                raise
            failures, place = failures + 1, moved()
            if place >= mark + patience.step:
                failures, mark = 1, place
            if failures >= patience.attempts:
                raise
            delay = _pause(error, failures, patience, jitter())
            on_retry(error, delay)
        sleep(delay)


def _pause(error: TundishError, failures: int, patience: Patience, chance: float) -> float:
    full = patience.first * 2.0 ** min(failures - 1, 64)
    wanted = min(full, patience.cap) * (1 + chance) / 2
    if isinstance(error, BadStatus) and error.retry_after is not None:
        wanted = max(wanted, error.retry_after)
    return min(wanted, patience.cap)
