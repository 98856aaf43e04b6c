"""
The blocks of a new folder: its names one after the other, and a sum at the end of each block.
"""

import struct
from collections.abc import Iterable

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.index import Kind
from tundish.anatomy.pack.ext4.shape import BLOCK

_TAIL = 12
_ROOM = BLOCK - _TAIL
_TYPES = {
    Kind.FILE: 1,
    Kind.FOLDER: 2,
    Kind.CHAR: 3,
    Kind.BLOCK: 4,
    Kind.FIFO: 5,
    Kind.SOCKET: 6,
    Kind.LINK: 7,
}

Row = tuple[bytes, int, Kind]  # a name, the inode, and what it is


def count(names: Iterable[bytes]) -> int:
    """
    How many blocks a folder of these names takes.
    """
    blocks, used = 1, 24
    for name in names:
        if used + _length(name) > _ROOM:
            blocks, used = blocks + 1, 0
        used += _length(name)
    return blocks


def blocks_of(own: int, parent: int, rows: Iterable[Row], seed: int) -> list[bytes]:
    """
    The blocks of the folder with the inode `own`; `seed` begins its sums.
    """
    made: list[bytes] = []
    part: list[Row] = []
    used = 0
    for row in ((b".", own, Kind.FOLDER), (b"..", parent, Kind.FOLDER), *rows):
        if used + _length(row[0]) > _ROOM:
            made.append(_block(part, used, seed))
            part, used = [], 0
        part.append(row)
        used += _length(row[0])
    made.append(_block(part, used, seed))
    return made


def _length(name: bytes) -> int:
    return 8 + (len(name) + 3 & ~3)


def _block(rows: list[Row], used: int, seed: int) -> bytes:
    made = b""
    for number, (name, inode, kind) in enumerate(rows, 1):
        length = _length(name) + (_ROOM - used if number == len(rows) else 0)
        made += struct.pack("<IHBB", inode, length, len(name), _TYPES[kind]) + name
        made += bytes(-len(name) % 4)
    made = made.ljust(_ROOM, b"\0")
    return made + struct.pack("<IHBBI", 0, _TAIL, 0, 0xDE, crc32c(made, seed))
