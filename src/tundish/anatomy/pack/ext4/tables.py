"""
The filesystem's own blocks: superblocks, descriptors, bitmaps, the journal's beginning, room to grow.

Source of the layout: the kernel's documentation, filesystems/ext4 and its journal (jbd2).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.pack.ext4.shape import BLOCK, GROUP, INODE, RESERVED, Shape, has_super

_COMPAT = 0x4 | 0x8 | 0x10 | 0x20  # has_journal, ext_attr, resize_inode, dir_index
_INCOMPAT = 0x2 | 0x40  # filetype, extent
_READ_ONLY = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x400  # up to extra_isize, and metadata_csum
_ZEROED = 4  # a group whose inodes need no zeros
_SIGNED_HASH = 1
_FIRST_INODE = 11
_XATTRS_ACLS = 0x4 | 0x8


@dataclass(frozen=True, slots=True)
class Used:
    """
    What is taken: all blocks below `blocks`, all inodes up to `inodes`; `folders` of them in each group.
    """

    blocks: int
    inodes: int
    folders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    uuid: UUID
    hash_seed: UUID
    label: str
    epoch: int
    journal: bytes  # what stands in the journal's inode: its map, and its size

    @property
    def seed(self) -> int:
        return crc32c(self.uuid.bytes)


def group_tables(shape: Shape, used: Used, identity: Identity) -> Iterator[tuple[int, bytes]]:
    """
    Superblocks, descriptors and bitmaps with their places, in rising order.
    """
    descriptors, maps = bytearray(), []
    free_blocks = free_inodes = 0
    for group in range(shape.groups):
        blocks, free = _block_bitmap(shape, group, used.blocks)
        inodes, unused = _inode_bitmap(shape, group, used.inodes)
        descriptors += _descriptor(
            shape, group, (free, unused, used.folders[group]), (blocks, inodes), identity
        )
        maps.append(blocks + inodes)
        free_blocks, free_inodes = free_blocks + free, free_inodes + unused
    for group in range(shape.groups):
        if has_super(group):
            first = _super(shape, group, (free_blocks, free_inodes), identity)
            yield group * GROUP * BLOCK, (first if group else bytes(1024) + first).ljust(BLOCK, b"\0")
            yield (group * GROUP + 1) * BLOCK, bytes(descriptors).ljust(shape.descriptors * BLOCK, b"\0")
            yield from _room_to_grow(shape, group)
        yield shape.bitmaps(group) * BLOCK, maps[group]


def journal_head(blocks: int) -> bytes:
    """
    The first block of an empty journal.
    """
    head = struct.pack(">IIIIIIIII", 0xC03B_3998, 4, 0, BLOCK, blocks, 1, 1, 0, 0)
    return head.ljust(64, b"\0") + struct.pack(">I", 1) + bytes(BLOCK - 68)


def growth_map(shape: Shape) -> bytes:
    """
    The block that says where room for descriptors is kept.
    """
    first = 1 + shape.descriptors
    made = bytearray(BLOCK)
    for number in range(RESERVED):
        struct.pack_into("<I", made, (shape.descriptors + number) * 4 % BLOCK, first + number)
    return bytes(made)


def copies(shape: Shape) -> list[int]:
    """
    The groups with a copy of the superblock, without the first.
    """
    return [group for group in range(1, shape.groups) if has_super(group)]


def _room_to_grow(shape: Shape, group: int) -> Iterator[tuple[int, bytes]]:
    """
    In the first group each of the blocks that are kept names its copies.
    """
    others = copies(shape)
    if group or not others:
        return
    for number in range(1 + shape.descriptors, 1 + shape.descriptors + RESERVED):
        places = struct.pack(f"<{len(others)}I", *(other * GROUP + number for other in others))
        yield number * BLOCK, places.ljust(BLOCK, b"\0")


def _ones(count: int) -> int:
    return (1 << count) - 1


def _block_bitmap(shape: Shape, group: int, below: int) -> tuple[bytes, int]:
    start, end = group * GROUP, shape.end(group)
    taken = max(shape.own(group), min(below, end) - start)
    beyond = _ones(GROUP) ^ _ones(end - start)
    return (_ones(taken) | beyond).to_bytes(BLOCK, "little"), end - start - taken


def _inode_bitmap(shape: Shape, group: int, last: int) -> tuple[bytes, int]:
    taken = max(0, min(shape.per_group, last - group * shape.per_group))
    beyond = _ones(GROUP) ^ _ones(shape.per_group)
    return (_ones(taken) | beyond).to_bytes(BLOCK, "little"), shape.per_group - taken


def _descriptor(
    shape: Shape, group: int, counts: tuple[int, int, int], maps: tuple[bytes, bytes], identity: Identity
) -> bytes:
    seed, at = identity.seed, shape.bitmaps(group)
    sums = crc32c(maps[0], seed) & 0xFFFF, crc32c(maps[1][: shape.per_group // 8], seed) & 0xFFFF
    raw = struct.pack("<IIIHHHHIHHHH", at, at + 1, at + 2, *counts, _ZEROED, 0, *sums, counts[1], 0)
    check = crc32c(struct.pack("<I", group) + raw, seed) & 0xFFFF
    return raw[:-2] + struct.pack("<H", check)


def _super(shape: Shape, group: int, free: tuple[int, int], identity: Identity) -> bytes:
    raw = bytearray(1024)
    struct.pack_into(
        "<IIIIIIIIIII",
        raw,
        0,
        shape.inodes,
        shape.blocks,
        shape.blocks // 20,
        *free,
        0,
        2,
        2,
        GROUP,
        GROUP,
        shape.per_group,
    )
    epoch = identity.epoch & 0xFFFF_FFFF
    struct.pack_into("<IIHHHHHHIIIIHH", raw, 0x2C, 0, epoch, 0, 0xFFFF, 0xEF53, 1, 1, 0, epoch, 0, 0, 1, 0, 0)
    struct.pack_into("<IHHIII", raw, 0x54, _FIRST_INODE, INODE, group, _COMPAT, _INCOMPAT, _READ_ONLY)
    raw[0x68:0x78] = identity.uuid.bytes
    raw[0x78:0x88] = identity.label.encode()[:16].ljust(16, b"\0")
    struct.pack_into("<H", raw, 0xCE, RESERVED)
    struct.pack_into("<I", raw, 0xE0, 8)  # the inode of the journal
    raw[0xEC:0xFC] = identity.hash_seed.bytes
    struct.pack_into("<BB", raw, 0xFC, 1, 1)  # half an MD4; the journal's map is kept below
    struct.pack_into("<II", raw, 0x100, _XATTRS_ACLS, 0)
    struct.pack_into("<I", raw, 0x108, epoch)
    raw[0x10C : 0x10C + 68] = identity.journal
    struct.pack_into("<HHI", raw, 0x15C, 32, 32, _SIGNED_HASH)
    raw[0x175] = 1  # the sums are CRC-32C
    struct.pack_into("<I", raw, 1020, crc32c(bytes(raw[:1020])))
    return bytes(raw)
