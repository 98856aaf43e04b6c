"""
NTFS as ntfs-3g writes it: packed files, files in many pieces, files with holes, and reparse points.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory

import pytest

from tests.support.real_disks import KIB, MIB, run
from tundish.anatomy.filesystem.ntfs import read
from tundish.anatomy.index import Index, Kind
from tundish.anatomy.readable import Bytes

CHANCE = Random(1)
REGULAR = b"".join(b"line %d of a text that packs well\n" % number for number in range(9000))
MIXED = CHANCE.randbytes(70 * KIB) + bytes(200 * KIB) + REGULAR[:100_001] + CHANCE.randbytes(5000)
PIECES = CHANCE.randbytes(2 * MIB + 77)
NAMES = [f"{number:02}-{'long' * 40}" for number in range(30)]
_PACKED = (0x800).to_bytes(4, "big")
_JUNCTION, _SYMLINK = 0xA000_0003, 0xA000_000C


def _reparse(tag: int, target: str) -> bytes:
    """
    A junction or symbolic link of Windows, with the name to follow and the one to show.
    """
    follow, show = f"\\??\\C:{target}".encode("utf-16-le"), f"C:{target}".encode("utf-16-le")
    names = struct.pack("<HHHH", 0, len(follow), len(follow) + 2, len(show))
    names += bytes(4 if tag == _SYMLINK else 0) + follow + b"\0\0" + show + b"\0\0"
    return struct.pack("<IHH", tag, len(names), 0) + names


def _write(root: Path) -> None:
    (root / "packed").mkdir()
    os.setxattr(root / "packed", "system.ntfs_attrib_be", _PACKED)
    (root / "packed/regular").write_bytes(REGULAR)
    (root / "packed/mixed").write_bytes(MIXED)
    (root / "packed/small").write_bytes(b"small")
    with (root / "holes").open("wb") as file:
        for number in range(5):
            file.seek(number * 100_000)
            file.write(b"%d" % number)
    (root / "names").write_bytes(b"of many names")
    for name in NAMES:
        os.link(root / "names", root / name)
    for name, tag in (("junction", _JUNCTION), ("symlink", _SYMLINK)):
        (root / name).mkdir()
        os.setxattr(root / name, "system.ntfs_reparse_data", _reparse(tag, "\\packed"))
    _in_pieces(root)


def _in_pieces(root: Path) -> None:
    """
    A file in clusters that are free here and there, as on a disk that was nearly full.
    """
    free = os.statvfs(root)
    count = free.f_bavail * free.f_bsize // 4096 // 2 - 200
    for number in range(count):
        (root / f"filler{number}").write_bytes(b"f" * 4096)
    free = os.statvfs(root)
    (root / "rest").write_bytes(bytes(1) * max(0, (free.f_bavail - 60) * free.f_bsize))
    for number in range(0, count, 2):
        (root / f"filler{number}").unlink()
    (root / "pieces").write_bytes(PIECES)
    for one in (*root.glob("filler*"), root / "rest"):
        one.unlink()


@contextmanager
def _mounted(disk: Path, root: Path) -> Iterator[None]:
    try:
        run("ntfs-3g", "-o", "compression", disk, root)
    except CalledProcessError:
        pytest.skip("ntfs-3g cannot mount here")
    try:
        yield
    finally:
        run("umount", root)


@cache
def made() -> bytes:
    with TemporaryDirectory() as name:
        disk, root = Path(name) / "disk", Path(name) / "root"
        root.mkdir()
        disk.write_bytes(bytes(16 * MIB))
        run("mkntfs", "-q", "-F", "-c", "4096", disk)
        with _mounted(disk, root):
            _write(root)
        return disk.read_bytes()


def listed() -> Index:
    found = read(Bytes(made()), "disk").index
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("packed/regular", REGULAR),
        ("packed/mixed", MIXED),
        ("packed/small", b"small"),
        ("pieces", PIECES),
        ("holes", b"".join((b"%d" % number).ljust(100_000, b"\0") for number in range(5))[:400_001]),
        (NAMES[7], b"of many names"),
    ],
)
def test_a_file_comes_out_as_it_was_written(path: str, content: bytes) -> None:
    """
    Packed, in pieces, with holes, or behind a list of attributes: the bytes are those that were written.
    """
    assert content == listed().read(path)


def test_packed_files_are_packed_on_the_disk() -> None:
    """
    The text of a packed file is nowhere on the disk, so that packing was read indeed.
    """
    assert -1 == made().find(REGULAR[50_000:50_200])


def test_lists_of_attributes_are_there() -> None:
    """
    Two files of the disk at least do not fit their record, so that lists were followed indeed.
    """
    data = made()
    table = int.from_bytes(data[48:56], "little") * 4096
    records = (data[at : at + 1024] for at in range(table, table + 4 * MIB, 1024))
    lists = [one for one in records if one[:4] == b"FILE" and one[22] & 1 and _has_list(one)]

    assert 2 <= len(lists)


def _has_list(record: bytes) -> bool:
    at = int.from_bytes(record[20:22], "little")
    types: list[int] = []
    while at + 8 <= len(record) and record[at : at + 4] != b"\xff\xff\xff\xff" and len(types) < 99:
        types.append(record[at])
        at += int.from_bytes(record[at + 4 : at + 8], "little") or 1024
    return 0x20 in types


def test_every_name_of_a_file_is_listed() -> None:
    """
    Names that stand in further records are found, and belong to one file.
    """
    index = listed()
    first = min([*NAMES, "names"])
    same = [one.path for one in index if first in {one.path, one.first}]

    assert sorted([*NAMES, "names"]) == sorted(same)


@pytest.mark.parametrize("path", ["junction", "symlink"])
def test_a_reparse_point_is_a_link(path: str) -> None:
    """
    Junctions and symbolic links of Windows lead to a path of this root.
    """
    found = [(one.kind, one.target) for one in listed() if one.path == path]

    assert [(Kind.LINK, "/packed")] == found
