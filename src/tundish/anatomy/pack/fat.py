"""
A folder of an Index as a new FAT32, for firmware to read: the same paths give the same bytes.

Every file and folder lies in one piece, in the order of the paths.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.pack.fat_names import Names, named
from tundish.anatomy.pack.laid import Laid, Pieces
from tundish.core.errors import BadImage, InputError

MIB = 1024 * 1024
SMALLEST = 128 * MIB
_SECTOR = 512
_RESERVED, _COPIES = 32, 2
_LARGE = 256 * MIB  # from here on clusters are of 4 KiB
_END = 0x0FFF_FFFF
_MAX_FILE = 2**32 - 1
_FIRST_YEAR = 315_532_800  # 1980, where the format begins
_LAST_YEAR = 4_354_819_198
_FOLDER, _FILE, _LABEL = 0x10, 0x20, 0x08


@dataclass(frozen=True, slots=True)
class _Placed:
    entry: Entry
    cluster: int
    count: int
    parent: int  # the cluster of the folder above, 0 for the root
    names: Names | None = None  # of what a folder holds


@dataclass(frozen=True, slots=True)
class _Shape:
    sectors: int
    per_cluster: int
    table: int  # sectors of one copy

    @property
    def cluster(self) -> int:
        return self.per_cluster * _SECTOR

    @property
    def data(self) -> int:
        return (_RESERVED + _COPIES * self.table) * _SECTOR

    @property
    def clusters(self) -> int:
        return (self.sectors - self.data // _SECTOR) // self.per_cluster


def fat32(index: Index, epoch: int, serial: int, size: int | None = None, label: str = "ESP") -> Laid:
    """
    The filesystem of an Index whose root is what it shall hold.

    Raises:
        BadImage: it holds what FAT cannot: links, devices, long files, names that differ in case only.
        InputError: `size` is too small.
    """
    used = sum(one.size + 4096 for one in index)
    size = max(SMALLEST, -(-used * 5 // 4 // MIB) * MIB) if size is None else size
    shape = _shape(size)
    placed = _placed(index, shape)
    if (needed := max(one.cluster + one.count for one in placed) - 2) > shape.clusters:
        raise InputError(f"an ESP of {size} bytes is too small: it needs {needed * shape.cluster}")

    name = label.encode().ljust(11)

    def pieces() -> Pieces:
        inside = {one.entry.path: one for one in placed}
        yield from _tables(shape, placed, serial, name)
        for one in placed:
            at = shape.data + (one.cluster - 2) * shape.cluster
            if one.names is not None:
                yield at, _folder(one, inside, epoch, name)
                continue
            for piece in _content(index, one.entry):
                yield at, piece
                at += len(piece)

    return Laid(size, pieces)


def _shape(size: int) -> _Shape:
    sectors, per = size // _SECTOR, 1 if size < _LARGE else 8
    table = -(-(sectors // per + 2) * 4 // _SECTOR)
    return _Shape(sectors, per, table)


def _placed(index: Index, shape: _Shape) -> list[_Placed]:
    placed: list[_Placed] = []
    where = {"": 0}
    at = 2
    for entry in (Entry("", Kind.FOLDER), *(one for one in index if one.path)):
        if entry.kind not in {Kind.FILE, Kind.FOLDER} or entry.size > _MAX_FILE:
            raise BadImage(f"boot/efi/{entry.path} cannot be in an ESP: it is a {entry.kind.value}")
        names = None
        length = entry.size
        if entry.kind is Kind.FOLDER:
            names = named(entry.path, [one.name for one in index.children(entry.path)])
            length = 32 * (3 + sum(len(long) + 1 for _, long in names.values()))
        count = -(-length // shape.cluster)
        parent = where[entry.path.rpartition("/")[0]]
        placed.append(_Placed(entry, at if count else 0, count, parent, names))
        where[entry.path] = at if entry.path else 0
        at += count
    return placed


def _content(index: Index, entry: Entry) -> Iterator[bytes]:
    length = 0
    for piece in index.stream(entry.path) if entry.size else ():
        length += len(piece)
        if length > entry.size:
            break
        yield piece
    if length != entry.size:
        raise BadImage(f"boot/efi/{entry.path} has not the {entry.size} bytes that it is said to have")


def _tables(shape: _Shape, placed: list[_Placed], serial: int, label: bytes) -> Pieces:
    boot = _boot(shape, serial, label)
    used = sum(one.count for one in placed)
    about = struct.pack("<I480xIII", 0x4161_5252, 0x6141_7272, shape.clusters - used, used + 2)
    about = about.ljust(510, b"\0") + b"\x55\xaa"
    yield 0, boot + about
    yield 6 * _SECTOR, boot + about
    table = bytearray(struct.pack("<II", 0x0FFF_FFF8, _END))
    for one in placed:
        follow = range(one.cluster + 1, one.cluster + one.count)
        table += struct.pack(f"<{one.count}I", *follow, _END) if one.count else b""
    for copy in range(_COPIES):
        yield (_RESERVED + copy * shape.table) * _SECTOR, bytes(table)


def _boot(shape: _Shape, serial: int, label: bytes) -> bytes:
    raw = bytearray(_SECTOR)
    raw[:11] = b"\xeb\x58\x90tundish "
    per, sectors = shape.per_cluster, shape.sectors
    struct.pack_into(
        "<HBHBHHBHHHII", raw, 11, _SECTOR, per, _RESERVED, _COPIES, 0, 0, 0xF8, 0, 63, 255, 0, sectors
    )
    struct.pack_into("<IHHIHH", raw, 36, shape.table, 0, 0, 2, 1, 6)
    struct.pack_into("<BBBI11s8s", raw, 64, 0x80, 0, 0x29, serial, label, b"FAT32   ")
    raw[510:] = b"\x55\xaa"
    return bytes(raw)


def _folder(one: _Placed, inside: dict[str, _Placed], epoch: int, label: bytes) -> bytes:
    made = b""
    if one.entry.path:
        stamp = _stamp(one.entry.mtime, epoch)
        made = _row(b".          ", _FOLDER, one.cluster, 0, stamp)
        made += _row(b"..         ", _FOLDER, one.parent, 0, stamp)
    else:
        made = _row(label, _LABEL, 0, 0, _stamp(0, 0))
    above = f"{one.entry.path}/" if one.entry.path else ""
    for name, (short, long) in (one.names or {}).items():
        each = inside[above + name]
        is_file = each.entry.kind is Kind.FILE
        made += b"".join(long)
        size, kind = (each.entry.size, _FILE) if is_file else (0, _FOLDER)
        made += _row(short, kind, each.cluster, size, _stamp(each.entry.mtime, epoch))
    return made


def _row(short: bytes, kind: int, cluster: int, size: int, stamp: tuple[int, int]) -> bytes:
    time, day = stamp
    head = struct.pack("<11sBBBHHH", short, kind, 0, 0, time, day, day)
    return head + struct.pack("<HHHHI", cluster >> 16, time, day, cluster & 0xFFFF, size)


def _stamp(mtime: int, epoch: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(min(max(min(mtime, epoch), _FIRST_YEAR), _LAST_YEAR), UTC)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (moment.year - 1980) << 9 | moment.month << 5 | moment.day
