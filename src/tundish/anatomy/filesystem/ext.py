"""
ext2, ext3 and ext4: every path of the filesystem, read from its inodes and folders without the kernel.

The journal is not replayed: `state` says when there is something in it. A folder is listed once, so that
folders which contain themselves end; what is damaged costs its own path only.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tundish.anatomy.filesystem.ext_inodes import ENCRYPTED, INLINE, Inode, Inodes
from tundish.anatomy.filesystem.ext_super import JOURNAL_DEVICE, read_super
from tundish.anatomy.filesystem.ext_xattrs import attributes, inline_rest
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.walk import Allowance, remark
from tundish.anatomy.image import Form
from tundish.anatomy.index import MAX_PATH, Entry, Index, Kind, Remark, Trait
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_ROOT = 2
_PIECE = 1024 * 1024
_FOLDER, _LINK = 4, 10
_KINDS = {
    1: Kind.FIFO,
    2: Kind.CHAR,
    _FOLDER: Kind.FOLDER,
    6: Kind.BLOCK,
    8: Kind.FILE,
    _LINK: Kind.LINK,
    12: Kind.SOCKET,
}
_SHORT_LINK = 60  # bytes; a shorter target stands in the inode
_MAX_LINK = 4096
_MAX_FOLDER = 512 * 1024 * 1024  # bytes of one folder
_MAX_FOLDERS = 1024 * 1024 * 1024  # bytes of all folders together
_GROUPS, _LOOKED, _IN_GROUP, _PROBED = 64, 512, 16, 512  # groups, bits and free blocks in each, bytes of each


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read an ext filesystem.

    Raises:
        BadImage: it is damaged beyond its root, or too large to be listed.
    """
    layout = read_super(readable, name)
    inodes = Inodes(readable, layout, name)
    size = layout.blocks * layout.block
    about = Filesystem(Form.EXT, size, layout.label, layout.uuid, features=layout.features)
    if layout.incompat & JOURNAL_DEVICE:
        return replace(about, why="the journal of another filesystem")
    listing = _Listing(inodes)
    index = Index(name, listing.entries(), _Contents(inodes), listing.remarks)
    inodes.listed()
    cut = f"cut short: it has {size} bytes, the volume only {readable.size}"
    return replace(
        about,
        state=cut if size > readable.size else layout.condition,
        used=(layout.blocks - min(layout.free, layout.blocks)) * layout.block,
        free_zeroed=_zeroed(inodes),
        index=index,
    )


class _Contents:
    """
    The content of files, by the number of their inode.
    """

    def __init__(self, inodes: Inodes) -> None:
        self._inodes = inodes

    def stream(self, entry: Entry) -> Iterator[bytes]:
        return content(self._inodes, self._inodes.get(entry.place))


def content(inodes: Inodes, inode: Inode) -> Iterator[bytes]:
    """
    The bytes of a file in pieces, holes as zeros.

    Raises:
        BadImage: the filesystem is damaged there.
    """
    if inode.flags & ENCRYPTED:
        raise BadImage(f"{inodes.name}: inode {inode.number} is encrypted")
    if inode.flags & INLINE:
        yield _inline(inodes, inode)
        return
    unit, at, size = inodes.layout.block, 0, inode.size
    for first, count, start in inodes.runs(inode):
        yield from _zeros(min(first * unit, size) - at)
        at = max(at, min(first * unit, size))
        end = min((first + count) * unit, size)
        if start is None:
            yield from _zeros(end - at)
            at = max(at, end)
        while at < end:
            here = min(_PIECE, end - at)
            where = start * unit + at - first * unit  # type: ignore[operator] # not None: see above
            yield exactly(inodes.readable, where, here, f"{inodes.name}: inode {inode.number}")
            at += here
    yield from _zeros(size - at)


def _inline(inodes: Inodes, inode: Inode) -> bytes:
    whole = inode.map
    if inode.size > len(whole):
        whole += inline_rest(inodes, inode)
    return whole[: inode.size]


@cache
def _empty() -> bytes:
    return bytes(_PIECE)


def _zeros(length: int) -> Iterator[bytes]:
    while length > 0:
        yield _empty()[:length]
        length -= _PIECE


class _Listing:
    """
    All paths, folder by folder; what is odd is remarked and left out.
    """

    def __init__(self, inodes: Inodes) -> None:
        self._inodes = inodes
        self._names: dict[int, str] = {}  # first path of each inode with several names
        self._folders: set[int] = {_ROOT}
        self._allowance = Allowance(inodes.name)
        self._read = 0
        self.remarks: list[Remark] = []

    def entries(self) -> Iterator[Entry]:
        root = self._inodes.get(_ROOT)
        if root.kind != _FOLDER:
            raise BadImage(f"{self._inodes.name}: the root, inode {_ROOT}, is no folder")
        yield self._entry("", root)
        todo = [("", root)]
        while todo:
            path, folder = todo.pop()
            below = []
            for name, number in self._rows(path, folder):
                found = self._below(f"{path}/{name}" if path else name, number)
                if found is not None:
                    yield self._allowance.take(found[0])
                    if found[1].kind == _FOLDER:
                        below.append((found[0].path, found[1]))
            todo.extend(reversed(below))

    def _below(self, path: str, number: int) -> tuple[Entry, Inode] | None:
        try:
            inode = self._judged(path, number)
            entry = self._entry(path, inode)
        except BadImage as error:
            self._remark(Trait.UNREADABLE, path, error)
            return None
        if inode.kind == _FOLDER:
            self._folders.add(number)
        return entry, inode

    def _judged(self, path: str, number: int) -> Inode:
        inode = self._inodes.get(number)
        if inode.kind not in _KINDS:
            raise BadImage(f"inode {number} is of no kind that there is")
        if inode.kind == _FOLDER and number in self._folders:
            raise BadImage(f"the folder of inode {number} has a second name")
        if len(path) > MAX_PATH:
            raise BadImage(f"a path of more than {MAX_PATH} characters")
        return inode

    def _entry(self, path: str, inode: Inode) -> Entry:
        kind = _KINDS[inode.kind]
        first = ""
        if inode.links > 1 and kind is not Kind.FOLDER:
            first = self._names.setdefault(inode.number, path)
        target = self._target(path, inode) if kind is Kind.LINK else ""
        try:
            xattrs = attributes(self._inodes, inode)
        except BadImage as error:
            self._remark(Trait.UNREADABLE, path, error)
            xattrs = ()
        return Entry(
            path,
            kind,
            inode.mode & 0o7777,
            inode.uid,
            inode.gid,
            inode.size if kind in {Kind.FILE, Kind.LINK} else 0,
            inode.mtime,
            target,
            "" if first == path else first,
            xattrs,
            _device(inode) if kind in {Kind.CHAR, Kind.BLOCK} else (0, 0),
            place=inode.number,
        )

    def _target(self, path: str, inode: Inode) -> str:
        if inode.flags & ENCRYPTED:
            remark(self.remarks, Trait.UNSUPPORTED, path, "the target of an encrypted link")
            return ""
        if inode.size > _MAX_LINK:
            raise BadImage(f"the target of a link has {inode.size} bytes")
        if inode.size < _SHORT_LINK and not inode.flags & INLINE:
            raw = inode.map[: inode.size]
        else:
            raw = b"".join(content(self._inodes, inode))
        return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def _rows(self, path: str, folder: Inode) -> Iterator[tuple[str, int]]:
        try:
            if folder.flags & ENCRYPTED:
                remark(self.remarks, Trait.UNSUPPORTED, path, "an encrypted folder")
                return
            for piece in self._pieces(folder):
                yield from self._rows_in(piece)
        except BadImage as error:
            if not path:
                raise
            self._remark(Trait.UNREADABLE, path, error)

    def _pieces(self, folder: Inode) -> Iterator[bytes]:
        """
        Whole blocks of a folder; holes are left out, since nothing is in them.
        """
        inodes, unit = self._inodes, self._inodes.layout.block
        if folder.flags & INLINE:
            yield folder.map[4:]
            yield inline_rest(inodes, folder)
            return
        limit = min(folder.size, _MAX_FOLDER) // unit
        for first, count, start in inodes.runs(folder):
            for skip in range(0, max(0, min(count, limit - first)), _PIECE // unit):
                if start is None:
                    continue
                here = min(_PIECE // unit, count - skip, limit - first - skip) * unit
                self._read += here
                if self._read > _MAX_FOLDERS:
                    raise BadImage(f"{inodes.name}: its folders have more than {_MAX_FOLDERS} bytes")
                whole = exactly(inodes.readable, (start + skip) * unit, here, f"{inodes.name}: a folder")
                for at in range(0, here, unit):
                    yield whole[at : at + unit]

    def _rows_in(self, piece: bytes) -> Iterator[tuple[str, int]]:
        at, end = 0, len(piece)
        while at + 8 <= end:
            number, length, size = struct.unpack_from("<IHB", piece, at)
            length = end if length in {0, 65535} and end >= 65536 else length
            if length < 8 or at + length > end or size > length - 8:
                raise BadImage(f"{self._inodes.name}: a block of a folder is damaged")
            name = piece[at + 8 : at + 8 + size]
            if number and name not in {b".", b"..", b""}:
                if b"/" in name or b"\0" in name:
                    raise BadImage(f"{self._inodes.name}: a name in a folder holds a slash or a zero")
                yield name.decode("utf-8", "surrogateescape"), number
            at += length

    def _remark(self, trait: Trait, path: str, error: BadImage) -> None:
        remark(self.remarks, trait, path, str(error))


def _device(inode: Inode) -> tuple[int, int]:
    """
    The old form has 8 bits each; the new one 12 and 20, and stands in the second word.
    """
    old, new = struct.unpack_from("<II", inode.map)
    if old:
        return old >> 8 & 0xFF, old & 0xFF
    return new >> 8 & 0xFFF, new & 0xFF | new >> 12 & 0xFFF00


def _zeroed(inodes: Inodes) -> float | None:
    """
    The share of free blocks that hold only zeros, of a few in each of some groups spread over the disk.
    """
    layout = inodes.layout
    probed = zeros = 0
    for group in range(0, layout.groups, max(1, layout.groups // _GROUPS)):
        start = layout.first + group * layout.group
        for block in _free(inodes, group):
            data = inodes.readable.read_at((start + block * layout.cluster) * layout.block, _PROBED)
            probed += bool(data)
            zeros += bool(data) and not any(data)
    return zeros / probed if probed else None


def _free(inodes: Inodes, group: int) -> list[int]:
    """
    Some free blocks, or clusters, of a group. One whose bitmap was never written has only metadata in it, at
    its beginning.
    """
    layout = inodes.layout
    length = min(layout.group, layout.blocks - layout.first - group * layout.group) // layout.cluster
    try:
        unused = inodes.descriptor(group)[18] & 2
        bitmap = b"" if unused else inodes.block(inodes.location(group, 0), f"bitmap of group {group}")
    except BadImage:
        return []
    step = max(1, length // _IN_GROUP)
    if unused:
        return list(range(length // 2, length, step))
    looked = range(0, min(length, len(bitmap) * 8), max(1, length // _LOOKED))
    found = [at for at in looked if not bitmap[at // 8] >> at % 8 & 1]
    return found[:: max(1, len(found) // _IN_GROUP)]
