"""
NTFS as mkntfs and ntfscp make it, and what is damaged of it.
"""

from functools import cache
from pathlib import Path
from random import Random
from subprocess import run
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.ntfs import read
from tundish.anatomy.index import Index, Kind
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

FILES = {
    "large.bin": Random(1).randbytes(300_001),
    "small file with a long name.txt": b"resident\n",
    "Größe ✓.txt": b"x" * 5000,
    "empty": b"",
    **{f"number {number}.conf": b"%d\n" % number for number in range(40)},
}
SIZE = 4 * 1024 * 1024


@cache
def made(hibernated: bytes = b"") -> bytes:
    with TemporaryDirectory() as name:
        folder = Path(name)
        disk, content = folder / "disk", folder / "content"
        disk.write_bytes(bytes(SIZE))
        run(["mkntfs", "-q", "-F", "-c", "1024", "-L", "Windows ü", disk], check=True, capture_output=True)
        files = {"hiberfil.sys": hibernated} if hibernated else FILES
        for path, data in files.items():
            content.write_bytes(data)
            run(["ntfscp", "-f", disk, content, path], check=True, capture_output=True)
        return disk.read_bytes()


def of(data: bytes) -> Filesystem:
    return read(Bytes(data), "disk")


def listed(found: Filesystem) -> Index:
    assert found.index is not None
    return found.index


def record_at(data: bytes, number: int) -> int:
    cluster, table = data[13] * 512, int.from_bytes(data[48:56], "little")
    return table * cluster + number * 1024


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def test_every_file_comes_out_with_its_name_and_bytes() -> None:
    """
    Small files in their record and large ones in clusters are those that ntfscp wrote.
    """
    index = listed(of(made()))

    assert FILES == {one.path: index.read(one.path) for one in index if one.kind is Kind.FILE}


def test_the_own_files_of_the_filesystem_are_not_listed() -> None:
    """
    Nothing but the root and what was written is there, and nothing is remarked.
    """
    index = listed(of(made()))

    assert (len(FILES) + 1, ()) == (len(index), index.remarks)


def test_a_volume_says_what_it_is() -> None:
    """
    Label, version, state and serial number, the latter as other tools print it.
    """
    found = of(made())
    serial = int.from_bytes(made()[72:80], "little")

    assert ("Windows ü", ("ntfs3.1",), "clean", f"{serial:016X}") == (
        found.label,
        found.features,
        found.state,
        found.uuid,
    )


def test_what_is_used_is_counted_in_the_bitmap() -> None:
    """
    The files and the table are in it, and not the whole volume.
    """
    assert 300_001 < of(made()).used < SIZE


def test_a_volume_that_was_not_unmounted_is_dirty() -> None:
    """
    The flag in the record of the volume decides.
    """
    data = made()
    at = record_at(data, 3)
    place = data.index(b"\x70\0\0\0", at + 56)

    assert "dirty" == of(patched(data, place + 24 + 10, b"\x01")).state


@pytest.mark.parametrize(
    ("begin", "state"), [(b"hibr", "hibernated"), (b"HIBR", "hibernated"), (b"wake", "clean")]
)
def test_a_volume_of_a_windows_that_sleeps_is_hibernated(begin: bytes, state: str) -> None:
    """
    The memory that Windows left begins with its mark; what was woken from has another one.
    """
    assert state == of(made(begin.ljust(4096, b"m"))).state


def test_a_torn_record_costs_its_own_file_only() -> None:
    """
    A record whose sectors were not written together is remarked, the others are read.
    """
    data = made()
    found = listed(of(patched(data, record_at(data, 64) + 510, b"\xff\xff")))

    assert (len(FILES), True) == (len(found), "torn" in found.remarks[0].note)


def test_a_file_with_two_contents_is_not_read() -> None:
    """
    One is no longer than the list says, or nothing of it comes.
    """
    data = made()
    name = "number 7.conf"
    number = next(each.place for each in listed(of(data)) if each.path == name)
    at = record_at(data, number)
    found = listed(of(patched(data, data.index(b"\x50\0\0\0", at + 56), b"\x80\0\0\0")))

    with pytest.raises(BadImage, match=r"number 7\.conf has \d\d bytes at its first content, 2 at its last"):
        b"".join(found.stream(name))


@pytest.mark.parametrize("length", [0, 100, 511, 512, 4096, 20_000])
def test_a_volume_that_is_cut_at_its_beginning_is_refused(length: int) -> None:
    """
    Without the boot sector or the table there is nothing to list.
    """
    with pytest.raises(BadImage):
        of(made()[:length])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_damage_ends_in_the_one_error(seed: int) -> None:
    """
    Whatever bytes of the boot sector or the table are others: it is read, or it is BadImage.
    """
    chance, data = Random(seed), bytearray(made())
    begin = record_at(made(), 0)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(90) if chance.random() < 0.1 else begin + chance.randrange(70 * 1024)
        data[at] = chance.randrange(256)
    try:
        index = listed(of(bytes(data)))
    except BadImage:
        return

    assert [] == [one for one in index if one.kind is Kind.FILE and not _is_read(index, one.path)]


def _is_read(index: Index, path: str) -> bool:
    try:
        length = sum(len(piece) for _, piece in zip(range(8), index.stream(path), strict=False))
    except BadImage:
        return True
    return length <= 16 * 1024 * 1024
