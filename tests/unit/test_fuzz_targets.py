"""
Every target of `fuzz/` in a hurry, without its engine: what it begins with, and a few changes of that.

The same inputs every time. What guided fuzzing finds becomes a test of the parser concerned.
"""

from collections.abc import Iterator
from random import Random

import pytest
from fuzz.finding import known
from fuzz.judge import execute
from fuzz.mutation import of_bytes
from fuzz.target import Target

RUNS = 120  # of each target; all of them take less than five seconds of a processor
TARGETS = list(known().values())


def inputs(target: Target) -> Iterator[bytes]:
    """
    The seeds, then their changes, with and without regard to their form.
    """
    seeds, chance = list(target.seeds()), Random(target.name)
    yield from seeds
    for place in range(RUNS - len(seeds)):
        data = chance.choice(seeds)
        if target.mutation and place % 2:
            yield target.mutation(data, chance)[: target.longest]
        else:
            yield of_bytes(data, chance, target.words)[: target.longest]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_stays_within_its_bounds(target: Target) -> None:
    """
    Whatever it is given, it answers in time, with a value or with an error that it may give.
    """
    slowest = max(execute(target, data) for data in inputs(target))

    assert slowest <= target.seconds


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_begins_with_inputs_that_fit(target: Target) -> None:
    """
    There are seeds, none is longer than the longest input, and the target says what it proves.
    """
    lengths = [len(data) for data in target.seeds()]

    assert (True, True, True) == (
        bool(lengths),
        max(lengths) <= target.longest,
        bool((target.takes.__doc__ or "").strip()),
    )
