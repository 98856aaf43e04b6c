"""
A folder of this machine as an Image: what `pack` makes an image of, and `diff` compares one with.

No link is followed. Owners are as they stand, so a tree that was made without root belongs to its maker.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.anatomy.index import MAX_ENTRIES, Entry, Index, Kind, Remark, Trait
from tundish.core.digest import Digest
from tundish.core.errors import BadImage, InputError

_PIECE = 1024 * 1024
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFCHR: Kind.CHAR,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
}


def folder_image(folder: Path) -> Image:
    """
    Raises:
        InputError: the folder itself cannot be read.
        BadImage: it holds more paths than an Index may.
    """
    name = folder.resolve().name
    remarks: list[Remark] = []
    try:
        entries = list(_entries(folder, remarks))
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from error
    size = sum(entry.size for entry in entries if entry.kind is Kind.FILE and not entry.first)
    index = Index(name, entries, _Contents(folder), remarks)
    return Image(name, Wrapping(Compression.NONE, size, size), Form.FOLDER, index)


class _Contents:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        Raises:
            BadImage: the file is not there any more, or cannot be read.
        """
        try:
            yield from _pieces(self._folder / entry.path)
        except OSError as error:
            raise BadImage(f"{entry.path} cannot be read: {error.strerror}") from error


def _pieces(path: Path) -> Iterator[bytes]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _entries(folder: Path, remarks: list[Remark]) -> Iterator[Entry]:
    firsts: dict[tuple[int, int], Entry] = {}
    yield _entry(folder, "")
    for count, path in enumerate(_paths(folder)):
        if count > MAX_ENTRIES:
            raise BadImage(f"{folder} holds more than {MAX_ENTRIES} paths")
        try:
            entry = _entry(folder / path, path)
            about = (folder / path).lstat()
            if entry.kind is Kind.FILE and about.st_nlink > 1:
                first = firsts.setdefault((about.st_dev, about.st_ino), entry)
                if first is not entry:
                    yield replace(entry, first=first.path, digest=first.digest)
                    continue
            yield entry
        except OSError as error:
            remarks.append(Remark(Trait.UNREADABLE, path, str(error.strerror)))


def _paths(folder: Path) -> Iterator[str]:
    todo = [""]
    while todo:
        at = todo.pop()
        with os.scandir(folder / at) as found:
            entries = sorted(found, key=lambda one: one.name)
        for one in entries:
            path = f"{at}/{one.name}" if at else one.name
            yield path
            if one.is_dir(follow_symlinks=False):
                todo.append(path)


def _entry(path: Path, name: str) -> Entry:
    about = path.lstat()
    kind = _KINDS[stat.S_IFMT(about.st_mode)]
    target = str(path.readlink()) if kind is Kind.LINK else ""
    is_device = kind in {Kind.CHAR, Kind.BLOCK}
    return Entry(
        name,
        kind,
        stat.S_IMODE(about.st_mode),
        about.st_uid,
        about.st_gid,
        about.st_size if kind is Kind.FILE else len(target),
        int(about.st_mtime_ns // 10**9),
        target,
        xattrs=_xattrs(path),
        device=(os.major(about.st_rdev), os.minor(about.st_rdev)) if is_device else (0, 0),
        digest=_digest(path) if kind is Kind.FILE else None,
    )


def _xattrs(path: Path) -> tuple[tuple[str, bytes], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:  # a filesystem that has none
        return ()
    return tuple(sorted((name, os.getxattr(path, name, follow_symlinks=False)) for name in names))


def _digest(path: Path) -> Digest:
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return Digest(digest.hexdigest())
