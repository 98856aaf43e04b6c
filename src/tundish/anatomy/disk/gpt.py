"""
GPT: a header and its entries, each with a checksum, and a second copy of both at the end of the disk.

What is wrong is told in sentences and the partitions are listed all the same, as long as one of the two
copies can be read.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.image import Partition, Scheme, Table
from tundish.anatomy.readable import Readable

SECTORS = (512, 4096)
_MAGIC = b"EFI PART"
_HEADER = struct.Struct("<8sIII4xQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_CHECKSUM_AT = 16
_MAX_ENTRIES_SIZE = 1024 * 1024
_MAX_PARTITIONS = 1024
_LEGACY_BOOT = 1 << 2
_NONE = bytes(16)


@dataclass(frozen=True, slots=True)
class _Header:
    at: int  # sector
    other: int  # sector of the second copy
    first: int
    last: int
    guid: str
    entries_at: int
    count: int
    width: int
    entries_sum: int
    header_fits: bool


@dataclass(frozen=True, slots=True)
class _Copy:
    header: _Header
    rows: bytes
    rows_fit: bool

    @property
    def is_whole(self) -> bool:
        return self.header.header_fits and self.rows_fit


def read(disk: Readable, boot_code: bool, protected: bool) -> Table | None:
    """
    The table, from its second copy where the first is damaged; None if there is neither.
    """
    for sector in SECTORS:
        last = disk.size // sector - 1
        first = _copy(disk, sector, 1)
        second = _copy(disk, sector, first.header.other if first else last)
        if second is None and first is not None and first.header.other != last:
            second = _copy(disk, sector, last)
        used = first if first and (first.is_whole or not second) else second
        if used is not None:
            faults = (*_faults(first, second, used, last, protected), *_misplaced(used, last, sector))
            backup = second is not None and second.is_whole and second.header.at == last
            partitions = tuple(_partitions(used, sector))
            return Table(Scheme.GPT, sector, used.header.guid, partitions, boot_code, backup, faults)
    return None


def _copy(disk: Readable, sector: int, at: int) -> _Copy | None:
    data = disk.read_at(at * sector, sector) if at > 0 else b""
    if len(data) < sector or not data.startswith(_MAGIC):
        return None
    _, _, size, stated, mine, other, first, last, guid, rows_at, count, width, rows_sum = _HEADER.unpack(
        data[: _HEADER.size]
    )
    blanked = data[:_CHECKSUM_AT] + bytes(4) + data[_CHECKSUM_AT + 4 : max(size, 0)]
    fits = _HEADER.size <= size <= sector and zlib.crc32(blanked) == stated and mine == at
    width = width if width >= _ENTRY.size and width % 8 == 0 else 0
    length = min(count * width, _MAX_ENTRIES_SIZE)
    rows = disk.read_at(rows_at * sector, length)
    header = _Header(at, other, first, last, _guid(guid), rows_at, count, width, rows_sum, fits)
    return _Copy(header, rows, len(rows) == count * width > 0 and zlib.crc32(rows) == rows_sum)


def _partitions(copy: _Copy, sector: int) -> Iterator[Partition]:
    width = copy.header.width
    for row in range(min(len(copy.rows) // width, _MAX_PARTITIONS) if width else 0):
        kind, guid, first, last, flags, name = _ENTRY.unpack_from(copy.rows, row * width)
        if kind != _NONE:
            size = max(0, last - first + 1) * sector
            title = name.decode("utf-16-le", "replace").partition("\0")[0]
            bootable = bool(flags & _LEGACY_BOOT)
            yield Partition(row + 1, first * sector, size, _guid(kind), title, _guid(guid), bootable)


def _faults(
    first: _Copy | None, second: _Copy | None, used: _Copy, last: int, protected: bool
) -> Iterator[str]:
    if not protected:
        yield "no protective MBR: its first partition is not of type EE, and some firmware ignores the GPT"
    for copy, title in ((first, "first"), (second, "second")):
        if copy is None:
            yield f"the {title} GPT header is missing"
        elif not copy.header.header_fits:
            yield f"the checksum or place of the {title} GPT header does not fit"
        elif not copy.rows_fit:
            yield f"the checksum of the entries of the {title} GPT header does not fit"
    if first and second and first.is_whole and second.is_whole and first.rows != second.rows:
        yield "the two copies of the GPT list different partitions"
    if second is not None and second.header.at != last:
        yield f"the second GPT header is in sector {second.header.at}, not in the last, {last}"
    if used.header.last > last:
        yield f"the GPT is of a larger disk: it goes to sector {used.header.last}, the disk to {last}"


def _misplaced(copy: _Copy, last: int, sector: int) -> Iterator[str]:
    header = copy.header
    for one in _partitions(copy, sector):
        start, end = one.start // sector, (one.start + one.size) // sector - 1
        if end < start:
            yield f"partition {one.number} ends before it begins"
        elif end <= last and not header.first <= start <= end <= header.last:
            yield f"partition {one.number} lies outside the sectors {header.first} to {header.last} for use"


def _guid(data: bytes) -> str:
    return str(UUID(bytes_le=data)).upper()
