"""
The inodes of ext: what each says of its file, and where the file's bytes are.

Every block number is held against the size of the filesystem, and what is read to find out where bytes
are has a bound for each file, so that no tree of extents keeps a reader busy.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from tundish.anatomy.filesystem.ext_super import Super
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

INLINE, ENCRYPTED, EXTENTS = 0x1000_0000, 0x800, 0x8_0000
_EXTENT_MAGIC = 0xF30A
_MAX_DEPTH = 5
_MAX_NODES = 100_000  # of one file's tree of extents
_UNWRITTEN = 32768  # a longer extent is allocated and holds zeros
_DIRECT = 12
_MAX_READ = 4 * 1024 * 1024 * 1024  # bytes, in a listing
_SLACK = 16 * 1024 * 1024  # bytes

Run = tuple[int, int, int | None]
"""
First block of the file, how many, and the first block on the disk; None: zeros.
"""


@dataclass(frozen=True, slots=True)
class Inode:
    number: int
    raw: bytes

    @property
    def mode(self) -> int:
        return self.raw[0] | self.raw[1] << 8

    @property
    def links(self) -> int:
        return self.raw[26] | self.raw[27] << 8

    @property
    def size(self) -> int:
        return _u32(self.raw, 4) | _u32(self.raw, 108) << 32

    @property
    def uid(self) -> int:
        return int.from_bytes(self.raw[2:4], "little") | int.from_bytes(self.raw[120:122], "little") << 16

    @property
    def gid(self) -> int:
        return int.from_bytes(self.raw[24:26], "little") | int.from_bytes(self.raw[122:124], "little") << 16

    @property
    def flags(self) -> int:
        return _u32(self.raw, 32)

    @property
    def map(self) -> bytes:
        """
        The 60 bytes that say where the content is, or are the content.
        """
        return self.raw[40:100]

    @property
    def attributes(self) -> int:
        """
        The block with extended attributes; 0: none.
        """
        return _u32(self.raw, 104) | int.from_bytes(self.raw[118:120], "little") << 32

    @property
    def mtime(self) -> int:
        seconds = int.from_bytes(self.raw[16:20], "little", signed=True)
        if len(self.raw) >= 140 and 128 + self.extra >= 140:
            seconds += (self.raw[136] & 3) << 32
        return seconds

    @property
    def extra(self) -> int:
        """
        How many bytes of the part beyond the first 128 have a meaning of their own.
        """
        return int.from_bytes(self.raw[128:130], "little") if len(self.raw) > 128 else 0

    @property
    def kind(self) -> int:
        return self.mode >> 12


class Inodes:
    """
    All inodes of a filesystem, by number.
    """

    def __init__(self, readable: Readable, layout: Super, name: str) -> None:
        self.readable, self.layout, self.name = readable, layout, name
        self._paged = Paged(readable)
        self._tables: dict[int, int] = {}
        self._left: int | None = min(2 * readable.size, _MAX_READ) + _SLACK

    def get(self, number: int) -> Inode:
        """
        An inode.

        Raises:
            BadImage: there is none of this number, or it is beyond the end.
        """
        if not 0 < number <= self.layout.inodes:
            raise BadImage(f"{self.name}: there is no inode {number}; the last one is {self.layout.inodes}")
        group, row = divmod(number - 1, self.layout.per_group)
        at = self._table(group) + row * self.layout.inode
        return Inode(number, exactly(self._paged, at, self.layout.inode, f"{self.name}: inode {number}"))

    def _table(self, group: int) -> int:
        at = self._tables.get(group)
        if at is None:
            at = self.location(group, 8) * self.layout.block
            self._tables[group] = at
        return at

    def location(self, group: int, field: int) -> int:
        """
        A block number in the descriptor of a group: 0 its block bitmap, 8 its table of inodes.
        """
        raw = self.descriptor(group)
        high = _u32(raw, field + 32) << 32 if len(raw) >= 64 else 0
        return _u32(raw, field) | high

    def descriptor(self, group: int) -> bytes:
        at, length = self.layout.descriptor_at(group), self.layout.descriptor
        return exactly(self._paged, at, length, f"{self.name}: the descriptor of group {group}")

    def listed(self) -> None:
        """
        From now on only the content of files is read, which has a bound for each file.
        """
        self._left = None

    def block(self, number: int, subject: str) -> bytes:
        """
        Raises:
            BadImage: it is beyond the end, or a listing reads more than the volume can hold.
        """
        size = self.layout.block
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                raise BadImage(f"{self.name}: {subject} overlaps with other structures")
        return exactly(self._paged, number * size, size, f"{self.name}: {subject}")

    def runs(self, inode: Inode) -> Iterator[Run]:
        """
        Where the content of a file is, in order; what is not named between them is a hole.

        Raises:
            BadImage: the tree of its blocks is damaged.
        """
        if inode.flags & EXTENTS:
            yield from self._extents(inode)
        else:
            yield from self._pointers(inode)

    def _extents(self, inode: Inode) -> Iterator[Run]:
        todo: list[tuple[int, int]] = [(0, _MAX_DEPTH + 1)]
        nodes, end = 0, 0
        while todo:
            number, above = todo.pop()
            raw = self.block(number, f"extents of inode {inode.number}") if nodes else inode.map
            nodes += 1
            magic, held, _, depth = struct.unpack_from("<HHHH", raw)
            if magic != _EXTENT_MAGIC or depth >= above or nodes > _MAX_NODES or 12 + held * 12 > len(raw):
                raise BadImage(f"{self.name}: the extents of inode {inode.number} are damaged")
            if depth:
                rows = struct.iter_unpack("<IIHxx", raw[12 : 12 + held * 12])
                todo.extend(reversed([(low | high << 32, depth) for _, low, high in rows]))
                continue
            for first, length, high, low in struct.iter_unpack("<IHHI", raw[12 : 12 + held * 12]):
                written = length <= _UNWRITTEN
                blocks = length if written else length - _UNWRITTEN
                if first < end:
                    raise BadImage(f"{self.name}: the extents of inode {inode.number} overlap")
                end = first + blocks
                yield first, blocks, (low | high << 32) if written else None

    def _pointers(self, inode: Inode) -> Iterator[Run]:
        """
        The map of ext2: twelve blocks, then blocks of block numbers one, two and three levels deep.
        """
        per = self.layout.block // 4
        wanted = -(-inode.size // self.layout.block)
        numbers = struct.unpack("<15I", inode.map)
        start, nodes = 0, count()
        for level, group in enumerate((numbers[:_DIRECT], *((one,) for one in numbers[_DIRECT:]))):
            for number in group:
                if start >= wanted:
                    return
                if number:
                    yield from self._deep(number, level, start, wanted, (inode.number, nodes))
                start += per**level

    def _deep(
        self, number: int, level: int, start: int, wanted: int, of: tuple[int, Iterator[int]]
    ) -> Iterator[Run]:
        if not level:
            yield start, 1, number
            return
        span = (self.layout.block // 4) ** (level - 1)
        owner, nodes = of
        raw = self.block(number, f"block map of inode {owner}")
        if next(nodes) > _MAX_NODES:
            raise BadImage(f"{self.name}: the block map of inode {owner} has more than {_MAX_NODES} blocks")
        if not any(raw):
            return
        for (below,) in struct.iter_unpack("<I", raw):
            if start >= wanted:
                return
            if below:
                yield from self._deep(below, level - 1, start, wanted, of)
            start += span


def _u32(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
