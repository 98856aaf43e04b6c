"""
Packed files read at any place: from pages in memory, and, where those are too many, from entrances.
"""

import bz2
import gzip
import lzma
import random
import subprocess

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.anatomy.image import Compression
from tundish.anatomy.packed.pages import PAGE
from tundish.anatomy.packed.seekable import seekable
from tundish.anatomy.packed.xz_blocks import xz_blocks
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

CHANCE = random.Random(11)  # no secret
DATA = b"".join(
    CHANCE.choice([bytes(700_000), CHANCE.randbytes(300_001), b"disk %d" % number * 40_000])
    for number in range(24)
)
HALF = len(DATA) // 2
XZ = ("xz", "-c", "-0", "-T2", "--block-size=1000000")
PACKED = {
    Compression.GZIP: gzip.compress(DATA[:HALF], 1) + gzip.compress(DATA[HALF:], 1),
    Compression.XZ: subprocess.run(XZ, input=DATA, capture_output=True, check=True).stdout,
    Compression.BZIP2: bz2.compress(DATA, 1),
    Compression.ZSTD: zstandard.ZstdCompressor(level=1).compress(DATA),
}
SMALL = 300_000  # so little may be held that nearly all is entered for


def places() -> list[tuple[int, int]]:
    chance = random.Random(5)  # no secret
    ends = [(len(DATA) - 5, 100), (len(DATA), 1), (0, len(DATA)), (PAGE - 1, 2)]
    return ends + [(chance.randrange(len(DATA)), chance.choice([1, 512, 70_000])) for _ in range(60)]


@pytest.mark.parametrize("compression", PACKED)
def test_every_place_reads_as_what_was_packed(compression: Compression) -> None:
    """
    Short and long reads at any place are those of the stream.
    """
    readable, wrapping = seekable(Bytes(PACKED[compression]), compression)

    expected = ("", [DATA[at : at + length] for at, length in places()])
    assert expected == (wrapping.fault, [readable.read_at(at, length) for at, length in places()])


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.XZ])
def test_what_is_not_held_is_unpacked_again(compression: Compression) -> None:
    """
    With hardly any memory, gzip and xz in blocks still read the same at any place.
    """
    readable, _ = seekable(Bytes(PACKED[compression]), compression, limit=SMALL)

    assert [DATA[at : at + length] for at, length in places()] == [
        readable.read_at(at, length) for at, length in places()
    ]


class Aside:
    """
    In memory, where a test can see how much it took.
    """

    def __init__(self) -> None:
        self.taken = b""

    def put(self, data: bytes) -> int:
        self.taken += data
        return len(self.taken) - len(data)

    def get(self, at: int, length: int) -> bytes:
        return self.taken[at : at + length]


@pytest.mark.parametrize("compression", PACKED)
def test_what_is_not_held_is_put_aside(compression: Compression) -> None:
    """
    However it is packed, what was put aside reads the same at any place.
    """
    aside = Aside()
    readable, _ = seekable(Bytes(PACKED[compression]), compression, limit=SMALL, aside=aside)

    expected = (True, [DATA[at : at + length] for at, length in places()])
    assert expected == (bool(aside.taken), [readable.read_at(at, length) for at, length in places()])


@pytest.mark.parametrize("compression", [Compression.BZIP2, Compression.ZSTD])
def test_what_cannot_be_entered_says_what_to_do(compression: Compression) -> None:
    """
    Beyond the limit a packing without entrances is refused with what to do about it.
    """
    with pytest.raises(BadImage, match=r"pack it with gzip or with xz in blocks \(xz -T2\)"):
        seekable(Bytes(PACKED[compression]), compression, limit=SMALL)


def test_zeros_take_no_memory() -> None:
    """
    A disk of nothing but zeros is read with no memory for its pages.
    """
    packed = bz2.compress(bytes(30_000_000))
    readable, _ = seekable(Bytes(packed), Compression.BZIP2, limit=1)

    assert (30_000_000, bytes(100)) == (readable.size, readable.read_at(29_000_000, 100))


def test_of_a_damaged_file_what_came_is_readable() -> None:
    """
    A gzip that is cut short is readable up to there, and its fault is told.
    """
    packed = PACKED[Compression.GZIP][:1_000_000]
    readable, wrapping = seekable(Bytes(packed), Compression.GZIP)

    assert (DATA[: readable.size], True) == (
        readable.read_at(0, len(DATA)),
        wrapping.fault.startswith("the gzip ends too early"),
    )


def test_streams_of_xz_one_after_the_other_have_their_blocks() -> None:
    """
    The blocks of all streams are found, zeros between them passed.
    """
    packed = PACKED[Compression.XZ] + bytes(8) + lzma.compress(b"one more") + bytes(4)
    found = xz_blocks(Bytes(packed))

    assert len(DATA) + len(b"one more") == sum(block.size for block in (found.blocks if found else ()))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_index_of_xz_is_no_trouble(data: st.DataObject) -> None:
    """
    Whatever stands at the end of an xz, its blocks are those of the file, or none are found.
    """
    packed = bytearray(PACKED[Compression.XZ][-400:])
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(1, len(packed))) - 1] = data.draw(st.integers(0, 255))
    found = xz_blocks(Bytes(bytes(packed)))

    assert all(block.end <= len(packed) for block in (found.blocks if found else ()))
