"""
Images made of a few lines: a tree of files in memory as an Index.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tundish.anatomy.index import Entry, Index, Kind, Remark
from tundish.core.digest import Digest


@dataclass(frozen=True)
class File:
    """
    A file with more than content to it.
    """

    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    xattrs: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Folder:
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Hardlink:
    first: str


@dataclass(frozen=True)
class Device:
    major: int
    minor: int
    kind: Kind = Kind.CHAR


Node = str | bytes | File | Folder | Link | Hardlink | Device
Tree = Mapping[str, Node]


def index_of(tree: Tree, origin: str = "image", remarks: Sequence[Remark] = ()) -> Index:
    """
    The Index of a tree; text is encoded, folders on the way are made.
    """
    nodes: dict[str, Node] = {"": Folder()}
    for path, node in tree.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            nodes.setdefault("/".join(parts[:depth]), Folder())
        nodes[path] = node
    contents = {path: data for path, node in nodes.items() if (data := _data(node)) is not None}
    entries = [_entry(path, node, contents) for path, node in nodes.items()]
    return Index(origin, entries, Contents(contents), remarks)


@dataclass(frozen=True)
class Contents:
    data: Mapping[str, bytes]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        yield self.data[entry.path]


def _data(node: Node) -> bytes | None:
    if isinstance(node, str):
        return node.encode()
    if isinstance(node, bytes):
        return node
    return node.data if isinstance(node, File) else None


def _entry(path: str, node: Node, contents: Mapping[str, bytes]) -> Entry:
    if isinstance(node, Link):
        return Entry(path, Kind.LINK, 0o777, target=node.target, size=len(node.target))
    if isinstance(node, Folder):
        return Entry(path, Kind.FOLDER, node.mode, node.uid, node.gid)
    if isinstance(node, Device):
        return Entry(path, node.kind, 0o600, device=(node.major, node.minor))
    if isinstance(node, Hardlink):
        return replace(_entry(node.first, contents[node.first], contents), path=path, first=node.first)
    data = contents[path]
    entry = Entry(path, Kind.FILE, size=len(data), digest=Digest.of(data))
    if isinstance(node, File):
        entry = replace(
            entry, mode=node.mode, uid=node.uid, gid=node.gid, mtime=node.mtime, xattrs=node.xattrs
        )
    return entry
