"""
An Index as an ext4: the same paths give the same bytes, which stream from the first block to the last.

Nothing is mounted and no program is run. First every inode gets its number and every block its place, then
the blocks are written in their order; only names and tables are held in memory, never the content of files.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import merge
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.pack.ext4 import content, folder, tables, xattrs
from tundish.anatomy.pack.ext4.inode import EXTENTS, Extent, Inode, most_nodes, own_seed, tree
from tundish.anatomy.pack.ext4.naming import GROWTH, JOURNAL, Keep, Named, named, raw
from tundish.anatomy.pack.ext4.shape import BLOCK, GROUP, INODE, RESERVED, Shape, fitting
from tundish.anatomy.pack.ids import identifier
from tundish.anatomy.pack.laid import Laid, Pieces
from tundish.core.errors import BadImage, InputError

LABEL = "root"
_KINDS = {
    Kind.FILE: 0o100000,
    Kind.FOLDER: 0o40000,
    Kind.LINK: 0o120000,
    Kind.CHAR: 0o20000,
    Kind.BLOCK: 0o60000,
    Kind.FIFO: 0o10000,
}
_SHORT_TARGET = 60
_APART = GROUP // 2  # blocks between two breaks of a long file, at the least
_JOURNALS = ((32768, 1024), (262144, 4096), (524288, 8192))  # blocks of a filesystem, of its journal
_LONGEST_JOURNAL = 16384
_SLACK = 4096  # blocks that stay free, and a tenth of what is used


def everything(_entry: Entry) -> bool:
    return True


def ext4(
    index: Index,
    epoch: int,
    seed: bytes,
    *,
    size: int | None = None,
    keep: Keep = everything,
    uuid: UUID | None = None,
    label: str = LABEL,
) -> Laid:
    """
    The filesystem of what is kept of an Index; no time in it is later than `epoch`, ids come from `seed`.

    Raises:
        BadImage: something that ext4 cannot hold, or the content of a file is damaged.
        InputError: `size` is too small.
    """
    inodes = named(index, keep)
    runs = {one.number: content.runs(index, one.entry) for one in inodes if one.entry.kind is Kind.FILE}
    wanted = sum(_wanted(one, runs.get(one.number, ())) for one in inodes)
    journal = next((length for most, length in _JOURNALS if wanted < most), _LONGEST_JOURNAL)
    wanted += journal + 2
    slack = _SLACK + wanted // 10 if size is None else 0
    shape = fitting(wanted + slack, inodes[-1].number + len(inodes) // 10, size)
    writing = _Writing(index, epoch, seed, uuid or identifier(seed, "root filesystem"), label, shape)
    return writing.laid(inodes, runs, journal)


def _wanted(one: Named, runs: Sequence[content.Run]) -> int:
    """
    How many blocks it takes, at the most.
    """
    blocks = sum(count for _, count in runs)
    breaks = len(runs) + blocks // _APART + 1
    rest = (1 if one.entry.xattrs else 0) + (1 if len(raw(one.entry.target)) >= _SHORT_TARGET else 0)
    if one.entry.kind is Kind.FOLDER:
        rest += (blocks := folder.count(name for name, _, _ in one.rows))
        breaks = 1 + blocks // _APART + 1
        return rest + most_nodes(breaks)
    return blocks + rest + most_nodes(breaks)


@dataclass(slots=True)
class _Writing:
    index: Index
    epoch: int
    seed: bytes
    uuid: UUID
    label: str
    shape: Shape
    cursor: int = 0
    blocks: dict[int, bytes] = field(default_factory=dict)  # of the filesystem, but its tables
    inodes: dict[int, bytes] = field(default_factory=dict)
    files: list[tuple[Entry, list[Extent]]] = field(default_factory=list)
    sums: int = 0

    def laid(self, inodes: Sequence[Named], runs: dict[int, list[content.Run]], journal: int) -> Laid:
        uuid, label = self.uuid, self.label
        hashes = identifier(self.seed, "names of the root filesystem")
        log, size = self._start(tables.Identity(uuid, hashes, label, self.epoch, b"").seed, journal)
        kept = tables.Identity(
            uuid, hashes, label, self.epoch, log + struct.pack("<II", size >> 32, size & 0xFFFF_FFFF)
        )
        for one in sorted(inodes, key=lambda one: (one.entry.kind is not Kind.FOLDER, one.number)):
            self._make(one, runs.get(one.number, []))
        folders = [0] * self.shape.groups
        for one in inodes:
            if one.entry.kind is Kind.FOLDER:
                folders[(one.number - 1) // self.shape.per_group] += 1
        used = tables.Used(self.cursor, inodes[-1].number, tuple(folders))

        def pieces() -> Pieces:
            own = tables.group_tables(self.shape, used, kept)
            rest = ((block * BLOCK, self.blocks[block]) for block in sorted(self.blocks))
            return merge(own, self._inode_tables(), rest, self._contents(), key=lambda one: one[0])

        return Laid(self.shape.blocks * BLOCK, pieces)

    def _start(self, seed: int, journal: int) -> tuple[bytes, int]:
        """
        The journal and the room to grow; what the superblock says of the journal.
        """
        self.sums, self.cursor = seed, self.shape.own(0)
        extents = self._take([(0, journal)])
        self.blocks[extents[0][2]] = tables.journal_head(journal)
        log, more = self._tree(JOURNAL, extents)
        size = journal * BLOCK
        self._put(Inode(JOURNAL, 0o100600, 0, 0, size, self.epoch, 1, journal + more, log, EXTENTS))
        at = self._one()
        self.blocks[at] = tables.growth_map(self.shape)
        blocks = 1 + RESERVED * (1 + len(tables.copies(self.shape)))
        per = BLOCK // 4
        size = (per * per + per + 12) * BLOCK
        place = struct.pack("<52xII", at, 0)
        self._put(Inode(GROWTH, 0o100600, 0, 0, size, self.epoch, 1, blocks, place))
        return log, journal * BLOCK

    def _make(self, one: Named, runs: list[content.Run]) -> None:
        entry, flags, place, size = one.entry, EXTENTS, bytes(60), entry_size(one)
        inside, outside = xattrs.stored(entry.path, entry.xattrs)
        blocks = holder = 0
        if outside:
            holder, blocks = self._one(), 1
            self.blocks[holder] = self._summed(holder, outside)
        if entry.kind is Kind.FOLDER:
            place, more = self._folder(one)
        elif entry.kind is Kind.FILE:
            extents = self._take(runs)
            self.files.append((entry, extents))
            place, more = self._tree(one.number, extents)
            more += sum(count for _, count, _ in extents)
        elif entry.kind is Kind.LINK and size >= _SHORT_TARGET:
            extents = self._take([(0, 1)])
            self.blocks[extents[0][2]] = raw(entry.target).ljust(BLOCK, b"\0")
            place, more = self._tree(one.number, extents)
            more += 1
        else:
            flags, more = 0, 0
            place = raw(entry.target) if entry.kind is Kind.LINK else _device(entry)
        mode, mtime = _KINDS[entry.kind] | entry.mode & 0o7777, max(0, min(entry.mtime, self.epoch))
        owner = entry.uid, entry.gid
        made = Inode(
            one.number, mode, *owner, size, mtime, one.links, blocks + more, place, flags, inside, holder
        )
        self._put(made)

    def _folder(self, one: Named) -> tuple[bytes, int]:
        parts = folder.blocks_of(one.number, one.parent, one.rows, own_seed(self.sums, one.number))
        extents = self._take([(0, len(parts))])
        for first, count, at in extents:
            self.blocks.update((at + skip, parts[first + skip]) for skip in range(count))
        place, more = self._tree(one.number, extents)
        return place, len(parts) + more

    def _tree(self, number: int, extents: Sequence[Extent]) -> tuple[bytes, int]:
        return tree(extents, own_seed(self.sums, number), self._one, self.blocks.__setitem__)

    def _summed(self, block: int, attributes: bytes) -> bytes:
        check = crc32c(struct.pack("<Q", block) + attributes, self.sums)
        return attributes[:16] + struct.pack("<I", check) + attributes[20:]

    def _put(self, inode: Inode) -> None:
        self.inodes[inode.number] = inode.packed(self.sums)

    def _one(self) -> int:
        return self._take([(0, 1)])[0][2]

    def _take(self, runs: Sequence[content.Run]) -> list[Extent]:
        """
        The next blocks, beyond what each group has at its beginning.
        """
        taken: list[Extent] = []
        for first, count in runs:
            done = 0
            while done < count:
                group = self.cursor // GROUP
                if self.cursor >= self.shape.blocks:
                    raise InputError(f"{self.shape.blocks * BLOCK} bytes are not enough for the root")
                if self.cursor == group * GROUP:
                    self.cursor += self.shape.own(group)
                    continue
                part = min(count - done, self.shape.end(group) - self.cursor)
                taken.append((first + done, part, self.cursor))
                self.cursor, done = self.cursor + part, done + part
        return taken

    def _inode_tables(self) -> Pieces:
        per, numbers = BLOCK // INODE, max(self.inodes)
        for first in range(1, numbers + 1, per):
            group, inside = divmod(first - 1, self.shape.per_group)
            at = self.shape.bitmaps(group) + 2 + inside // per
            empty = bytes(INODE)
            yield at * BLOCK, b"".join(self.inodes.get(first + skip, empty) for skip in range(per))

    def _contents(self) -> Pieces:
        for entry, extents in self.files:
            yield from content.placed(self.index, entry, extents)


def entry_size(one: Named) -> int:
    """
    What the inode says of its size.
    """
    if one.entry.kind is Kind.FOLDER:
        return folder.count(name for name, _, _ in one.rows) * BLOCK
    if one.entry.kind is Kind.LINK:
        return len(raw(one.entry.target))
    return one.entry.size if one.entry.kind is Kind.FILE else 0


def _device(entry: Entry) -> bytes:
    major, minor = entry.device
    if entry.kind is Kind.FIFO:
        return bytes(60)
    if not (0 <= major < 4096 and 0 <= minor < 2**20):
        raise BadImage(f"{entry.path} is the device {major}:{minor}, which Linux does not have")
    if major < 256 and minor < 256:
        return struct.pack("<II", major << 8 | minor, 0)
    return struct.pack("<II", 0, minor & 0xFF | major << 8 | (minor & ~0xFF) << 12)
