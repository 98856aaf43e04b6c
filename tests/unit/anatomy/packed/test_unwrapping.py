"""
Compressed files as streams: whole, in members, cut short, damaged, with something behind, and far too big.
"""

import bz2
import gzip
import io
import lzma
import random
import struct
import subprocess
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.anatomy.image import Compression, Wrapping
from tundish.anatomy.packed.unwrapping import Unwrapping
from tundish.anatomy.readable import Bytes
from tundish.core.digest import Digest

Pack = Callable[[bytes], bytes]

PACKERS: dict[Compression, Pack] = {
    Compression.GZIP: lambda data: gzip.compress(data, mtime=0),
    Compression.BZIP2: bz2.compress,
    Compression.XZ: lzma.compress,
    Compression.ZSTD: lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    Compression.LZ4: lambda data: bytes(lz4.frame.compress(data, content_checksum=True)),
}
NOISE = random.Random(7).randbytes(300_000)  # no secret
DATA = NOISE + b"the same again" * 20_000
ALL = pytest.mark.parametrize(("compression", "pack"), PACKERS.items(), ids=[str(each) for each in PACKERS])


def unwrapped(packed: bytes, compression: Compression) -> tuple[bytes, Wrapping]:
    unwrapping = Unwrapping(Bytes(packed), compression)
    data = b"".join(unwrapping)
    return data, unwrapping.wrapping()


def with_fault(packed: bytes, compression: Compression) -> tuple[bytes, str]:
    data, wrapping = unwrapped(packed, compression)
    return data, wrapping.fault


@ALL
def test_what_was_packed_comes_out(compression: Compression, pack: Pack) -> None:
    """
    The stream is what was packed, and the digest is that of the file.
    """
    packed = pack(DATA)

    expected = Wrapping(compression, len(packed), len(DATA), Digest.of(packed))
    assert (DATA, expected) == unwrapped(packed, compression)


@ALL
def test_members_follow_each_other(compression: Compression, pack: Pack) -> None:
    """
    Members one after the other are one stream, and zeros behind them are no garbage.
    """
    packed = pack(NOISE) + pack(b"") + pack(b"second") + bytes(1024)

    data, wrapping = unwrapped(packed, compression)

    assert (NOISE + b"second", "", 0) == (data, wrapping.fault, wrapping.trailing)


@ALL
def test_garbage_behind_is_counted(compression: Compression, pack: Pack) -> None:
    """
    Bytes behind the end are counted, and do not spoil what is before them.
    """
    data, wrapping = unwrapped(pack(DATA) + b"garbage", compression)

    assert (DATA, "", 7) == (data, wrapping.fault, wrapping.trailing)


@ALL
def test_of_a_file_cut_short_what_came_is_kept(compression: Compression, pack: Pack) -> None:
    """
    A truncated file gives its beginning, says that it ends too early, and is hashed as a whole.
    """
    packed = pack(DATA)[:-1000]

    data, wrapping = unwrapped(packed, compression)

    assert (True, True, Digest.of(packed)) == (
        DATA.startswith(data),
        "ends too early" in wrapping.fault,
        wrapping.sha256,
    )


@ALL
def test_a_flipped_bit_is_found(compression: Compression, pack: Pack) -> None:
    """
    One changed bit in the middle is a fault.
    """
    packed = bytearray(pack(DATA))
    packed[len(packed) // 2] ^= 4

    assert unwrapped(bytes(packed), compression)[1].fault


@ALL
def test_a_bomb_passes_in_flat_memory(compression: Compression, pack: Pack) -> None:
    """
    Many MiB of zeros come out in pieces of a few MiB.
    """
    packed = pack(bytes(16 * 1024 * 1024)) * 4
    lengths = [len(piece) for piece in Unwrapping(Bytes(packed), compression)]

    assert (64 * 1024 * 1024, True) == (sum(lengths), max(lengths) <= 8 * 1024 * 1024)


@ALL
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_damage_is_told_and_never_raised(
    compression: Compression, pack: Pack, data: st.DataObject
) -> None:
    """
    Cut anywhere and changed anywhere, a packed file gives bytes and a Wrapping.
    """
    packed = bytearray(pack(b"some text " * 300 + NOISE[:300]))
    for _ in range(data.draw(st.integers(0, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    packed = packed[: data.draw(st.integers(0, len(packed)))]

    wrapping = unwrapped(bytes(packed), compression)[1]

    assert len(packed) == wrapping.size


def test_the_size_in_the_end_of_a_gzip_is_held_against_what_came() -> None:
    """
    A wrong length in the trailer of a gzip is a fault.
    """
    packed = bytearray(gzip.compress(DATA))
    packed[-1] ^= 1

    assert "damaged" in unwrapped(bytes(packed), Compression.GZIP)[1].fault


@pytest.mark.parametrize(("name", "mtime", "stamped"), [("", 0, False), ("root.tar", 0, True), ("", 5, True)])
def test_a_name_or_a_time_in_a_gzip_is_noted(name: str, mtime: int, stamped: bool) -> None:
    """
    A gzip with a name or a time in its header differs with every build, and is noted.
    """
    made = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=made, mtime=mtime) as packer:
        packer.write(b"x")

    assert stamped == unwrapped(made.getvalue(), Compression.GZIP)[1].stamped


@pytest.mark.parametrize("flags", range(0, 32, 2))
def test_every_kind_of_gzip_header_is_read_in_any_pieces(flags: int) -> None:
    """
    Extra field, name, comment and checksum of a header may come in pieces of any length.
    """
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(DATA) + packer.flush()
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\3"
    head += struct.pack("<H", 5000) + bytes(5000) if flags & 4 else b""
    head += b"name\0" if flags & 8 else b""
    head += b"c" * 7000 + b"\0" if flags & 16 else b""
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else b""

    packed = head + body + struct.pack("<II", zlib.crc32(DATA), len(DATA))

    assert (DATA, "") == with_fault(packed, Compression.GZIP)


def test_many_tiny_members_take_no_square_of_time() -> None:
    """
    A file of nothing but empty members is read in time that grows with its length only.
    """
    packed = gzip.compress(b"", mtime=0) * 50_000

    assert (b"", "") == with_fault(packed, Compression.GZIP)


def test_compress_is_named_as_what_is_not_read() -> None:
    """
    A file of compress (.Z) has the fault that it is not read, and what to do.
    """
    fault = unwrapped(b"\x1f\x9d\x90abc", Compression.COMPRESS)[1].fault

    assert "compress is not read here; pack it with gzip or xz" == fault


def test_xz_that_wants_too_much_memory_is_refused() -> None:
    """
    A dictionary of 1.5 GiB is not allocated.
    """
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 4096}]
    packed = bytearray(lzma.compress(b"x" * 100, filters=filters))
    header = 12
    packed[header + 4] = 40  # the dictionary's size, as a power of two: 4 GiB
    length = (packed[header] + 1) * 4
    packed[header + length - 4 : header + length] = struct.pack(
        "<I", zlib.crc32(packed[header : header + length - 4])
    )

    assert "Memory" in unwrapped(bytes(packed), Compression.XZ)[1].fault


@pytest.mark.parametrize(
    ("compression", "command"),
    [
        (Compression.GZIP, ("gzip", "-c")),
        (Compression.GZIP, ("pigz", "-c", "-p", "2", "-b", "128")),
        (Compression.BZIP2, ("bzip2", "-c")),
        (Compression.XZ, ("xz", "-c", "-1", "-T2", "--block-size=262144")),
        (Compression.ZSTD, ("zstd", "-c", "-q", "-T2")),
        (Compression.LZ4, ("lz4", "-c", "-q")),
        (Compression.LZ4, ("lz4", "-c", "-q", "-l")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_the_programs_pack_is_read(compression: Compression, command: tuple[str, ...]) -> None:
    """
    Files of the programs that operators use are read whole.
    """
    packed = subprocess.run(command, input=DATA, capture_output=True, check=True).stdout

    assert (DATA, "") == with_fault(packed, compression)


def test_progress_is_told_up_to_the_end() -> None:
    """
    Whoever listens hears at last that all of the file is read.
    """
    packed, heard = gzip.compress(DATA), list[tuple[int, int]]()
    unwrapping = Unwrapping(Bytes(packed), Compression.GZIP, lambda read, total: heard.append((read, total)))
    list(iter(unwrapping))
    unwrapping.wrapping()

    assert (len(packed), len(packed)) == heard[-1]
