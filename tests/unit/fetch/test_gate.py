"""
How many files are under way at once.
"""

import threading
from collections.abc import Sequence

import pytest

from tundish.core.digest import Digest
from tundish.core.names import ItemPath, SourceName
from tundish.fetch.brake import Brake
from tundish.fetch.gate import SMALL, Gate
from tundish.sync.plan import PlannedFile

LATE = 10.0  # s; a gate that keeps somebody so long never lets him in


def files(sizes: Sequence[int]) -> list[PlannedFile]:
    return [
        PlannedFile(Digest.of(str(number).encode()), size, 0, SourceName("lab"), ItemPath(str(number)))
        for number, size in enumerate(sizes)
    ]


class Visitor:
    """
    Somebody on a thread of his own who takes every file that the gate admits, and never leaves.
    """

    def __init__(self, gate: Gate[PlannedFile], wanted: Sequence[PlannedFile]) -> None:
        self.inside: list[PlannedFile] = []
        self._gate, self._wanted, self._came = gate, wanted, threading.Semaphore(0)
        self.thread = threading.Thread(target=self._visit)
        self.thread.start()

    def _visit(self) -> None:
        for file in self._gate.admitted(self._wanted):
            self.inside.append(file)
            self._came.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._came.acquire(timeout=LATE)


@pytest.mark.parametrize(
    ("sizes", "inside"),
    [
        ([SMALL + 1] * 9, 4),
        ([SMALL] * 9, 8),
        ([SMALL, SMALL + 1, SMALL, SMALL + 1, SMALL + 1, SMALL], 5),
    ],
)
def test_so_many_files_or_twice_as_many_small_ones(sizes: Sequence[int], inside: int) -> None:
    """
    A place is for one file, or for two small ones; nobody overtakes.
    """
    stop = Brake(threading.Event())
    wanted = files(sizes)
    visitor = Visitor(Gate(4, stop), wanted)
    visitor.wait_for(inside)
    came = list(visitor.inside)
    stop.pull()
    visitor_ends(visitor, wanted)

    assert wanted[:inside] == came


def visitor_ends(visitor: Visitor, wanted: Sequence[PlannedFile]) -> None:
    """
    Let him out, also where he waits at the gate while all is to end.
    """
    visitor._gate.leave(wanted[0])
    visitor.thread.join(LATE)


def test_who_leaves_makes_room() -> None:
    """
    The next file is admitted when one has left.
    """
    stop, wanted = Brake(threading.Event()), files([SMALL + 1] * 3)
    gate = Gate[PlannedFile](2, stop)
    visitor = Visitor(gate, wanted)
    visitor.wait_for(2)
    gate.leave(wanted[0])
    visitor.wait_for(1)
    visitor.thread.join(LATE)

    assert wanted == visitor.inside


def test_at_a_stop_nobody_waits() -> None:
    """
    When all is to end, everybody is let through: he finds out himself.
    """
    stop, wanted = Brake(threading.Event()), files([SMALL + 1] * 9)
    stop.pull()
    visitor = Visitor(Gate(2, stop), wanted)
    visitor.thread.join(LATE)

    assert wanted == visitor.inside
