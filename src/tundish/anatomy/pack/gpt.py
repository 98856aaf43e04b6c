"""
A new partition table: GPT, its second copy at the end of the disk, and the MBR that protects it.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

SECTOR = 512
ALIGNED = 1024 * 1024  # where partitions begin and end
_ROWS, _ROW = 128, 128
_TABLE = _ROWS * _ROW // SECTOR  # sectors
_MAX_SECTORS = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """
    A partition to be, in bytes.
    """

    name: str
    kind: UUID
    guid: UUID
    start: int
    size: int


def gpt(size: int, guid: UUID, parts: Sequence[Part]) -> tuple[bytes, bytes]:
    """
    What stands at the beginning of a disk of `size` bytes, and what at its end.
    """
    rows = b"".join(map(_row, parts)).ljust(_ROWS * _ROW, b"\0")
    last = size // SECTOR - 1
    first = _header(1, last, guid, rows)
    second = _header(last, 1, guid, rows)
    return _protective(last) + first + rows, rows + second


def _row(part: Part) -> bytes:
    first, end = part.start // SECTOR, (part.start + part.size) // SECTOR - 1
    name = part.name.encode("utf-16-le").ljust(72, b"\0")
    return part.kind.bytes_le + part.guid.bytes_le + struct.pack("<QQQ", first, end, 0) + name


def _header(own: int, other: int, guid: UUID, rows: bytes) -> bytes:
    last, table = max(own, other), 2 if own == 1 else own - _TABLE

    def made(check: int) -> bytes:
        head = struct.pack("<8sIIII", b"EFI PART", 0x1_0000, 92, check, 0)
        places = struct.pack("<QQQQ16s", own, other, 2 + _TABLE, last - _TABLE - 1, guid.bytes_le)
        return head + places + struct.pack("<QIII", table, _ROWS, _ROW, zlib.crc32(rows))

    return made(zlib.crc32(made(0))).ljust(SECTOR, b"\0")


def _protective(last: int) -> bytes:
    row = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, min(last, _MAX_SECTORS))
    return (bytes(446) + row).ljust(510, b"\0") + b"\x55\xaa"
