"""
The superblock of XFS, and where its blocks and inodes are.

Source of the layout: XFS Algorithms and Data Structures, published with the kernel's documentation.
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_MAGIC = b"XFSB"
_HEAD = struct.Struct(">4sIQQQ16sQQQQIIIIIHHHH12sBBBBBBBBQQQ")
_LENGTH = 512
_CRC_AT = 224
_MAX_SHIFT = 16  # blocks, and blocks of folders, of 64 KiB

_MORE_BITS, _LAZY, _ATTR2, _PROJECTS, _NAMES_WITH_KIND = 0x8000, 0x2, 0x8, 0x80, 0x200
_READ_ONLY = {0x1: "finobt", 0x2: "rmapbt", 0x4: "reflink", 0x8: "inobtcount"}
_INCOMPAT = {
    0x1: "ftype",
    0x2: "sparse",
    0x4: "meta_uuid",
    0x8: "bigtime",
    0x10: "needsrepair",
    0x20: "nrext64",
    0x40: "exchange",
    0x80: "parent",
    0x100: "metadir",
    0x200: "zoned",
}
_NEEDS_REPAIR = 0x10


@dataclass(frozen=True, slots=True)
class Super:
    """
    What the superblock says. Shifts are powers of two.
    """

    block: int  # bytes
    blocks: int
    free: int  # blocks
    group: int  # blocks in an allocation group
    groups: int
    group_shift: int
    inode: int  # bytes
    inode_shift: int  # inodes in a block
    folder_block: int  # bytes
    root: int
    log: int  # the block it begins with; 0: on another device
    log_blocks: int
    version: int
    features: tuple[str, ...]
    with_kind: bool  # names in folders carry the kind of what they name
    state: str
    label: str
    uuid: str

    @property
    def checked(self) -> bool:
        """
        Whether it is the form whose structures have sums, and longer headers for them.
        """
        return self.version == 5

    def block_at(self, number: int) -> int | None:
        """
        Where a block is, by its number of which the upper bits are the group; None if there is none.
        """
        group, block = number >> self.group_shift, number & (1 << self.group_shift) - 1
        if group >= self.groups or block >= self.group:
            return None
        return (group * self.group + block) * self.block

    def inode_at(self, number: int) -> int | None:
        """
        Where an inode is; None if there can be none of this number.
        """
        at = self.block_at(number >> self.inode_shift)
        return None if at is None else at + (number & (1 << self.inode_shift) - 1) * self.inode


def read_super(readable: Readable, name: str) -> Super:
    """
    Read and judge the superblock.

    Raises:
        BadImage: it is none, its sum is wrong, or its numbers make no sense.
    """
    raw = exactly(readable, 0, _LENGTH, f"{name}: the superblock of XFS")
    head = _HEAD.unpack_from(raw)
    if head[0] != _MAGIC:
        raise BadImage(f"{name}: no superblock of XFS")
    (block, blocks, _, realtime, uuid, log, root) = head[1:8]
    (group, groups, _, log_blocks, flags, sector, inode, per_block, label) = head[11:20]
    block_shift, _, inode_shift, per_shift, group_shift, _, unfinished = head[20:27]
    version, folder_shift, more = flags & 15, raw[192], struct.unpack_from(">7I", raw, 200)
    sane = (
        version in {4, 5}
        and 9 <= block_shift <= _MAX_SHIFT
        and block == 1 << block_shift
        and 8 <= inode_shift <= 11
        and inode == 1 << inode_shift
        and per_shift == block_shift - inode_shift
        and per_block == 1 << per_shift
        and block_shift + folder_shift <= _MAX_SHIFT
        and 0 < group <= 1 << group_shift <= 1 << 31
        and (groups - 1) * group < blocks <= groups * group
        and 512 <= sector <= 32768
        and sector.bit_count() == 1
    )
    if not sane:
        raise BadImage(
            f"{name}: the superblock of XFS makes no sense: version {version}, {blocks} blocks of {block}, "
            f"{groups} groups of {group}, inodes of {inode}"
        )
    if version == 5:
        _checked(readable, sector, name)
    features, with_kind = _features(flags, more, version)
    return Super(
        block,
        blocks,
        head[30],
        group,
        groups,
        group_shift,
        inode,
        per_shift,
        block << folder_shift,
        root,
        log,
        log_blocks,
        version,
        (*features, *(("realtime",) if realtime else ())),
        with_kind,
        _state(unfinished, more[4] if version == 5 else 0),
        label.partition(b"\0")[0].decode("utf-8", "replace"),
        str(UUID(bytes=uuid)),
    )


def _checked(readable: Readable, sector: int, name: str) -> None:
    whole = exactly(readable, 0, sector, f"{name}: the superblock of XFS")
    found = crc32c(whole[:_CRC_AT] + bytes(4) + whole[_CRC_AT + 4 :]) ^ 0xFFFF_FFFF
    if found != int.from_bytes(whole[_CRC_AT : _CRC_AT + 4], "little"):
        raise BadImage(f"{name}: the superblock of XFS is damaged, its sum is wrong")


def _features(flags: int, more: tuple[int, ...], version: int) -> tuple[tuple[str, ...], bool]:
    """
    The features as xfs_info names them, and whether names carry their kind.
    """
    old = more[0] if flags & _MORE_BITS else 0
    read_only, incompat = (more[3], more[4]) if version == 5 else (0, 0)
    with_kind = bool(incompat & 1 or (version == 4 and old & _NAMES_WITH_KIND))
    named: tuple[str, ...] = ("crc",) if version == 5 else ("ftype",) if with_kind else ()
    named += ("ascii-ci",) if flags & 0x4000 else ()
    for bits, names in ((read_only, _READ_ONLY), (incompat, _INCOMPAT)):
        named += tuple(names.get(1 << bit, f"unknown_{1 << bit:x}") for bit in range(32) if bits >> bit & 1)
    for bit, word in ((_ATTR2, "attr2"), (_LAZY, "lazy-count"), (_PROJECTS, "projid32bit")):
        named += (word,) if old & bit or version == 5 else ()
    return named, with_kind


def _state(unfinished: int, incompat: int) -> str:
    if unfinished:
        return "was not made to its end"
    if incompat & _NEEDS_REPAIR:
        return "needs repair, as its own system noted"
    return "clean"
