"""
What becomes an inode: every path once, hard links counted, numbered by their path.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tundish.anatomy.index import Entry, Index, Kind
from tundish.core.errors import BadImage

ROOT, GROWTH, JOURNAL, LOST = 2, 7, 8, 11
LOST_NAME = "lost+found"
_LOSSLESS = "surrogateescape"
_MAX_NAME, _MAX_TARGET = 255, 4095

Keep = Callable[[Entry], bool]


@dataclass(slots=True)
class Named:
    """
    An inode to be: its entry, its names, and what a folder holds.
    """

    number: int
    entry: Entry
    parent: int = ROOT
    links: int = 1
    rows: list[tuple[bytes, int, Kind]] = field(default_factory=list)


def raw(text: str) -> bytes:
    """
    A name or a target as Linux has it.
    """
    return text.encode(errors=_LOSSLESS)


def named(index: Index, keep: Keep) -> list[Named]:
    """
    The inodes in the order of their numbers, the root and lost+found first; sockets are left out.

    Raises:
        BadImage: a name or a target is longer than ext4 has them.
    """
    top = index.get("")
    root = Named(ROOT, Entry("", Kind.FOLDER, 0o755, mtime=top.mtime if top else 0), links=2)
    lost = Named(LOST, index.get(LOST_NAME) or Entry(LOST_NAME, Kind.FOLDER, 0o700))
    found, folders, firsts = [root, lost], {"": root}, dict[str, Named]()
    if LOST_NAME not in index:
        _hang(lost, root, LOST_NAME, folders)
    for entry in sorted((one for one in index if one.path), key=lambda one: raw(one.path)):
        if entry.kind is Kind.SOCKET or not keep(entry):
            continue
        above, _, name = entry.path.rpartition("/")
        if len(raw(name)) > _MAX_NAME or len(raw(entry.target)) > _MAX_TARGET:
            raise BadImage(f"{entry.path[:300]} has a longer name or target than ext4 can hold")
        origin = entry.first or entry.path
        one = lost if entry.path == LOST_NAME else firsts.get(origin)
        if one is None:
            one = firsts[origin] = Named(found[-1].number + 1, index.get(origin) or entry)
            found.append(one)
        elif one is not lost:
            one.links += 1
        _hang(one, folders[above], name, folders)
    for one in folders.values():
        one.rows.sort()
    return found


def _hang(one: Named, above: Named, name: str, folders: dict[str, Named]) -> None:
    above.rows.append((raw(name), one.number, one.entry.kind))
    one.parent = above.number
    if one.entry.kind is Kind.FOLDER:
        folders[one.entry.path] = one
        one.links = 2
        above.links += 1
