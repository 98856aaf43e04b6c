"""
Where a piece of an upload belongs that says nothing of its place.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.compat import pieces
from tundish.compat.pieces import Range
from tundish.core.errors import InputError

NOISE = hashlib.shake_128(b"noise").digest(8192)


def test_noise_does_not_repeat_itself() -> None:
    """
    Twice the same noise in a row is one piece that was sent twice.
    """
    assert not pieces.repeats_itself(NOISE)


@pytest.mark.parametrize(
    "piece",
    [
        b"\0" * 8192,
        b"ab" * 4096,
        NOISE[:4096] + NOISE[:4096],
        NOISE[:1500] * 6,
        (b"\0" * 2000 + NOISE[:2000]) * 3,
    ],
)
def test_what_repeats_itself_is_told(piece: bytes) -> None:
    """
    A disk has long runs of zeros, and a packed disk long runs of what zeros become.
    """
    assert pieces.repeats_itself(piece)


def test_short_pieces_are_not_judged() -> None:
    """
    A few bytes may well stand twice in a row.
    """
    assert pieces.repeats_itself(NOISE[:4095])


@given(st.binary(min_size=1, max_size=64), st.integers(0, 64), st.integers(4096, 9000))
def test_every_pattern_is_found(pattern: bytes, shift: int, size: int) -> None:
    """
    Wherever in it the piece begins and ends.
    """
    assert pieces.repeats_itself((pattern * (size // len(pattern) + 70))[shift : shift + size])


def test_a_range_says_where() -> None:
    """
    A client that says it is believed.
    """
    assert Range(5, 9) == pieces.content_range("bytes 5-9/10")


def test_without_a_range_nothing_is_said() -> None:
    """
    As with all clients of MAAS today.
    """
    assert pieces.content_range("") is None


@pytest.mark.parametrize("text", ["5-9/10", "bytes 9-5/10", "bytes */10", "bytes 1-2", "bytes 1-2/x"])
def test_a_malformed_range_is_refused(text: str) -> None:
    """
    Rather than taken for none.
    """
    with pytest.raises(InputError, match="Content-Range"):
        pieces.content_range(text)
