"""
Work side by side: what is begun, where it is booked, and how it ends.
"""

import threading
from collections.abc import Callable, Iterator

import pytest

from tundish.core.errors import Gone, TundishError
from tundish.fetch.lanes import side_by_side

LATE = 10.0  # s; a lane that waits so long for another one hangs


class Stop:
    def __init__(self) -> None:
        self._event = threading.Event()

    def is_set(self) -> bool:
        return self._event.is_set()

    def pull(self) -> None:
        self._event.set()


class Books:
    """
    What was booked, and on which threads.
    """

    def __init__(self) -> None:
        self.results: dict[int, int | TundishError] = {}
        self.threads: set[int] = set()

    def __call__(self, value: int, result: int | TundishError) -> None:
        self.results[value] = result
        self.threads.add(threading.get_ident())


def run(work: Callable[[int], int], count: int = 20, *, lanes: int = 4, stop: Stop | None = None) -> Books:
    books = Books()
    side_by_side(work, range(count), books, lanes=lanes, stop=stop or Stop())
    return books


def test_every_value_is_worked_on_once() -> None:
    """
    Each value has its own result, however many lanes there are.
    """
    assert {number: number * number for number in range(200)} == run(lambda each: each * each, 200).results


def test_results_are_booked_by_the_caller() -> None:
    """
    Who books needs no lock: it happens on the thread that called.
    """
    assert {threading.get_ident()} == run(lambda each: each).threads


def test_lanes_work_at_the_same_time() -> None:
    """
    As many values are under way as there are lanes.
    """
    together = threading.Barrier(4)

    def work(_: int) -> int:
        return together.wait(LATE)

    assert {0, 1, 2, 3} == set(run(work, 4).results.values())


def test_an_error_of_ours_is_a_result() -> None:
    """
    A value that fails spoils no other one.
    """
    gone = Gone("not there", url="http://host/2")

    def work(each: int) -> int:
        if each == 2:
            raise gone
        return each

    assert {0: 0, 1: 1, 2: gone, 3: 3} == run(work, 4).results


def test_after_a_stop_nothing_is_begun() -> None:
    """
    What is under way is finished and booked; the rest is left alone.
    """
    stop = Stop()

    def work(each: int) -> int:
        if each == 4:
            stop.pull()
        return each

    assert [0, 1, 2, 3, 4] == list(run(work, lanes=1, stop=stop).results)


def test_a_bug_in_a_lane_ends_all_and_is_raised() -> None:
    """
    An error that is not ours pulls the stop and reaches the caller.
    """
    stop = Stop()

    def work(each: int) -> int:
        return 1 // each

    with pytest.raises(ZeroDivisionError):
        run(work, stop=stop)
    assert stop.is_set()


def test_an_error_while_booking_ends_all_and_is_raised() -> None:
    """
    Where nothing can be booked any more, the lanes are told to end.
    """
    stop = Stop()

    def book(_: int, __: int | TundishError) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side_by_side(abs, range(100), book, lanes=2, stop=stop)
    assert stop.is_set()


def test_values_are_taken_as_lanes_come_free() -> None:
    """
    Nothing queues up before the work: a value is taken when a lane is free for it.
    """
    events: list[str] = []

    def values() -> Iterator[int]:
        for number in range(3):
            events.append(f"{number} taken")
            yield number

    def work(each: int) -> int:
        events.append(f"{each} done")
        return each

    side_by_side(work, values(), Books(), lanes=1, stop=Stop())
    assert ["0 taken", "0 done", "1 taken", "1 done", "2 taken", "2 done"] == events
