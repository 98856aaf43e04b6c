"""
The same work for many values, side by side on a few threads, its results booked on the caller's own.

A lane takes its next value only when it is done with the last, so nothing queues up before the work; and a
result costs one put into a queue, however many lanes there are.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock
from typing import Generic, Protocol, Self, TypeVar

from tundish.core.errors import TundishError

V = TypeVar("V")
R = TypeVar("R")


class Stop(Protocol):
    """
    Whether all lanes are to end, and the way to tell them.
    """

    def is_set(self) -> bool: ...

    def pull(self) -> None: ...


def side_by_side(
    work: Callable[[V], R],
    values: Iterable[V],
    book: Callable[[V, R | TundishError], None],
    *,
    lanes: int,
    stop: Stop,
) -> None:
    """
    Do `work` for the values in order, and `book` what came of each. Once `stop` is set, no more are begun.

    Whatever else is raised, in a lane or by `book`, pulls `stop` and is raised here when all have ended.
    """
    results: SimpleQueue[tuple[V, R | TundishError] | None] = SimpleQueue()
    waiting = _Turns(values)

    def lane() -> None:
        try:
            for value in waiting:
                if stop.is_set():
                    break
                results.put((value, _result(work, value)))
        except BaseException:
            stop.pull()
            raise
        finally:
            results.put(None)

    with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="fetch") as pool:
        running = [pool.submit(lane) for _ in range(lanes)]
        try:
            for _ in running:
                while (done := results.get()) is not None:
                    book(*done)
        except BaseException:
            stop.pull()
            raise
    for each in running:
        each.result()


def _result(work: Callable[[V], R], value: V) -> R | TundishError:
    try:
        return work(value)
    except TundishError as error:
        return error


class _Turns(Generic[V]):
    """
    An iterator that many threads may ask.
    """

    def __init__(self, values: Iterable[V]) -> None:
        self._values, self._lock = iter(values), Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> V:
        with self._lock:
            return next(self._values)
