"""
VHD, the older form of Hyper-V and the one of Azure: a plain disk with a footer, or blocks with a table.
"""

import struct
from dataclasses import dataclass

from tundish.anatomy.disk.blocks import MAX_BLOCK, Blocks, Place, Unpacked
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, Slice, exactly
from tundish.core.errors import BadImage

MAGIC = b"conectix"
FOOTER = 512
_FOOTER = struct.Struct(">8sIIQI4sI4sQQIII")
_DYNAMIC = struct.Struct(">8sQQIIII")
_DYNAMIC_SIZE = 1024
_CHECKSUM_AT, _DYNAMIC_CHECKSUM_AT = 64, 36
_FIXED, _GROWING, _DIFFERENCING = 2, 3, 4
_NOWHERE = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class _Shape:
    size: int
    block: int
    entries: int
    table_at: int


def read(file: Readable, name: str) -> Readable:
    """
    The disk in a VHD file.

    Raises:
        BadImage: it is damaged, or only what differs from another disk.
    """
    subject = f"{name}: VHD"
    footer = _footer(file, subject)
    _, _, _, header_at, _, _, _, _, _, size, _, kind, _ = _FOOTER.unpack(footer[: _FOOTER.size])
    if kind == _FIXED:
        if size > file.size - FOOTER or not size:
            raise BadImage(f"{subject}: {size} bytes by its footer, and {file.size - FOOTER} in the file")
        return Slice.of(file, 0, size)
    if kind == _DIFFERENCING:
        raise BadImage(f"{subject}: only what differs from another disk; merge it into that one")
    if kind != _GROWING:
        raise BadImage(f"{subject}: of type {kind}; 2 is fixed, 3 dynamic")
    return Blocks(file, _Layout(file, _shape(file, header_at, size, subject), subject), subject)


def _footer(file: Readable, subject: str) -> bytes:
    """
    The one at the end; the copy at the beginning where that is damaged.
    """
    for at in (file.size - FOOTER, 0):
        footer = file.read_at(at, FOOTER)
        if len(footer) == FOOTER and footer.startswith(MAGIC) and _fits(footer, _CHECKSUM_AT):
            return footer
    raise BadImage(f"{subject}: no footer whose checksum fits; the file was cut short or damaged")


def _fits(data: bytes, at: int) -> bool:
    stated = int.from_bytes(data[at : at + 4], "big")
    return stated == ~(sum(data) - sum(data[at : at + 4])) & 0xFFFF_FFFF


def _shape(file: Readable, at: int, size: int, subject: str) -> _Shape:
    header = exactly(file, at, _DYNAMIC_SIZE, f"{subject}: the header of a dynamic disk")
    magic, _, table_at, _, entries, block, _ = _DYNAMIC.unpack(header[: _DYNAMIC.size])
    if magic != b"cxsparse" or not _fits(header, _DYNAMIC_CHECKSUM_AT):
        raise BadImage(f"{subject}: the header at {at} is damaged")
    if not 512 <= block <= MAX_BLOCK or block & (block - 1):
        raise BadImage(f"{subject}: blocks of {block} bytes")
    needed = -(-size // block)
    if needed > entries or table_at + 4 * needed > file.size:
        raise BadImage(f"{subject}: its table has no room for the {needed} blocks of this size")
    return _Shape(size, block, entries, table_at)


class _Layout(Unpacked):
    def __init__(self, file: Readable, shape: _Shape, subject: str) -> None:
        self._shape, self._subject, self._file = shape, subject, Paged(file)
        self.size, self.block = shape.size, shape.block
        bits = shape.block // 512
        self._before = -(-bits // 8 // 512) * 512  # each block begins with a bit for each of its sectors

    def place(self, number: int) -> Place:
        at = self._shape.table_at + 4 * number
        sector = self._file.number(at, 4, "big", f"{self._subject}: the table of blocks")
        return None if sector == _NOWHERE else sector * 512 + self._before
