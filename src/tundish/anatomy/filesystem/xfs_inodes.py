"""
The inodes of XFS: what each says of its file, and where the file's bytes are.

Extents are held against the size of the filesystem and follow each other. What a listing reads besides
inodes is counted: it cannot be more than the volume holds.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.filesystem.walk import PIECE
from tundish.anatomy.filesystem.xfs_super import Super
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

LOCAL, EXTENTS, BTREE = 1, 2, 3
_MAGIC = 0x494E
_CORE = struct.Struct(">HHBBHIII4xQ8xQ8xQ12xIHBb6xH")
_SHORT, _LONG = 100, 176  # bytes before the content, of versions 1 and 2, and of version 3
_BIG_TIME, _MANY_EXTENTS, _REALTIME = 0x8, 0x10, 0x1
_BIG_TIME_BEGINS = -(1 << 31)  # seconds; counted in nanoseconds from there
_MAX_LEVELS = 9
_MAX_NODES = 200_000  # of one file's tree of extents
_NODE_MAGICS = {4: b"BMAP", 5: b"BMA3"}
_NODE_HEAD = {4: 24, 5: 72}
_MAX_READ = 4 * 1024 * 1024 * 1024  # bytes, in a listing
_SLACK = 16 * 1024 * 1024  # bytes

Run = tuple[int, int, int | None]
"""
First block of the file, how many, and the byte of the volume where they begin; None: zeros.
"""


@dataclass(frozen=True, slots=True)
class Fork:
    """
    Content or attributes: in the inode (`raw`), or by extents that stand there or in a tree.
    """

    form: int
    raw: bytes
    extents: int


@dataclass(frozen=True, slots=True)
class Inode:
    number: int
    mode: int
    links: int
    uid: int
    gid: int
    size: int
    mtime: int
    realtime: bool
    content: Fork
    attributes: Fork | None

    @property
    def kind(self) -> int:
        return self.mode >> 12


class Volume:
    """
    The blocks and inodes of a filesystem.
    """

    def __init__(self, readable: Readable, layout: Super, name: str) -> None:
        self.readable, self.layout, self.name = readable, layout, name
        self._paged = Paged(readable)
        self._left: int | None = min(2 * readable.size, _MAX_READ) + _SLACK

    def inode(self, number: int) -> Inode:
        """
        Raises:
            BadImage: there is none of this number, or it is damaged.
        """
        layout = self.layout
        at = layout.inode_at(number)
        if at is None:
            raise BadImage(f"{self.name}: there can be no inode {number}")
        raw = exactly(self._paged, at, layout.inode, f"{self.name}: inode {number}")
        found = _CORE.unpack_from(raw)
        magic, mode, version, form, old_links, uid, gid, links, many, mtime, size = found[:11]
        extents, few, fork, attributes, flags = found[11:]
        core = _LONG if version == 3 else _SHORT
        own = int.from_bytes(raw[152:160], "big") if version == 3 else number
        edge = core + fork * 8 if fork else layout.inode
        if magic != _MAGIC or version not in {1, 2, 3} or own != number or edge > layout.inode:
            raise BadImage(f"{self.name}: inode {number} is damaged")
        more = int.from_bytes(raw[120:128], "big") if version == 3 else 0
        if more & _MANY_EXTENTS:
            extents, few = many, extents
        return Inode(
            number,
            mode,
            old_links if version == 1 else links,
            uid,
            gid,
            size,
            _seconds(mtime, more),
            bool(flags & _REALTIME),
            Fork(form, raw[core:edge], extents),
            Fork(attributes, raw[edge:], few) if fork and attributes > 0 else None,
        )

    def runs(self, fork: Fork, subject: str) -> Iterator[Run]:
        """
        Where the bytes of a fork are, in order; what is not named between them is a hole.

        Raises:
            BadImage: the extents or their tree are damaged.
        """
        if fork.form == EXTENTS:
            if fork.extents * 16 > len(fork.raw):
                raise BadImage(f"{self.name}: {subject} has more extents than there is room for")
            leaves = iter((fork.raw[: fork.extents * 16],))
        elif fork.form == BTREE:
            leaves = self._leaves(fork.raw, subject)
        else:
            raise BadImage(f"{self.name}: {subject} has content of form {fork.form}, which there is not")
        end = 0
        for leaf in leaves:
            for high, low in struct.iter_unpack(">QQ", leaf):
                first, count = (high >> 9) & (1 << 54) - 1, low & (1 << 21) - 1
                if first < end or not count:
                    raise BadImage(f"{self.name}: the extents of {subject} overlap")
                end = first + count
                unwritten = high >> 63
                yield first, count, None if unwritten else self._place(high, low, count, subject)

    def _place(self, high: int, low: int, count: int, subject: str) -> int:
        at = self.layout.block_at((high & 511) << 43 | low >> 21)
        if at is None or at + count * self.layout.block > self.layout.blocks * self.layout.block:
            raise BadImage(f"{self.name}: an extent of {subject} is beyond the end")
        return at

    def _leaves(self, raw: bytes, subject: str) -> Iterator[bytes]:
        if len(raw) < 4:
            raise BadImage(f"{self.name}: {subject} has no room for its tree of extents")
        level, count = struct.unpack_from(">HH", raw)
        nodes, head = 0, _NODE_HEAD[self.layout.version]
        todo = [(one, level - 1) for one in self._below(raw, 4, level, count, subject)]
        while todo:
            number, level = todo.pop()
            nodes += 1
            block = self.block(number, f"the extents of {subject}")
            found, count = struct.unpack_from(">HH", block, 4)
            if block[:4] != _NODE_MAGICS[self.layout.version] or found != level or nodes > _MAX_NODES:
                raise BadImage(f"{self.name}: the tree of extents of {subject} is damaged")
            if level:
                todo.extend((one, level - 1) for one in self._below(block, head, level, count, subject))
            elif 0 < count <= (len(block) - head) // 16:
                yield block[head : head + count * 16]
            else:
                raise BadImage(f"{self.name}: the tree of extents of {subject} is damaged")

    def _below(self, raw: bytes, head: int, level: int, count: int, subject: str) -> list[int]:
        """
        What a node points to, the last one first.
        """
        room = (len(raw) - head) // 16
        if not 0 < level <= _MAX_LEVELS or not 0 < count <= room:
            raise BadImage(f"{self.name}: the tree of extents of {subject} is damaged")
        start = head + room * 8
        return list(struct.unpack_from(f">{count}Q", raw, start))[::-1]

    def block(self, number: int, subject: str) -> bytes:
        """
        Raises:
            BadImage: there is none of this number.
        """
        at, length = self.layout.block_at(number), self.layout.block
        if at is None:
            raise BadImage(f"{self.name}: {subject} are in block {number}, which there is not")
        self.spend(length, subject)
        return exactly(self._paged, at, length, f"{self.name}: {subject}")

    def mapped(self, fork: Fork, unit: int, limit: int, subject: str) -> Iterator[tuple[int, bytes]]:
        """
        What is there of a fork below block `limit`: units of so many bytes with their first blocks.

        Raises:
            BadImage: one of them is there in part only, or the extents are damaged.
        """
        per = unit // self.layout.block
        held = bytearray()
        expected = 0
        for first, count, at in self.runs(fork, subject):
            if first >= limit:
                break
            if at is None or (first != expected if held else first % per):
                raise BadImage(f"{self.name}: {subject} has a hole in a block")
            length, done = min(count, limit - first) * self.layout.block, 0
            while done < length:
                here = min(PIECE, length - done)
                self.spend(here, subject)
                held += exactly(self._paged, at + done, here, f"{self.name}: {subject}")
                done += here
                start = first + done // self.layout.block - len(held) // self.layout.block
                ready = len(held) // unit
                for row in range(ready):
                    yield start + row * per, bytes(held[row * unit : (row + 1) * unit])
                del held[: ready * unit]
            expected = first + count
        if held:
            raise BadImage(f"{self.name}: {subject} ends within a block")

    def spend(self, length: int, subject: str) -> None:
        """
        Count what a listing reads.

        Raises:
            BadImage: it is more than the volume can hold, so that structures overlap.
        """
        if self._left is None:
            return
        self._left -= length
        if self._left < 0:
            raise BadImage(f"{self.name}: {subject} overlaps with other structures")

    def listed(self) -> None:
        """
        From now on only the content of files is read, which has a bound for each file.
        """
        self._left = None


def _seconds(stamp: int, flags: int) -> int:
    if flags & _BIG_TIME:
        return stamp // 1_000_000_000 + _BIG_TIME_BEGINS
    seconds = stamp >> 32
    return seconds - (1 << 32) if seconds >> 31 else seconds
