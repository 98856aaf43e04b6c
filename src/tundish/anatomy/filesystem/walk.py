"""
From the root of a filesystem to every path: the walk that readers with numbered files have in common.

A folder is listed once, so that folders which contain themselves end; what is damaged costs its own path
only, unless it is the root.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from tundish.anatomy.index import MAX_ENTRIES, MAX_PATH, Entry, Kind, Remark, Trait
from tundish.core.errors import BadImage

PIECE = 1024 * 1024
MAX_REMARKS = 10_000
MAX_HELD = 256 * 1024 * 1024  # characters and bytes of all names, targets and attributes
_ZEROS = bytes(PIECE)


class Numbered(Protocol):
    """
    A filesystem whose files have numbers, of which the names in folders speak.
    """

    @property
    def name(self) -> str: ...

    def entry(self, path: str, number: int) -> tuple[Entry, int]:
        """
        What a number is, as an entry whose `place` is the number, and how many names it has.

        Raises:
            BadImage: there is none, or it is damaged.
        """
        ...

    def rows(self, number: int) -> Iterator[tuple[str, int]]:
        """
        Names and numbers in a folder, without `.` and `..`.

        Raises:
            BadImage: the folder is damaged.
        """
        ...


class Allowance:
    """
    How many paths of one filesystem are listed, the same one twice counted twice, and how much the names,
    targets and attributes may take in memory.
    """

    def __init__(self, name: str, most: int = MAX_HELD) -> None:
        self._name, self._most, self._left, self._paths = name, most, most, MAX_ENTRIES

    def take(self, entry: Entry) -> Entry:
        """
        The same entry, counted.

        Raises:
            BadImage: it is too much.
        """
        self._left -= len(entry.path) + len(entry.target) + sum(len(value) for _, value in entry.xattrs)
        self._paths -= 1
        if self._paths < 0:
            raise BadImage(f"{self._name} holds more than {MAX_ENTRIES} paths")
        if self._left < 0:
            raise BadImage(f"{self._name}: its names, links and attributes take more than {self._most} bytes")
        return entry


class Walk:
    """
    All paths, folder by folder; what is odd is remarked and left out.
    """

    def __init__(self, files: Numbered, root: int, remarks: list[Remark]) -> None:
        self._files, self._root, self._remarks = files, root, remarks
        self._firsts: dict[int, str] = {}  # first path of each file with several names
        self._folders = {root}
        self._allowance = Allowance(files.name)

    def entries(self) -> Iterator[Entry]:
        """
        Raises:
            BadImage: the root is damaged.
        """
        root, _ = self._files.entry("", self._root)
        if root.kind is not Kind.FOLDER:
            raise BadImage(f"{self._files.name}: the root is no folder")
        yield root
        todo = [root]
        while todo:
            folder = todo.pop()
            below = []
            for name, number in self._rows(folder):
                entry = self._below(f"{folder.path}/{name}" if folder.path else name, number)
                if entry is not None:
                    yield self._allowance.take(entry)
                    if entry.kind is Kind.FOLDER:
                        below.append(entry)
            todo.extend(reversed(below))

    def _rows(self, folder: Entry) -> Iterator[tuple[str, int]]:
        try:
            yield from self._files.rows(folder.place)
        except BadImage as error:
            if not folder.path:
                raise
            self._remark(folder.path, error)

    def _below(self, path: str, number: int) -> Entry | None:
        try:
            entry, names = self._judged(path, number)
        except BadImage as error:
            self._remark(path, error)
            return None
        if names < 2 or entry.kind is Kind.FOLDER:
            return entry
        first = self._firsts.setdefault(number, path)
        return entry if first == path else replace(entry, first=first)

    def _judged(self, path: str, number: int) -> tuple[Entry, int]:
        if len(path) > MAX_PATH:
            raise BadImage(f"a path of more than {MAX_PATH} characters")
        entry, names = self._files.entry(path, number)
        if entry.kind is Kind.FOLDER:
            if number in self._folders:
                raise BadImage("this folder has another name, or contains itself")
            self._folders.add(number)
        return entry, names

    def _remark(self, path: str, error: BadImage) -> None:
        remark(self._remarks, Trait.UNREADABLE, path, str(error))


def remark(remarks: list[Remark], trait: Trait, path: str, note: str) -> None:
    """
    Note what is odd about a path.

    Raises:
        BadImage: so much is odd that there is no sense in going on.
    """
    remarks.append(Remark(trait, path[:MAX_PATH], note))
    if len(remarks) > MAX_REMARKS:
        raise BadImage(f"more than {MAX_REMARKS} paths cannot be read; the last one: {note}")


def named(raw: bytes, subject: str) -> str:
    """
    A name in a folder as text.

    Raises:
        BadImage: it cannot be one.
    """
    if not raw or b"/" in raw or b"\0" in raw or raw in {b".", b".."}:
        raise BadImage(f"{subject}: {raw[:80]!r} is no name")
    return raw.decode("utf-8", "surrogateescape")


def zeros(length: int) -> Iterator[bytes]:
    """
    So many zeros, in pieces.
    """
    while length > 0:
        yield _ZEROS[:length]
        length -= PIECE
