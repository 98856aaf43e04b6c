"""
LZO1X: streams written by hand, as the format's description has them; the kernel's own are in test_btrfs.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.anatomy.filesystem.lzo import LzoError, segment, unpack

END = b"\x11\0\0"
STREAMS = {
    "single bytes first": (bytes([17 + 5]) + b"hello" + END, b"hello"),
    "a run of single bytes": (bytes([2]) + b"hello" + END, b"hello"),
    "a long run": (b"\0\0\x01" + b"x" * 274 + END, b"x" * 274),
    "near, short": (bytes([17 + 4]) + b"abcd" + bytes([0x40 | 3 << 2 | 1, 0]) + b"!" + END, b"abcdabc!"),
    "near, longer": (bytes([17 + 4]) + b"abcd" + bytes([0xA0 | 3 << 2, 0]) + END, b"abcdabcdab"),
    "overlapping with itself": (
        bytes([17 + 4]) + b"abcd" + bytes([0x20 | 8, 0, 0]) + END,
        b"abcd" + b"d" * 10,
    ),
    "two bytes after single ones": (
        bytes([17 + 4]) + b"abcd" + bytes([0x40 | 3 << 2 | 1, 0]) + b"!" + bytes([0, 0]) + END,
        b"abcdabc!!!",
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_unpacks_to_what_it_says(name: str) -> None:
    """
    Each instruction does what the description says.
    """
    packed, expected = STREAMS[name]

    assert expected == segment(packed, 4096)


@pytest.mark.parametrize(
    ("packed", "most", "culprit"),
    [
        (b"", 9, "cut short"),
        (bytes([17 + 5]) + b"he", 9, "cut short"),
        (bytes([17 + 5]) + b"hello", 9, "cut short"),
        (bytes([17 + 5]) + b"hello" + END, 4, "more than 4 bytes"),
        (bytes([17 + 4]) + b"abcd\x40\xff", 9, "before its beginning"),
    ],
)
def test_what_is_damaged_is_refused(packed: bytes, most: int, culprit: str) -> None:
    """
    Nothing is made beyond the bound, nothing taken from before the beginning.
    """
    with pytest.raises(LzoError, match=culprit):
        segment(packed, most)


def test_an_extent_is_segments_whose_lengths_stay_within_a_sector() -> None:
    """
    Where fewer than four bytes of a sector are left, the next length stands in the next one.
    """
    first, second = STREAMS["a long run"][0], STREAMS["single bytes first"][0]
    sector = 8 + len(first) + 2
    body = len(first).to_bytes(4, "little") + first + bytes(2) + len(second).to_bytes(4, "little") + second
    packed = (4 + len(body)).to_bytes(4, "little") + body

    assert b"x" * 274 + b"hello" == unpack(packed, 4096, sector)


@given(st.binary(max_size=200))
def test_whatever_comes_is_refused_or_unpacked(packed: bytes) -> None:
    """
    Nothing but LzoError, and never more than the bound.
    """
    try:
        assert len(segment(packed, 4096)) <= 4096
    except LzoError:
        return
