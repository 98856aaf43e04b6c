"""
What Windows leaves on a disk: NTFS as its maker makes it, changed anywhere in its table, and hives.

An input is what the reader looks at: the boot sector, the records of the table, and content.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from tests.support.hives import hive
from tests.support.real_disks import MIB, run
from tests.support.sparse import Sparse

from fuzz.sectors import HEAD, ROW, Sectors, changed, packed
from fuzz.target import KIB, target
from fuzz.targets.filesystems import listed
from tundish.anatomy.filesystem import lznt1, ntfs
from tundish.anatomy.registry import Hive
from tundish.core.errors import BadImage

_KEY = "Microsoft\\Windows\\CurrentVersion"
_FILES = {"small": b"tundish", "large": b"tundish " * 700, "a long name.conf": b"tundish\n" * 200}
_RECORD = b"FILE"


@cache
def _made(*options: str) -> bytes:
    with TemporaryDirectory() as name:
        disk, content = Path(name) / "disk", Path(name) / "content"
        disk.write_bytes(bytes(2 * MIB))
        try:
            run("mkntfs", "-q", "-F", *options, disk)
            for path, data in _FILES.items():
                content.write_bytes(data)
                run("ntfscp", "-f", disk, content, path)
        except pytest.skip.Exception:
            return bytes(HEAD)
        return _read_of(disk.read_bytes())


def _read_of(data: bytes) -> bytes:
    """
    The boot sector, records in use with both of their sectors, and content.
    """
    kept = [(0, data[:512])]
    for at in range(512, len(data) - 512, 512):
        sector = data[at : at + 512]
        record = sector[:4] == _RECORD and sector[22] & 1
        if record or b"tundish" in sector or (kept[-1][0] == at - 512 and kept[-1][1][:4] == _RECORD):
            kept.append((at, sector))
    return packed(Sparse(len(data), tuple(kept)))


def _seeds() -> Iterator[bytes]:
    yield _made("-c", "1024")
    yield _made("-c", "512")
    yield _made("-c", "4096")


def _mutation(data: bytes, chance: Random) -> bytes:
    """
    A number becomes another, but for those that say whether a record was written whole.
    """
    new = bytearray(changed(data, chance))
    for end in range(HEAD + ROW, min(len(data), len(new)) + 1, ROW):
        new[end - 2 : end] = data[end - 2 : end]
    return bytes(new)


@target(
    BadImage, seeds=_seeds, longest=128 * KIB, seconds=3, words=(_RECORD, b"\x80\0\0\0"), mutation=_mutation
)
def filesystems_ntfs(data: bytes) -> None:
    """
    An NTFS is listed and its files are read, or it is refused.
    """
    listed(ntfs.read(Sectors(data), "fuzz"))


def _packs() -> Iterator[bytes]:
    yield bytes([0x0B, 0xB0, 0x08]) + b"abc" + bytes([0x00, 0x20]) + b"defgh" + bytes(2)
    yield bytes([0xFF, 0x3F]) + b"x" * 4096


@target(BadImage, seeds=_packs, longest=8 * KIB)
def files_packed_by_ntfs(data: bytes) -> None:
    """
    A unit of a packed file unpacks to no more than it may, or it is refused.
    """
    assert len(lznt1.unpacked(data, 8 * KIB, "fuzz")) <= 8 * KIB


def _hives() -> Iterator[bytes]:
    for nested in (False, True):
        yield hive(_KEY, "ImageState", "IMAGE_STATE_COMPLETE", nested=nested)
    yield hive(_KEY, "ImageState", 14393)


@target(BadImage, seeds=_hives, words=(b"nk", b"vk", b"lh", b"ri", b"li", b"regf"), longest=64 * KIB)
def hives_of_a_registry(data: bytes) -> None:
    """
    A value of a hive is told, bounded, or it is refused.
    """
    assert len(Hive(data, "fuzz").text(_KEY, "ImageState")) <= 64 * KIB
