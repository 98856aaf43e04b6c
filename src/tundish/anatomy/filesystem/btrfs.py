"""
btrfs of one device: every path from its top level, subvolumes as the folders that they are there.

A mount may show one subvolume only: `default` is the one that it shows if nothing else is asked for. The
log is not replayed: `state` says when there is one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tundish.anatomy.filesystem.btrfs_extents import Volume
from tundish.anatomy.filesystem.btrfs_super import Chunk, Chunks, Super, chunk, first_chunks, read_super
from tundish.anatomy.filesystem.btrfs_trees import (
    CHUNK,
    INODE,
    LOOKUP,
    NAME,
    ROOT,
    SUBVOLUME,
    XATTR,
    Tree,
    Trees,
)
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.walk import Walk, named
from tundish.anatomy.image import Form
from tundish.anatomy.index import MAX_ENTRIES, Entry, Index, Kind, Remark
from tundish.anatomy.readable import Readable
from tundish.core.errors import BadImage

_ROOTS, _CHUNK_TREE, _TOP, _DEFAULTS = 1, 3, 5, 6
_DEFAULT = b"default"  # the name that points at the subvolume which is mounted
_FOLDER = 256  # the root of every tree of files
_INODE = struct.Struct("<16xQ16xIIIIQ72xQ")
_NAME = struct.Struct("<QBQQHHB")
_ROOT_AT, _ROOT_LENGTH = 176, 239
_MAX_LINK = 4096
_MAX_XATTRS = 64 * 1024 * 1024  # bytes of all together
_MAX_READ = 4 * 1024 * 1024 * 1024  # bytes of nodes, in a listing
_SLACK = 64 * 1024 * 1024
_GAPS, _IN_GAP, _PROBED, _RESERVED = 64, 32, 512, 1024 * 1024
_KINDS = {
    1: Kind.FIFO,
    2: Kind.CHAR,
    4: Kind.FOLDER,
    6: Kind.BLOCK,
    8: Kind.FILE,
    10: Kind.LINK,
    12: Kind.SOCKET,
}


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read a btrfs filesystem.

    Raises:
        BadImage: it is damaged beyond its root, or too large to be listed.
    """
    found = read_super(readable, name)
    about = Filesystem(
        Form.BTRFS, found.size, found.label, found.uuid, found.state, found.features, found.used
    )
    if found.why:
        return replace(about, why=found.why)
    if found.size > readable.size:
        about = replace(about, state=f"cut short: {found.size} bytes, the volume only {readable.size}")
    few = Trees(
        Chunks(readable, name, first_chunks(found, name)),
        found.node,
        name,
        min(readable.size, _MAX_READ) + _SLACK,
    )
    chunks = Chunks(readable, name, _chunks(few, found))
    files = _Files(Trees(chunks, found.node, name, min(4 * readable.size, _MAX_READ) + _SLACK), found)
    remarks: list[Remark] = []
    index = Index(name, Walk(files, _TOP << 64 | _FOLDER, remarks).entries(), files, remarks)
    files.forget()
    default = next((one.path for one in index if one.place == files.default << 64 | _FOLDER), "")
    return replace(about, free_zeroed=_zeroed(readable, chunks.all), index=index, default=default)


def _chunks(trees: Trees, found: Super) -> Iterator[Chunk]:
    for _, kind, start, raw in trees.items(Tree(_CHUNK_TREE, found.chunk_root, found.chunk_level)):
        if kind == CHUNK:
            yield chunk(start, raw, found.device)


@dataclass(slots=True)
class _Loaded:
    """
    What one tree of files says, by inode.
    """

    tree: Tree
    inodes: dict[int, bytes] = field(default_factory=dict)
    rows: dict[int, list[tuple[bytes, int, int]]] = field(default_factory=dict)
    xattrs: dict[int, list[bytes]] = field(default_factory=dict)


class _Files:
    """
    Numbers are those of the tree and of the inode in it, together; one below 0 is an empty folder.
    """

    def __init__(self, trees: Trees, found: Super) -> None:
        self.name = trees.name
        self._volume = Volume(trees, found.sector)
        self._trees: dict[int, Tree] = {}
        self._under: set[tuple[int, int]] = set()  # a tree, and one whose root is in it
        self._loaded: dict[int, _Loaded] = {}
        self._inodes = self._names = self._bytes = self._empty = 0
        self.default = _TOP
        for owner, kind, offset, raw in trees.items(Tree(_ROOTS, found.root, found.root_level)):
            if kind == ROOT and len(raw) >= _ROOT_LENGTH:
                address = int.from_bytes(raw[_ROOT_AT : _ROOT_AT + 8], "little")
                self._trees[owner] = Tree(owner, address, raw[_ROOT_LENGTH - 1])
            elif kind == SUBVOLUME:
                self._under.add((owner, offset))
            elif kind == LOOKUP and owner == _DEFAULTS and len(raw) >= _NAME.size:
                target, _, _, _, _, length, _ = _NAME.unpack_from(raw)
                if raw[_NAME.size : _NAME.size + length] == _DEFAULT:
                    self.default = target

    def forget(self) -> None:
        """
        Let go of what only the listing needs.
        """
        self._loaded.clear()

    def entry(self, path: str, number: int) -> tuple[Entry, int]:
        if number < 0:
            return Entry(path, Kind.FOLDER, 0o755, place=number), 1
        loaded, own = self._tree(number >> 64), number & (1 << 64) - 1
        raw = loaded.inodes.get(own)
        if raw is None:
            raise BadImage(f"{self.name}: tree {loaded.tree.id} has no inode {own}")
        size, names, uid, gid, mode, device, mtime = _INODE.unpack_from(raw)
        kind = _KINDS.get(mode >> 12)
        if kind is None:
            raise BadImage(f"{self.name}: inode {own} is of no kind that there is")
        entry = Entry(
            path,
            kind,
            mode & 0o7777,
            uid,
            gid,
            size if kind in {Kind.FILE, Kind.LINK} else 0,
            mtime - (1 << 64) if mtime >> 63 else mtime,
            self._target(loaded.tree, own, size) if kind is Kind.LINK else "",
            "",
            self._attributes(loaded, own),
            (device >> 20, device & 0xFFFFF) if kind in {Kind.CHAR, Kind.BLOCK} else (0, 0),
            place=number,
        )
        return entry, names

    def rows(self, number: int) -> Iterator[tuple[str, int]]:
        if number < 0:
            return
        loaded, own = self._tree(number >> 64), number & (1 << 64) - 1
        where = f"{self.name}: the folder of inode {own}"
        for raw, kind, target in loaded.rows.get(own, ()):
            if kind == INODE:
                yield named(raw, where), loaded.tree.id << 64 | target
            elif (loaded.tree.id, target) in self._under:
                yield named(raw, where), target << 64 | _FOLDER
            else:  # in a snapshot: the subvolume stayed where it was
                self._empty += 1
                yield named(raw, where), -self._empty

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        The bytes of a file in pieces, holes as zeros.

        Raises:
            BadImage: the filesystem is damaged there.
        """
        tree = self._trees.get(entry.place >> 64)
        if tree is None:
            raise BadImage(f"{self.name}: there is no tree {entry.place >> 64}")
        return self._volume.content(tree, entry.place & (1 << 64) - 1, entry.size)

    def _tree(self, number: int) -> _Loaded:
        loaded = self._loaded.get(number)
        if loaded is None:
            tree = self._trees.get(number)
            if tree is None:
                raise BadImage(f"{self.name}: there is no tree {number}")
            loaded = _Loaded(tree)
            for owner, kind, _, raw in self._volume.trees.items(tree):
                if kind in {INODE, NAME, XATTR}:
                    self._take(loaded, owner, kind, raw)
            self._loaded[number] = loaded
        return loaded

    def _take(self, loaded: _Loaded, owner: int, kind: int, raw: bytes) -> None:
        if kind == INODE and len(raw) >= _INODE.size:
            self._inodes += 1
            loaded.inodes[owner] = raw
        elif kind == NAME and len(raw) >= _NAME.size:
            self._names += 1
            target, form, _, _, _, length, _ = _NAME.unpack_from(raw)
            loaded.rows.setdefault(owner, []).append(
                (raw[_NAME.size : _NAME.size + length], INODE if form == INODE else ROOT, target)
            )
        elif kind == XATTR:
            self._bytes += len(raw)
            loaded.xattrs.setdefault(owner, []).append(raw)
        if self._inodes > MAX_ENTRIES or self._names > MAX_ENTRIES or self._bytes > _MAX_XATTRS:
            raise BadImage(f"{self.name}: more than {MAX_ENTRIES} inodes, or too large attributes")

    def _target(self, tree: Tree, own: int, size: int) -> str:
        if size > _MAX_LINK:
            raise BadImage(f"{self.name}: the target of inode {own} has {size} bytes")
        raw = b"".join(self._volume.content(tree, own, size))
        return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def _attributes(self, loaded: _Loaded, own: int) -> tuple[tuple[str, bytes], ...]:
        return tuple(sorted(pair for raw in loaded.xattrs.get(own, ()) for pair in self._pairs(raw, own)))

    def _pairs(self, raw: bytes, own: int) -> Iterator[tuple[str, bytes]]:
        """
        Attributes whose names have the same sum stand in one item.
        """
        at = 0
        while at + _NAME.size <= len(raw):
            _, _, _, _, size, length, _ = _NAME.unpack_from(raw, at)
            middle = at + _NAME.size + length
            if middle + size > len(raw):
                raise BadImage(f"{self.name}: the attributes of inode {own} are damaged")
            yield raw[at + _NAME.size : middle].decode("utf-8", "replace"), raw[middle : middle + size]
            at = middle + size


def _zeroed(readable: Readable, chunks: list[Chunk]) -> float | None:
    """
    The share of samples between the chunks, where nothing was ever allocated, that hold only zeros.
    """
    taken = sorted((place, place + one.length) for one in chunks for place in one.places)
    edges, gaps = [(0, _RESERVED), *taken, (readable.size, readable.size)], []
    for (_, end), (start, _) in pairwise(edges):
        if start > end:
            gaps.append((end, start))
    probed = zeros = 0
    for begin, end in gaps[:_GAPS]:
        for at in range(begin, end, max(_PROBED, (end - begin) // _IN_GAP)):
            data = readable.read_at(at, _PROBED)
            probed += bool(data)
            zeros += bool(data) and not any(data)
    return zeros / probed if probed else None
