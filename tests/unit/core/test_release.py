"""
Releases and the history of channels, as values.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.unit.publish.values import holding, item
from tundish.core.names import ChannelName
from tundish.core.release import Move, Verb, content_of, stack

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
P, M, B = Verb.PUBLISH, Verb.PROMOTE, Verb.ROLLBACK


def moves(*steps: tuple[Verb, int]) -> list[Move]:
    return [
        Move(number, ChannelName("stable"), release, verb, NOON)
        for number, (verb, release) in enumerate(steps, start=1)
    ]


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        ([], ()),
        ([(P, 1)], (1,)),
        ([(P, 1), (M, 2), (P, 3)], (1, 2, 3)),
        ([(P, 1), (P, 2), (B, 1)], (1,)),
        ([(P, 1), (P, 2), (P, 3), (B, 2), (B, 1)], (1,)),
        ([(P, 1), (P, 2), (B, 1), (P, 3)], (1, 3)),
        ([(P, 1), (P, 2), (P, 3), (B, 1), (B, 3)], (1, 3)),
        ([(P, 1), (M, 1)], (1,)),
        ([(P, 1), (P, 2), (M, 1), (B, 2)], (1, 2)),
    ],
)
def test_a_rollback_goes_back_along_the_history(
    steps: list[tuple[Verb, int]], passed: tuple[int, ...]
) -> None:
    """
    What was rolled back is not gone back to; what came after it is.
    """
    assert passed == stack(moves(*steps))


def test_the_content_of_a_release_has_no_order() -> None:
    """
    The same versions in another order are the same content.
    """
    one, other = holding("1"), holding("2")

    assert content_of([one, other]) == content_of([other, one])


def test_other_bytes_are_another_content() -> None:
    """
    A version whose file was replaced makes another content.
    """
    assert content_of([holding("1", item("x", b"one"))]) != content_of([holding("1", item("x", b"two"))])


def test_words_are_no_part_of_the_content() -> None:
    """
    A title that changed leaves the content as it is.
    """
    held = holding("1")

    assert content_of([held]) == content_of([replace(held, product=replace(held.product, title="new"))])
