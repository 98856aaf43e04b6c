"""
What has to be done to an ext filesystem for changes to be in it: bytes to write, then commands of debugfs.

Nothing is done here. Content that goes is overwritten with zeros where no other name keeps it; what a file
becomes is written over what it was. Places are counted from the beginning of the filesystem.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tundish.anatomy.filesystem.ext_inodes import INLINE, Inode, Inodes
from tundish.anatomy.filesystem.ext_super import read_super
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.readable import Readable
from tundish.check.hygiene import Act, Change
from tundish.check.mended import OF_CONTENT
from tundish.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Blank:
    """
    A range that becomes zeros.
    """

    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Mending:
    """
    First `blanks`, then `writes`, then `commands`.
    """

    blanks: tuple[Blank, ...]
    writes: tuple[tuple[int, bytes], ...]
    commands: str


def mending(readable: Readable, index: Index, changes: Iterable[Change]) -> Mending:
    """
    How changes are made in the filesystem of `readable`, whose paths are `index`.

    Raises:
        InputError: one of them cannot be made in place; the message names the path and the way round it.
        BadImage: the filesystem is damaged.
    """
    inodes = Inodes(readable, read_super(readable, index.origin), index.origin)
    making = _Making(index, inodes, sorted(changes, key=_order))
    commands = "".join(f"{line}\n" for line in making.lines())
    return Mending(tuple(making.blanks), tuple(making.writes), commands)


def _order(change: Change) -> tuple[bool, int, str]:
    return change.act is not Act.REMOVE, -change.path.count("/"), change.path


class _Making:
    def __init__(self, index: Index, inodes: Inodes, changes: list[Change]) -> None:
        self._index, self._inodes, self._changes = index, inodes, changes
        gone = (index.get(one.path) for one in changes if one.act in {Act.REMOVE, Act.LINK})
        self._gone = Counter(one.place for one in gone if one is not None)
        self.blanks: list[Blank] = []
        self.writes: list[tuple[int, bytes]] = []

    def lines(self) -> Iterator[str]:
        """
        The commands; `blanks` and `writes` are whole when they are over.
        """
        files = [one for one in self._changes if not self._is_folder(one)]
        for one in (*files, *(one for one in self._changes if self._is_folder(one))):
            yield from self._line(one, self._index.get(one.path), _quoted(one.path))

    def _is_folder(self, change: Change) -> bool:
        entry = self._index.get(change.path)
        return entry is not None and entry.kind is Kind.FOLDER

    def _line(self, change: Change, old: Entry | None, path: str) -> Iterator[str]:
        if change.act is Act.MODE:
            yield from (f"sif {path} mode 040755", f"sif {path} uid 0", f"sif {path} gid 0")
        elif old is not None and old.kind is Kind.FOLDER:
            yield f"rmdir {path}"
        elif change.act is Act.REMOVE or change.act is Act.LINK:
            yield from self._removed(old, path)
            if change.act is Act.LINK:
                yield f"symlink {path} {_quoted(change.target, top='')}"
                yield f"sif {path} mtime @{max(0, old.mtime) if old else 0}"
        elif old is not None and old.kind is Kind.FILE:
            yield from self._rewritten(change, old, path)
        else:
            yield from self._new(change, old, path)

    def _removed(self, old: Entry | None, path: str) -> Iterator[str]:
        if old is None:
            return
        inode = self._inodes.get(old.place)
        if old.kind is Kind.FILE and inode.links <= self._gone[old.place]:
            self.blanks += self._ranges(inode)
        yield f"rm {path}"

    def _rewritten(self, change: Change, old: Entry, path: str) -> Iterator[str]:
        inode = self._inodes.get(old.place)
        if inode.links > 1:
            raise _refusal(change, "has further names")
        data, unit = change.content, self._inodes.layout.block
        blocks = -(-len(data) // unit)
        ranges = self._ranges(inode)
        self.blanks += ranges
        self.writes += self._filled(change, inode, data)
        if inode.size:
            yield f"punch {path} {blocks}"
            yield f"sif {path} size {len(data)}"
        for name, _ in old.xattrs:
            if name in OF_CONTENT:
                yield f"ea_rm {path} {name}"

    def _new(self, change: Change, old: Entry | None, path: str) -> Iterator[str]:
        if change.content:
            raise _refusal(change, "is no file")
        yield from self._removed(old, path)
        yield f"write /dev/null {path}"
        yield f"sif {path} mode 0100644"
        yield f"sif {path} mtime @{max(0, old.mtime) if old else 0}"

    def _filled(self, change: Change, inode: Inode, data: bytes) -> Iterator[tuple[int, bytes]]:
        unit, done = self._inodes.layout.block, 0
        for first, count, start in self._inodes.runs(inode):
            if done >= len(data):
                return
            if start is None or first * unit != done:
                raise _refusal(change, "has holes")
            part = data[done : done + count * unit]
            yield start * unit, part
            done += len(part)
        if done < len(data):
            raise _refusal(change, "is not long enough")

    def _ranges(self, inode: Inode) -> list[Blank]:
        if inode.flags & INLINE:
            raise InputError(
                f"{self._index.origin} keeps content of files in its inodes (inline_data), which hygiene "
                f"does not write; {_AROUND}"
            )
        unit = self._inodes.layout.block
        found = self._inodes.runs(inode)
        return [Blank(start * unit, count * unit) for _, count, start in found if start is not None]


_AROUND = "make a new disk of its root first: tundish pack IMAGE --as ddraw -o new.raw"


def _refusal(change: Change, why: str) -> InputError:
    return InputError(
        f"{change.path} {why}, so it cannot be changed where it is; leave it out (--except {change.word}), "
        f"or {_AROUND}"
    )


def _quoted(path: str, top: str = "/") -> str:
    if not all(32 <= ord(char) != 127 for char in path):
        raise InputError(f"{path!r} has a control character in its name, which debugfs cannot be told")
    return '"' + (top + path).replace('"', '""') + '"'
