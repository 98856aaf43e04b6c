"""
From the root of a filesystem to every path: the walk that readers with numbered files have in common.

A folder is listed once, so that folders which contain themselves end; what is damaged costs its own path
only, unless it is the root.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from tundish.anatomy.index import MAX_PATH, Entry, Kind, Remark, Trait
from tundish.core.errors import BadImage

PIECE = 1024 * 1024
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


class Walk:
    """
    All paths, folder by folder; what is odd is remarked and left out.
    """

    def __init__(self, files: Numbered, root: int, remarks: list[Remark]) -> None:
        self._files, self._root, self._remarks = files, root, remarks
        self._firsts: dict[int, str] = {}  # first path of each file with several names
        self._folders = {root}

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
                    yield entry
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
        self._remarks.append(Remark(Trait.UNREADABLE, path[:MAX_PATH], str(error)))


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
