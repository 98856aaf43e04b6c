"""
VHDX, the newer form of Hyper-V: two headers, two tables of regions, and a table of blocks.

A log that was not played back means that the disk was not shut down; what is in the file is then not the
disk, and it is refused.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.disk.blocks import MAX_BLOCK, Blocks, Place, Unpacked
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAGIC = b"vhdxfile"
_KIB, _MIB = 1024, 1024 * 1024
_HEADERS, _HEADER_SIZE = (64 * _KIB, 128 * _KIB), 4 * _KIB
_REGIONS, _REGIONS_SIZE = (192 * _KIB, 256 * _KIB), 64 * _KIB
_HEADER = struct.Struct("<4sIQ16s16s16sHH")
_ENTRY = struct.Struct("<16sQII")  # of the table of regions, from byte 16
_ITEM = struct.Struct("<16sIII4x")  # of the table of metadata, from byte 32
_MOST_REGIONS, _MOST_ITEMS = 2047, 2047
_METADATA_SIZE = 64 * _KIB
_TABLE = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
_SECTOR = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
_HAS_PARENT = 2
_PRESENT, _PARTLY = 6, 7


@dataclass(frozen=True, slots=True)
class _Shape:
    size: int
    block: int
    ratio: int  # after so many blocks the table has an entry that is none
    table_at: int


def read(file: Readable, name: str) -> Readable:
    """
    The disk in a VHDX file.

    Raises:
        BadImage: it is damaged, was not shut down, or is only what differs from another disk.
    """
    subject = f"{name}: VHDX"
    if file.read_at(0, len(MAGIC)) != MAGIC:
        raise BadImage(f"{subject}: no mark of its form at the beginning")
    _judge_header(file, subject)
    return Blocks(file, _Layout(file, _shape(file, subject), subject), subject)


def _judge_header(file: Readable, subject: str) -> None:
    best: tuple[int, bytes] | None = None
    for at in _HEADERS:
        data = file.read_at(at, _HEADER_SIZE)
        if len(data) == _HEADER_SIZE and data.startswith(b"head") and _fits(data):
            _, _, sequence, _, _, log, _, version = _HEADER.unpack(data[: _HEADER.size])
            if version != 1:
                raise BadImage(f"{subject}: version {version} is not known; 1 is")
            best = max(best or (-1, b""), (sequence, log))
    if best is None:
        raise BadImage(f"{subject}: neither of its headers has a checksum that fits")
    if any(best[1]):
        raise BadImage(f"{subject}: not shut down, its log is not empty; qemu-img check -r all plays it back")


def _fits(data: bytes) -> bool:
    stated = int.from_bytes(data[4:8], "little")
    return stated == crc32c(data[:4] + bytes(4) + data[8:]) ^ 0xFFFF_FFFF


def _shape(file: Readable, subject: str) -> _Shape:
    regions = _regions(file, subject)
    for wanted, title in ((_TABLE, "table of blocks"), (_METADATA, "metadata")):
        if wanted not in regions:
            raise BadImage(f"{subject}: it has no {title}")
    items = _items(file, regions[_METADATA][0], subject)
    parameters, size, sector = (items.get(item, b"") for item in (_PARAMETERS, _SIZE, _SECTOR))
    if len(parameters) < 8 or len(size) < 8 or len(sector) < 4:
        raise BadImage(f"{subject}: its metadata has no block size, disk size or sector size")
    block, flags = struct.unpack("<II", parameters[:8])
    if flags & _HAS_PARENT:
        raise BadImage(f"{subject}: only what differs from another disk; merge it into that one")
    unit = int.from_bytes(sector[:4], "little")
    if not _MIB <= block <= MAX_BLOCK or block & (block - 1) or unit not in {512, 4096}:
        raise BadImage(f"{subject}: blocks of {block} bytes with sectors of {unit}")
    shape = _Shape(int.from_bytes(size[:8], "little"), block, (unit << 23) // block, regions[_TABLE][0])
    blocks = -(-shape.size // block)
    needed = 8 * (blocks + (blocks - 1) // shape.ratio) if blocks else 0
    if needed > regions[_TABLE][1] or shape.table_at + needed > file.size:
        raise BadImage(f"{subject}: its table has no room for the {blocks} blocks of this size")
    return shape


def _regions(file: Readable, subject: str) -> Mapping[UUID, tuple[int, int]]:
    """
    Offset and length by kind, of the first table whose checksum fits.
    """
    for at in _REGIONS:
        data = file.read_at(at, _REGIONS_SIZE)
        if len(data) == _REGIONS_SIZE and data.startswith(b"regi") and _fits(data):
            count = min(int.from_bytes(data[8:12], "little"), _MOST_REGIONS)
            rows = [_ENTRY.unpack_from(data, 16 + _ENTRY.size * row) for row in range(count)]
            return {UUID(bytes_le=kind): (start, length) for kind, start, length, _ in rows}
    raise BadImage(f"{subject}: neither of its tables of regions has a checksum that fits")


def _items(file: Readable, at: int, subject: str) -> Mapping[UUID, bytes]:
    """
    The metadata by kind, each at most 64 bytes of it: none that we read is longer.
    """
    data = exactly(file, at, _METADATA_SIZE, f"{subject}: its metadata")
    if not data.startswith(b"metadata"):
        raise BadImage(f"{subject}: no metadata at {at}")
    count = min(int.from_bytes(data[10:12], "little"), _MOST_ITEMS - 1)
    rows = [_ITEM.unpack_from(data, 32 + _ITEM.size * row) for row in range(count)]
    return {UUID(bytes_le=kind): file.read_at(at + start, min(length, 64)) for kind, start, length, _ in rows}


class _Layout(Unpacked):
    def __init__(self, file: Readable, shape: _Shape, subject: str) -> None:
        self._shape, self._subject, self._file = shape, subject, Paged(file)
        self.size, self.block = shape.size, shape.block

    def place(self, number: int) -> Place:
        at = self._shape.table_at + 8 * (number + number // self._shape.ratio)
        entry = self._file.number(at, 8, "little", f"{self._subject}: the table of blocks")
        state = entry & 7
        if state == _PARTLY:
            raise BadImage(f"{self._subject}: block {number} is partly in another disk")
        return (entry >> 20) * _MIB if state == _PRESENT else None
