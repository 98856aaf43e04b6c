"""
A new inode as bytes, with its sum; and the tree of extents that says where its content is.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.pack.ext4.shape import BLOCK, INODE
from tundish.core.errors import BadImage

EXTENTS = 0x8_0000
_EXTRA = 32
_MAX_EXTENT = 32768
_IN_INODE, _IN_BLOCK = 4, (BLOCK - 16) // 12
_MAX_ID = 2**32 - 1
_MAX_LINKS = 65000

Extent = tuple[int, int, int]  # the first block of the file, how many, and where


@dataclass(frozen=True, slots=True)
class Inode:
    """
    `map` is what stands in the 60 bytes for the content's place; `blocks` counts all that belong to it.
    """

    number: int
    mode: int  # with its kind
    uid: int
    gid: int
    size: int
    mtime: int
    links: int
    blocks: int
    map: bytes
    flags: int = 0
    inside: bytes = b""  # attributes
    outside: int = 0  # the block of attributes

    def packed(self, seed: int) -> bytes:
        """
        The 256 bytes of it.

        Raises:
            BadImage: its owner is a number that Linux does not have.
        """
        if not (0 <= self.uid <= _MAX_ID and 0 <= self.gid <= _MAX_ID):
            raise BadImage(f"no file may belong to {self.uid}:{self.gid}")
        low = self.mtime & 0xFFFF_FFFF
        extra = (self.mtime + 0x8000_0000 >> 32) & 3
        links = self.links if self.links <= _MAX_LINKS else 1
        raw = bytearray(INODE)
        struct.pack_into(
            "<HHIIIIIHHIII",
            raw,
            0,
            self.mode,
            self.uid & 0xFFFF,
            self.size & 0xFFFF_FFFF,
            low,
            low,
            low,
            0,
            self.gid & 0xFFFF,
            links,
            self.blocks * (BLOCK // 512),
            self.flags,
            0,
        )
        raw[0x28 : 0x28 + len(self.map)] = self.map
        struct.pack_into("<III", raw, 0x64, 0, self.outside, self.size >> 32)
        struct.pack_into("<HHHH", raw, 0x76, 0, self.uid >> 16, self.gid >> 16, 0)
        struct.pack_into("<HHIIIIII", raw, 0x80, _EXTRA, 0, extra, extra, extra, low, extra, 0)
        raw[0x80 + _EXTRA : 0x80 + _EXTRA + len(self.inside)] = self.inside
        check = crc32c(bytes(raw), own_seed(seed, self.number))
        struct.pack_into("<H", raw, 0x7C, check & 0xFFFF)
        struct.pack_into("<H", raw, 0x82, check >> 16)
        return bytes(raw)


def own_seed(seed: int, number: int) -> int:
    """
    What the sums of an inode and of its blocks begin with.
    """
    return crc32c(struct.pack("<II", number, 0), seed)


def most_nodes(extents: int) -> int:
    """
    How many blocks a tree of so many extents takes.
    """
    total = 0
    while extents > _IN_INODE:
        extents = -(-extents // _IN_BLOCK)
        total += extents
    return total


def tree(
    extents: Sequence[Extent], seed: int, take: Callable[[], int], put: Callable[[int, bytes], None]
) -> tuple[bytes, int]:
    """
    The 60 bytes of an inode's map, and how many further blocks, taken and put, it needs.
    """
    rows = [
        (first + skip, struct.pack("<IHHI", first + skip, min(count - skip, _MAX_EXTENT), 0, at + skip))
        for first, count, at in extents
        for skip in range(0, count, _MAX_EXTENT)
    ]
    depth = taken = 0
    while len(rows) > _IN_INODE:
        above = []
        for start in range(0, len(rows), _IN_BLOCK):
            part = rows[start : start + _IN_BLOCK]
            node = _node([row for _, row in part], depth, _IN_BLOCK)
            block = take()
            put(block, node + struct.pack("<I", crc32c(node, seed)))
            above.append((part[0][0], struct.pack("<IIHH", part[0][0], block, 0, 0)))
            taken += 1
        rows, depth = above, depth + 1
    return _node([row for _, row in rows], depth, _IN_INODE), taken


def _node(rows: Sequence[bytes], depth: int, most: int) -> bytes:
    head = struct.pack("<HHHHI", 0xF30A, len(rows), most, depth, 0)
    return (head + b"".join(rows)).ljust(12 + 12 * most, b"\0")
