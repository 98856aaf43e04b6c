"""
The superblock of ext2, ext3 and ext4, and where the groups of its blocks and inodes are.

Source of the layout: the kernel's documentation, filesystems/ext4.
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_AT, _LENGTH = 1024, 1024
_MAGIC = 0xEF53
_VALID, _ERRORS = 1, 2
_MAX_GROUPS = 1 << 24

NEEDS_RECOVERY, JOURNAL_DEVICE, META_BG, WIDE = 0x4, 0x8, 0x10, 0x80
_SPARSE, _CHECKSUMS, _SPARSE2, _BIGALLOC = 0x1, 0x400, 0x200, 0x200

_COMPAT = {
    0x1: "dir_prealloc",
    0x2: "imagic_inodes",
    0x4: "has_journal",
    0x8: "ext_attr",
    0x10: "resize_inode",
    0x20: "dir_index",
    0x200: "sparse_super2",
    0x400: "fast_commit",
    0x800: "stable_inodes",
    0x1000: "orphan_file",
}
_INCOMPAT = {
    0x1: "compression",
    0x2: "filetype",
    NEEDS_RECOVERY: "needs_recovery",
    JOURNAL_DEVICE: "journal_dev",
    META_BG: "meta_bg",
    0x40: "extent",
    WIDE: "64bit",
    0x100: "mmp",
    0x200: "flex_bg",
    0x400: "ea_inode",
    0x1000: "dirdata",
    0x2000: "metadata_csum_seed",
    0x4000: "large_dir",
    0x8000: "inline_data",
    0x10000: "encrypt",
    0x20000: "casefold",
}
_READ_ONLY = {
    0x1: "sparse_super",
    0x2: "large_file",
    0x8: "huge_file",
    0x10: "uninit_bg",
    0x20: "dir_nlink",
    0x40: "extra_isize",
    0x100: "quota",
    0x200: "bigalloc",
    0x400: "metadata_csum",
    0x1000: "read-only",
    0x2000: "project",
    0x4000: "shared_blocks",
    0x8000: "verity",
    0x10000: "orphan_present",
}


@dataclass(frozen=True, slots=True)
class Super:
    """
    What the superblock says. Sizes are bytes where nothing else is said.
    """

    block: int
    blocks: int
    free: int  # blocks
    first: int  # the block that group 0 begins with
    group: int  # blocks in a group
    inodes: int
    per_group: int  # inodes
    inode: int  # size of one
    descriptor: int
    first_meta: int
    compat: int
    incompat: int
    read_only: int
    backups: tuple[int, int]  # groups with a superblock, of sparse_super2
    state: int
    label: str
    uuid: str
    cluster: int = 1  # blocks that one bit of a bitmap stands for

    @property
    def groups(self) -> int:
        return -(-(self.blocks - self.first) // self.group)

    @property
    def features(self) -> tuple[str, ...]:
        rows = ((_COMPAT, self.compat), (_INCOMPAT, self.incompat), (_READ_ONLY, self.read_only))
        return tuple(name for names, flags in rows for name in _named(names, flags))

    @property
    def condition(self) -> str:
        """
        "clean", or why an installer might not mount it.
        """
        if self.incompat & NEEDS_RECOVERY:
            return "needs recovery: its journal was not written back"
        if self.state & _ERRORS:
            return "has errors, as its own system noted"
        if not self.state & _VALID and not self.compat & 0x4:
            return "was not unmounted"
        return "clean"

    def descriptor_at(self, group: int) -> int:
        """
        Where the descriptor of a group is.
        """
        per = self.block // self.descriptor
        number, skip = divmod(group, per)
        own = (
            1 if self.block == _AT else 0
        )  # the block of the superblock, where group 0 begins but with clusters
        block = own + 1 + number
        if self.incompat & META_BG and number >= self.first_meta:
            leader = number * per
            start = leader * self.group + (self.first if leader else own)
            block = start + self._has_super(leader)
        return block * self.block + skip * self.descriptor

    def _has_super(self, group: int) -> bool:
        if self.compat & _SPARSE2:
            return group == 0 or group in self.backups
        if not self.read_only & _SPARSE or group <= 1:
            return True
        return any(_is_power(group, base) for base in (3, 5, 7))


def read_super(readable: Readable, name: str) -> Super:
    """
    Read and judge the superblock.

    Raises:
        BadImage: it is none, its sum is wrong, or its numbers make no sense.
    """
    raw = exactly(readable, _AT, _LENGTH, f"{name}: the superblock of ext")
    numbers = struct.unpack_from("<IIIIIIIIIII", raw)
    magic, state = struct.unpack_from("<HH", raw, 0x38)
    if magic != _MAGIC:
        raise BadImage(f"{name}: no superblock of ext at {_AT}")
    revision = _u32(raw, 0x4C)
    compat, incompat, read_only = struct.unpack_from("<III", raw, 0x5C) if revision else (0, 0, 0)
    wide = bool(incompat & WIDE)
    found = Super(
        block=1024 << min(numbers[6], 16),
        blocks=numbers[1] | (_u32(raw, 0x150) << 32 if wide else 0),
        free=numbers[3] | (_u32(raw, 0x158) << 32 if wide else 0),
        first=numbers[5],
        group=numbers[8],
        inodes=numbers[0],
        per_group=numbers[10],
        inode=int.from_bytes(raw[0x58:0x5A], "little") if revision else 128,
        descriptor=int.from_bytes(raw[0xFE:0x100], "little") if wide else 32,
        first_meta=_u32(raw, 0x104),
        compat=compat,
        incompat=incompat,
        read_only=read_only,
        backups=(_u32(raw, 0x24C), _u32(raw, 0x250)),
        state=state,
        label=raw[0x78:0x88].partition(b"\0")[0].decode("utf-8", "replace"),
        uuid=str(UUID(bytes=raw[0x68:0x78])),
        cluster=1 << min(max(numbers[7] - numbers[6], 0), 16) if read_only & _BIGALLOC else 1,
    )
    if read_only & _CHECKSUMS and crc32c(raw[:1020]) != _u32(raw, 1020):
        raise BadImage(f"{name}: the superblock of ext is damaged, its sum is wrong")
    if not incompat & JOURNAL_DEVICE:
        _judge(found, numbers[6], name)
    return found


def _judge(found: Super, shift: int, name: str) -> None:
    sane = (
        shift <= 6
        and found.blocks > found.first <= 1
        and 0 < found.group <= found.block * 8 * 65536
        and 0 < found.per_group <= found.block * 8
        and 128 <= found.inode <= found.block
        and found.inode.bit_count() == 1
        and 32 <= found.descriptor <= 1024
        and found.descriptor.bit_count() == 1
        and found.groups <= _MAX_GROUPS
        and found.inodes <= found.groups * found.per_group
    )
    if not sane:
        raise BadImage(
            f"{name}: the superblock of ext makes no sense: {found.blocks} blocks of {found.block}, "
            f"{found.group} in a group, {found.inodes} inodes of {found.inode}"
        )


def _u32(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")


def _named(names: dict[int, str], flags: int) -> list[str]:
    bits = [1 << bit for bit in range(32) if flags >> bit & 1]
    return [names.get(bit, f"unknown_{bit:x}") for bit in bits]


def _is_power(number: int, base: int) -> bool:
    while number > 1 and number % base == 0:
        number //= base
    return number == 1
