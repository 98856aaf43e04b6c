"""
Kills and full disks at seeded moments: where they strike, and one line for each kind of work on what came
of them.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

MANY = 200  # of each kind of work, under the marker `kills`
Record: TypeAlias = Callable[[str, object], None]  # pytest's record_property
_NAME = "kill"


@dataclass(frozen=True, slots=True)
class Kill:
    """
    One moment: the `point`-th of `count` calls or bytes, chosen by `seed`.
    """

    work: str
    seed: int
    point: int
    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """
    A test as pytest reports it: its properties, and whether all was as after an undisturbed run.
    """

    properties: Iterable[tuple[str, object]]
    passed: bool


def spread(count: int, seed: int, number: int) -> int:
    """
    One of `number` points in 1 to `count`, evenly spread, each at a random place of its stretch.
    """
    return 1 + int(count * (seed % number + random.Random(seed).random()) / number)


def note(record: Record, work: str, seed: int, point: int, count: int) -> None:
    """
    Say with a test's result which kill it was about.
    """
    record(_NAME, [work, seed, point, count])  # plain, for it goes from process to process


def lines(ended: Iterable[Ended]) -> Iterator[str]:
    """
    What the documents may quote, one line for each kind of work.
    """
    found = [
        (Kill(*value), each.passed)
        for each in ended
        for name, value in each.properties
        if name == _NAME and isinstance(value, list | tuple)
    ]
    for work in sorted({kill.work for kill, _ in found}):
        kills = [kill for kill, _ in found if kill.work == work]
        seeds = sorted(kill.seed for kill in kills)
        good = sum(passed for kill, passed in found if kill.work == work)
        yield (
            f"{work}: {len(kills)} points, seeds {seeds[0]} to {seeds[-1]}; "
            f"{good} ended as an undisturbed run"
        )
