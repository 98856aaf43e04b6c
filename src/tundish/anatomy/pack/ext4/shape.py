"""
How a new ext4 is divided: groups of 128 MiB, each with its bitmaps and inodes at its own beginning.

Blocks and inodes are given out in rising order, so a bitmap is a row of ones and then of zeros. Room for
descriptors is kept, so that the running system can grow it to 4 TiB.
"""

from dataclasses import dataclass

from tundish.core.errors import InputError

BLOCK = 4096
GROUP = 8 * BLOCK  # blocks in a group
INODE = 256
DESCRIPTOR = 32
RESERVED = 255  # blocks kept for further descriptors
_LEAST = 64  # blocks that a last group must have beside its own tables
_INODES_BLOCK = BLOCK // INODE
_MAX_BLOCKS = 2**32 - 1
_MIB = 1024 * 1024 // BLOCK


@dataclass(frozen=True, slots=True)
class Shape:
    blocks: int
    per_group: int  # inodes

    @property
    def groups(self) -> int:
        return -(-self.blocks // GROUP)

    @property
    def inodes(self) -> int:
        return self.groups * self.per_group

    @property
    def descriptors(self) -> int:
        """
        Blocks of them.
        """
        return -(-self.groups * DESCRIPTOR // BLOCK)

    @property
    def free(self) -> int:
        """
        Blocks that are not taken by the filesystem's own tables.
        """
        return self.blocks - sum(self.own(group) for group in range(self.groups))

    def bitmaps(self, group: int) -> int:
        """
        The block of the first bitmap; the second and the inodes follow.
        """
        return group * GROUP + (1 + self.descriptors + RESERVED if has_super(group) else 0)

    def own(self, group: int) -> int:
        """
        How many blocks at the beginning of a group are its own.
        """
        return self.bitmaps(group) - group * GROUP + 2 + self.per_group // _INODES_BLOCK

    def end(self, group: int) -> int:
        return min(self.blocks, (group + 1) * GROUP)


def has_super(group: int) -> bool:
    """
    Whether a group has a copy of the superblock.
    """
    return group <= 1 or any(_is_power(group, base) for base in (3, 5, 7))


def fitting(blocks: int, inodes: int, size: int | None = None) -> Shape:
    """
    A shape with room for so many blocks and inodes: of `size` bytes, or as small as it may be.

    Raises:
        InputError: `size` is too small, or so much does not fit into any.
    """
    least = _least(blocks, inodes)
    if size is None:
        return least
    shape = _without_rest(_shape(size // BLOCK, inodes), inodes)
    if shape.free < blocks or shape.blocks > _MAX_BLOCKS:
        raise InputError(f"{size} bytes are not enough for the root: it needs {least.blocks * BLOCK}")
    return shape


def _least(blocks: int, inodes: int) -> Shape:
    total = blocks
    while (lack := blocks - (shape := _shape(total, inodes)).free) > 0:
        total += lack
        if total > _MAX_BLOCKS:
            raise InputError(f"{blocks} blocks do not fit into an ext4 of 16 TiB")
    group = shape.groups - 1
    total = max(total, group * GROUP + shape.own(group) + _LEAST)
    return _shape(-(-total // _MIB) * _MIB, inodes)


def _without_rest(shape: Shape, inodes: int) -> Shape:
    group = shape.groups - 1
    if group and shape.end(group) - group * GROUP < shape.own(group) + _LEAST:
        return _shape(group * GROUP, inodes)
    return shape


def _shape(blocks: int, inodes: int) -> Shape:
    groups = max(1, -(-blocks // GROUP))
    wanted = max(-(-inodes // groups), min(blocks, GROUP) // 4)
    return Shape(blocks, min(-(-wanted // _INODES_BLOCK) * _INODES_BLOCK, GROUP))


def _is_power(number: int, base: int) -> bool:
    while number % base == 0:
        number //= base
    return number == 1
