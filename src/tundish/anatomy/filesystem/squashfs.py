"""
squashfs 4.0: every path from its folders and inodes, and content block by block.

Source of the layout: the kernel's fs/squashfs documentation. A folder is listed once, lists of blocks
are held against the tables they stand in, and a block becomes no longer than the image says blocks are.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.squashfs_blocks import METADATA, UNPACKERS, Blocks, Cursor, Unpack
from tundish.anatomy.filesystem.squashfs_xattrs import Xattrs
from tundish.anatomy.image import Form
from tundish.anatomy.index import MAX_ENTRIES, MAX_PATH, Entry, Index, Kind, Remark, Trait
from tundish.anatomy.paged import Recent
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_SUPER = struct.Struct("<4sIIIIHHHHHHQQQQQQQQ")
_MAGIC = b"hsqs"
_NONE = 0xFFFF_FFFF
_PIECE = 1024 * 1024
_FRAGMENTS_KEPT = 16 * 1024 * 1024
_STORED = 1 << 24
_MAX_LINK = 4096
_MAX_FOLDER = 64 * 1024 * 1024
_KINDS = (Kind.FOLDER, Kind.FILE, Kind.LINK, Kind.BLOCK, Kind.CHAR, Kind.FIFO, Kind.SOCKET)


@dataclass(frozen=True, slots=True)
class Super:
    inodes: int
    block: int
    fragments: int
    compression: int
    ids: int
    root: int
    used: int
    id_table: int
    xattr_table: int
    inode_table: int
    folder_table: int
    fragment_table: int


@dataclass(frozen=True, slots=True)
class _Inode:
    """
    `start` is the first block of a file's data or a folder's list; `cursor` stands at the list of blocks.
    """

    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: int
    number: int
    links: int = 1
    size: int = 0
    start: int = 0
    offset: int = 0
    fragment: int = _NONE
    target: bytes = b""
    device: int = 0
    xattr: int = _NONE
    cursor: Cursor | None = None


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read a squashfs.

    Raises:
        BadImage: it is damaged beyond its root, or not of version 4.
    """
    layout = _layout(readable, name)
    label, unpack = UNPACKERS.get(layout.compression, (f"unknown-{layout.compression}", None))
    features = (label, f"block-{layout.block}")
    state = "clean"
    if layout.used > readable.size:
        state = f"cut short: it has {layout.used} bytes, the volume only {readable.size}"
    about = Filesystem(Form.SQUASHFS, layout.used, state=state, features=features, used=layout.used)
    if unpack is None:
        return _unread(
            about, f"compressed with {label}, which is not read; pack it with zstd, xz, gzip or lz4"
        )
    volume = _Volume(readable, layout, unpack, name)
    listing = _Listing(volume)
    index = Index(name, listing.entries(), volume, listing.remarks)
    return Filesystem(
        Form.SQUASHFS, layout.used, state=state, features=features, used=layout.used, index=index
    )


def _unread(about: Filesystem, why: str) -> Filesystem:
    return Filesystem(about.form, about.size, state=about.state, features=about.features, why=why)


def _layout(readable: Readable, name: str) -> Super:
    raw = exactly(readable, 0, _SUPER.size, f"{name}: the superblock of squashfs")
    (
        magic, inodes, _, block, fragments, compression, log, _, ids, major, minor,
        root, used, id_table, xattr_table, inode_table, folder_table, fragment_table, _,
    ) = _SUPER.unpack(raw)  # fmt: skip
    if magic != _MAGIC:
        raise BadImage(f"{name}: no superblock of squashfs")
    if (major, minor) != (4, 0):
        raise BadImage(f"{name}: squashfs {major}.{minor}; only 4.0 is read, make it anew with mksquashfs")
    if not 12 <= log <= 20 or block != 1 << log or not ids or _SUPER.size > used:
        raise BadImage(f"{name}: the superblock of squashfs makes no sense: blocks of {block}, {used} bytes")
    return Super(
        inodes, block, fragments, compression, ids, root, used,
        id_table, xattr_table, inode_table, folder_table, fragment_table,
    )  # fmt: skip


class _Volume:
    """
    Inodes, owners, fragments and content of one image.
    """

    def __init__(self, readable: Readable, layout: Super, unpack: Unpack, name: str) -> None:
        self.layout, self.name = layout, name
        self.blocks = Blocks(readable, unpack, name)
        self.ids = self._ids()
        self.xattrs = Xattrs(self.blocks, layout.xattr_table)
        self._fragments = Recent(_FRAGMENTS_KEPT)

    def _ids(self) -> tuple[int, ...]:
        found: list[int] = []
        for number in range(-(-self.layout.ids * 4 // METADATA)):
            rows = self._row_block(self.layout.id_table, number, "owners")
            found.extend(one for (one,) in struct.iter_unpack("<I", rows[: len(rows) & ~3]))
        return tuple(found[: self.layout.ids])

    def _row_block(self, table: int, number: int, subject: str) -> bytes:
        """
        One block of a table that is reached through a list of places.
        """
        place = exactly(self.blocks.readable, table + number * 8, 8, f"{self.name}: the table of {subject}")
        return self.blocks.metadata(int.from_bytes(place, "little"))[0]

    def owner(self, number: int) -> int:
        if number >= len(self.ids):
            raise BadImage(f"{self.name}: there is no owner {number}; {len(self.ids)} are listed")
        return self.ids[number]

    def inode(self, ref: int) -> _Inode:
        """
        The inode at a place: the block of the table in the upper bits, the offset in the lower 16.
        """
        cursor = Cursor(self.blocks, self.layout.inode_table + (ref >> 16), ref & 0xFFFF)
        kind, mode, uid, gid, mtime, number = struct.unpack("<HHHHII", cursor.take(16))
        if not 1 <= kind <= 14:
            raise BadImage(f"{self.name}: an inode of kind {kind}, which is none")
        common = (_KINDS[(kind - 1) % 7], mode & 0o7777, self.owner(uid), self.owner(gid), mtime, number)
        return _READ[(kind - 1) % 7](cursor, common, kind > 7)

    def stream(self, entry: Entry) -> Iterator[bytes]:
        inode = self.inode(entry.place)
        unit, left, at = self.layout.block, inode.size, inode.start
        whole = inode.fragment != _NONE
        for word in self._words(inode, left // unit if whole else -(-left // unit)):
            here, size = min(unit, left), word & (_STORED - 1)
            piece = bytes(here) if not word else self.blocks.data(at, size, unit, stored=bool(word & _STORED))
            if len(piece) != here:
                raise BadImage(f"{self.name}: a block of {entry.path} has {len(piece)} bytes, not {here}")
            at += size
            left -= here
            yield piece
        if left and whole:
            yield self._tail(inode, left, entry.path)

    def _words(self, inode: _Inode, count: int) -> Iterator[int]:
        """
        The lengths of a file's blocks.
        """
        if inode.cursor is None:
            return
        while count > 0:
            here = min(count, METADATA // 4)
            yield from (word for (word,) in struct.iter_unpack("<I", inode.cursor.take(here * 4)))
            count -= here

    def _tail(self, inode: _Inode, left: int, path: str) -> bytes:
        if inode.fragment >= self.layout.fragments:
            raise BadImage(f"{self.name}: {path} ends in fragment {inode.fragment}, which there is not")
        block = self._fragments.get(inode.fragment, lambda: self._fragment(inode.fragment))
        tail = block[inode.offset : inode.offset + left]
        if len(tail) != left:
            raise BadImage(f"{self.name}: the end of {path} leads out of its fragment")
        return tail

    def _fragment(self, number: int) -> bytes:
        rows = self._row_block(self.layout.fragment_table, number * 16 // METADATA, "fragments")
        at = number * 16 % METADATA
        if at + 16 > len(rows):
            raise BadImage(f"{self.name}: the table of fragments ends before number {number}")
        start, word = struct.unpack_from("<QI", rows, at)
        size = word & (_STORED - 1)
        return self.blocks.data(start, size, self.layout.block, stored=bool(word & _STORED))


_Common = tuple[Kind, int, int, int, int, int]


def _folder(cursor: Cursor, common: _Common, more: bool) -> _Inode:
    if more:
        links, size, start, _, _, offset, xattr = struct.unpack("<IIIIHHI", cursor.take(24))
        return _Inode(*common, links, size, start, offset, xattr=xattr)
    start, links, size, offset, _ = struct.unpack("<IIHHI", cursor.take(16))
    return _Inode(*common, links, size, start, offset)


def _file(cursor: Cursor, common: _Common, more: bool) -> _Inode:
    if more:
        start, size, _, links, fragment, offset, xattr = struct.unpack("<QQQIIII", cursor.take(40))
        return _Inode(*common, links, size, start, offset, fragment, xattr=xattr, cursor=cursor)
    start, fragment, offset, size = struct.unpack("<IIII", cursor.take(16))
    return _Inode(*common, 1, size, start, offset, fragment, cursor=cursor)


def _link(cursor: Cursor, common: _Common, more: bool) -> _Inode:
    links, size = struct.unpack("<II", cursor.take(8))
    if size > _MAX_LINK:
        raise BadImage(f"the target of a link has {size} bytes")
    target = cursor.take(size)
    xattr = int.from_bytes(cursor.take(4), "little") if more else _NONE
    return _Inode(*common, links, size, target=target, xattr=xattr)


def _node(cursor: Cursor, common: _Common, more: bool) -> _Inode:
    links, device = struct.unpack("<II", cursor.take(8))
    return _Inode(*common, links, device=device, xattr=_last(cursor, more))


def _pipe(cursor: Cursor, common: _Common, more: bool) -> _Inode:
    links = int.from_bytes(cursor.take(4), "little")
    return _Inode(*common, links, xattr=_last(cursor, more))


def _last(cursor: Cursor, more: bool) -> int:
    return int.from_bytes(cursor.take(4), "little") if more else _NONE


_READ = (_folder, _file, _link, _node, _node, _pipe, _pipe)


class _Listing:
    """
    All paths, folder by folder; what is odd is remarked and left out.
    """

    def __init__(self, volume: _Volume) -> None:
        self._volume = volume
        self._names: dict[int, str] = {}
        self._folders: set[int] = set()
        self.remarks: list[Remark] = []

    def entries(self) -> Iterator[Entry]:
        root = self._volume.inode(self._volume.layout.root)
        if root.kind is not Kind.FOLDER:
            raise BadImage(f"{self._volume.name}: the root is no folder")
        yield self._entry("", root, self._volume.layout.root)
        todo = [("", root)]
        while todo:
            path, folder = todo.pop()
            below = []
            for name, ref in self._rows(path, folder):
                found = self._below(f"{path}/{name}" if path else name, ref)
                if found is not None:
                    yield found[0]
                    if found[0].kind is Kind.FOLDER:
                        below.append((found[0].path, found[1]))
            todo.extend(reversed(below))

    def _below(self, path: str, ref: int) -> tuple[Entry, _Inode] | None:
        try:
            inode = self._volume.inode(ref)
            entry = self._entry(path, inode, ref)
        except BadImage as error:
            self.remarks.append(Remark(Trait.UNREADABLE, path[:MAX_PATH], str(error)))
            return None
        return entry, inode

    def _entry(self, path: str, inode: _Inode, ref: int) -> Entry:
        if len(path) > MAX_PATH:
            raise BadImage(f"a path of more than {MAX_PATH} characters")
        if inode.kind is Kind.FOLDER:
            if ref in self._folders:
                raise BadImage(f"{self._volume.name}: a folder has two names, or holds itself")
            self._folders.add(ref)
        first = self._names.setdefault(inode.number, path) if _many(inode) else path
        return Entry(
            path,
            inode.kind,
            inode.mode,
            inode.uid,
            inode.gid,
            inode.size if inode.kind in {Kind.FILE, Kind.LINK} else 0,
            inode.mtime,
            inode.target.decode("utf-8", "surrogateescape"),
            "" if first == path else first,
            () if inode.xattr == _NONE else self._volume.xattrs.of(inode.xattr),
            _device(inode.device) if inode.kind in {Kind.CHAR, Kind.BLOCK} else (0, 0),
            place=ref,
        )

    def _rows(self, path: str, folder: _Inode) -> Iterator[tuple[str, int]]:
        try:
            yield from self._list(folder)
        except BadImage as error:
            if not path:
                raise
            self.remarks.append(Remark(Trait.UNREADABLE, path, str(error)))

    def _list(self, folder: _Inode) -> Iterator[tuple[str, int]]:
        """
        A list of folders is three bytes shorter than it says; they stand for `.` and `..`.
        """
        left = folder.size - 3
        if left > _MAX_FOLDER:
            raise BadImage(f"{self._volume.name}: a folder of {left} bytes")
        if left <= 0:
            return
        cursor = Cursor(self._volume.blocks, self._volume.layout.folder_table + folder.start, folder.offset)
        while left > 0:
            count, start, _ = struct.unpack("<III", cursor.take(12))
            left -= 12
            if count >= MAX_ENTRIES:
                raise BadImage(f"{self._volume.name}: a folder with {count} names in one row")
            for _ in range(count + 1):
                offset, _, _, size = struct.unpack("<HHHH", cursor.take(8))
                name = cursor.take(size + 1)
                left -= 9 + size
                if left < 0 or b"/" in name or b"\0" in name or name in {b".", b".."}:
                    raise BadImage(f"{self._volume.name}: a folder is damaged")
                yield name.decode("utf-8", "surrogateescape"), start << 16 | offset


def _many(inode: _Inode) -> bool:
    return inode.links > 1 and inode.kind is not Kind.FOLDER


def _device(number: int) -> tuple[int, int]:
    return number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
