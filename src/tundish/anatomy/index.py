"""
What is inside an image: every path with its metadata, and the content of files on demand.

An Index is built once by a reader and never changes. Its paths have no leading slash; the root is "".
Links are followed inside the image only: `..` stops at the root, as it does for a running system.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import translate
from functools import cached_property, lru_cache
from re import Pattern
from re import compile as pattern_of
from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.errors import BadImage, NotFound

MAX_ENTRIES = 1_000_000
MAX_PATH = 4096
MAX_IMPLIED = 64 * 1024 * 1024  # characters of folders that have no entry of their own
MAX_LINKS = 40  # as the kernel has it
MAX_READ = 256 * 1024 * 1024
MAX_TEXT = 32 * 1024 * 1024
_MAGIC = frozenset("*?[")  # what makes a glob of a name


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"  # symbolic
    CHAR = "char"
    BLOCK = "block"
    FIFO = "fifo"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One path. `mode` holds the permission bits only (0o7777), `mtime` whole seconds since 1970.

    `first` is the path of the file's first name when this is a further hard link of it, else "".
    `place` means something to the reader alone: where the content is.
    """

    path: str
    kind: Kind
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: int = 0
    target: str = ""
    first: str = ""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] = (0, 0)
    digest: Digest | None = None
    place: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def executable(self) -> bool:
        return self.kind is Kind.FILE and bool(self.mode & 0o111)


class Trait(StrEnum):
    """
    What was odd about how a path is written down in its container, where a reader went on all the same.
    """

    ABSOLUTE = "absolute"  # begins with a slash
    UPWARDS = "upwards"  # leads out of the image; left out
    DUPLICATE = "duplicate"  # the same path twice; the later one holds, as it would when unpacked
    CLASH = "clash"  # the same path twice with different kinds
    DANGLING = "dangling"  # a hard link to nothing; left out
    THROUGH_LINK = "through-link"  # a member whose folder is a symbolic link in the same archive
    UNREADABLE = "unreadable"  # its metadata or content is damaged; left out
    UNSUPPORTED = "unsupported"  # a feature that is not read; left out, or listed without content


@dataclass(frozen=True, slots=True)
class Remark:
    trait: Trait
    path: str
    note: str = ""


class Contents(Protocol):
    """
    Where the bytes of files come from; the reader that made the entries provides it.
    """

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        The content of a file in pieces of at most a few MiB, holes as zeros.

        Raises:
            BadImage: the image is damaged there.
        """
        ...


class Index:
    """
    All paths of one root, by name. `remarks` tell what its container did oddly.

    A folder that only stands in the paths of others is there too, 0755 and root's, as unpacking makes it.
    """

    def __init__(
        self, origin: str, entries: Iterable[Entry], contents: Contents, remarks: Sequence[Remark] = ()
    ) -> None:
        self.origin = origin
        self._contents = contents
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self._take(entry)
        self._take_folders()
        self.remarks = tuple(remarks)  # now: a reader may make them while it lists

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """
        Every entry, sorted by path: a folder comes before what it holds.
        """
        return iter(self._sorted)

    def __contains__(self, path: object) -> bool:
        """
        Whether something is there, links followed.
        """
        return isinstance(path, str) and self.at(path) is not None

    def get(self, path: str) -> Entry | None:
        """
        The entry of exactly this path; no link is followed.
        """
        return self._entries.get(path.strip("/"))

    def at(self, path: str) -> Entry | None:
        """
        The entry where a path leads, links followed; None if there is nothing or they go in a circle.
        """
        resolved = self._resolved(path)
        return None if resolved is None else self._entries.get(resolved)

    def resolve(self, path: str) -> str:
        """
        Where a path leads once every link is followed, whether or not something is there.

        Raises:
            NotFound: the links go round in a circle.
        """
        resolved = self._resolved(path)
        if resolved is None:
            raise NotFound(f"{path} in {self.origin} is a circle of links")
        return resolved

    def is_file(self, path: str) -> bool:
        entry = self.at(path)
        return entry is not None and entry.kind is Kind.FILE

    def is_folder(self, path: str) -> bool:
        """
        Whether it is a folder, or only stands in the paths of others.
        """
        resolved = self._resolved(path)
        if resolved is None:
            return False
        entry = self._entries.get(resolved)
        return resolved in self._children if entry is None else entry.kind is Kind.FOLDER

    def is_executable(self, path: str) -> bool:
        entry = self.at(path)
        return entry is not None and entry.executable

    def children(self, folder: str) -> tuple[Entry, ...]:
        """
        What a folder holds, sorted by name, links to the folder followed; nothing if there is none.
        """
        resolved = self._resolved(folder)
        return () if resolved is None else tuple(self._children.get(resolved, ()))

    def below(self, folder: str) -> Iterator[Entry]:
        """
        Everything below a folder at any depth, the folder itself left out; no link below it is followed.
        """
        todo = list(reversed(self.children(folder)))
        while todo:
            entry = todo.pop()
            yield entry
            if entry.kind is Kind.FOLDER:
                todo.extend(reversed(self._children.get(entry.path, ())))

    def matching(self, pattern: str) -> Iterator[Entry]:
        """
        Entries whose path fits a glob, segment by segment (`etc/*.d/*.conf`); links to folders are followed.
        """
        todo: list[tuple[str, list[str]]] = [("", pattern.strip("/").split("/")[::-1])]
        while todo:
            folder, rest = todo.pop()
            for entry in self._fitting(folder, rest[-1]):
                if len(rest) == 1:
                    yield entry
                elif entry.kind is Kind.FOLDER or self.is_folder(entry.path):
                    todo.append((entry.path, rest[:-1]))

    def stream(self, path: str) -> Iterator[bytes]:
        """
        The content of a file in pieces, links followed.

        Raises:
            NotFound: there is no such file.
            BadImage: the image is damaged there.
        """
        entry = self.at(path)
        if entry is not None and entry.first:
            entry = self._entries.get(entry.first)
        if entry is None or entry.kind is not Kind.FILE:
            raise NotFound(f"{self.origin} has no file {path}")
        return self._contents.stream(entry)

    def content(self, entry: Entry) -> Iterator[bytes]:
        """
        The content of a file of this Index that is no further name, where nothing is to be followed.

        Raises:
            BadImage: the image is damaged there.
        """
        return self._contents.stream(entry)

    def read(self, path: str, limit: int = MAX_READ) -> bytes:
        """
        The content of a file, links followed.

        Raises:
            NotFound: there is no such file.
            BadImage: it is longer than the limit, or damaged.
        """
        pieces, length = [], 0
        for piece in self.stream(path):
            length += len(piece)
            if length > limit:
                raise BadImage(f"{path} in {self.origin} is longer than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def text(self, path: str, limit: int = MAX_TEXT) -> str | None:
        """
        The content of a text file; None if there is no such file. Bytes that are no UTF-8 are replaced.

        Raises:
            BadImage: it is longer than the limit, or damaged.
        """
        return self.read(path, limit).decode("utf-8", "replace") if self.is_file(path) else None

    def with_mounts(self, mounts: Mapping[str, "Index"]) -> "Index":
        """
        This root with others at the given folders, as a running system sees it; what they cover is hidden.
        """
        merged = {path: entry for path, entry in self._entries.items() if not _covered(path, mounts)}
        owners: dict[str, tuple[Contents, Entry]] = {}
        for at, other in sorted(mounts.items()):
            for entry in other:
                moved = _moved(entry, at.strip("/"))
                merged[moved.path] = moved
                owners[moved.path] = (other._contents, entry)  # noqa: SLF001 # another Index, same class
        remarks = (*self.remarks, *(remark for other in mounts.values() for remark in other.remarks))
        return Index(self.origin, merged.values(), _Joined(self._contents, owners), remarks)

    def within(self, folder: str) -> "Index":
        """
        What a folder holds as a root of its own: what a subvolume is once it is mounted.
        """
        at = self.resolve(folder)
        owners: dict[str, tuple[Contents, Entry]] = {}
        entries = []
        for entry in (self._entries.get(at), *self.below(at)):
            if entry is not None:
                inner = _lifted(entry, at)
                entries.append(inner)
                owners[inner.path] = (self._contents, entry)
        return Index(f"{self.origin}/{at}", entries, _Joined(self._contents, owners), self.remarks)

    def with_digests(self, digests: Mapping[str, Digest], remarks: Sequence[Remark] = ()) -> "Index":
        """
        The same paths, those that are named with their digest.
        """
        entries = [
            replace(entry, digest=digests[path]) if path in digests else entry
            for path, entry in self._entries.items()
        ]
        return Index(self.origin, entries, self._contents, (*self.remarks, *remarks))

    def altered(self, change: Callable[[Entry], Entry]) -> "Index":
        """
        The same paths with the same contents, said otherwise by `change`, which leaves path and place alone.
        """
        return Index(self.origin, map(change, self._entries.values()), self._contents, self.remarks)

    def _take(self, entry: Entry) -> None:
        self._entries[entry.path] = entry
        if len(self._entries) > MAX_ENTRIES:
            raise BadImage(f"{self.origin} holds more than {MAX_ENTRIES} paths")

    def _take_folders(self) -> None:
        named = 0
        for path in list(self._entries):
            above = path.rpartition("/")[0]
            while above and above not in self._entries:
                named += len(above)
                if named > MAX_IMPLIED:
                    raise BadImage(
                        f"{self.origin}: the folders that stand in paths only need too much memory"
                    )
                self._take(Entry(above, Kind.FOLDER, 0o755))
                above = above.rpartition("/")[0]

    @cached_property
    def _sorted(self) -> list[Entry]:
        return [self._entries[path] for path in sorted(self._entries)]

    @cached_property
    def _children(self) -> dict[str, list[Entry]]:
        children: dict[str, list[Entry]] = {}
        for entry in self._sorted:
            if entry.path:
                children.setdefault(entry.path.rpartition("/")[0], []).append(entry)
        return children

    def _fitting(self, folder: str, segment: str) -> Iterable[Entry]:
        """
        What of a folder fits a segment of a glob; a plain name needs no look at the others.
        """
        if segment and _MAGIC.isdisjoint(segment):
            at = self._resolved(folder)
            found = None if at is None else self._entries.get(f"{at}/{segment}" if at else segment)
            return () if found is None else (found,)
        fits = _pattern(segment).match
        return [entry for entry in self.children(folder) if fits(entry.name)]

    def _resolved(self, path: str) -> str | None:
        todo = path.split("/")[::-1]
        done: list[str] = []
        followed = 0
        while todo:
            name = todo.pop()
            if name == "..":
                done = done[:-1]
            elif name not in {"", "."}:
                done.append(name)
                entry = self._entries.get("/".join(done))
                if entry is not None and entry.kind is Kind.LINK:
                    followed += 1
                    if followed > MAX_LINKS:
                        return None
                    done = [] if entry.target.startswith("/") else done[:-1]
                    todo.extend(entry.target.split("/")[::-1])
        return "/".join(done)


@lru_cache(maxsize=256)
def _pattern(segment: str) -> Pattern[str]:
    return pattern_of(translate(segment))


@dataclass(frozen=True, slots=True)
class _Joined:
    own: Contents
    others: Mapping[str, tuple[Contents, Entry]]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        if entry.path in self.others:
            contents, original = self.others[entry.path]
            return contents.stream(original)
        return self.own.stream(entry)


def _covered(path: str, mounts: Iterable[str]) -> bool:
    return any(path.startswith(at.strip("/") + "/") or path == at.strip("/") for at in mounts)


def _moved(entry: Entry, at: str) -> Entry:
    def below(path: str) -> str:
        return f"{at}/{path}" if path else at

    return replace(entry, path=below(entry.path), first=below(entry.first) if entry.first else "")


def _lifted(entry: Entry, at: str) -> Entry:
    def above(path: str) -> str:
        return path[len(at) :].lstrip("/") if path == at or path.startswith(f"{at}/") else ""

    return replace(entry, path=above(entry.path), first=above(entry.first))


def normal(name: str) -> str | None:
    """
    A path as it stands in an Index: no leading slash, no `.`; None if it leads upwards or cannot be a path.
    """
    segments = [segment for segment in name.split("/") if segment not in {"", "."}]
    if ".." in segments or "\0" in name or len(name) > MAX_PATH:
        return None
    return "/".join(segments)


Keep = Callable[[Entry], bool]
"""
Which contents a reader that cannot go back keeps in memory as they pass.
"""
