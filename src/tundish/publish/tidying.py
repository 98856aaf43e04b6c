"""
What readers no longer find in a tree stays for a while, because they may still hold an older index.

When a file left is noted beside the tree, `.<channel>.left.json`, under the lock of the channel, before
and after each swap of the indexes. A lost note makes a file stay longer, never shorter. Only what we put
there is ever removed: documents, drafts, and read-only files.
"""

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tundish.core.progress import UNWATCHED, Gauge
from tundish.publish import files
from tundish.store.durable import on_disk

GRACE = timedelta(days=3)

_DOCUMENT = re.compile(r"streams/v1/products-[0-9a-f]{64}\.s?json")
_DRAFT = re.compile(r"(.*/)?\.(tundish-[^/]+|[^/]+\.new)")
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Tidied:
    """
    `freed` counts the bytes of files that had no other name, such as one in the store.
    """

    removed: tuple[str, ...]
    freed: int
    waiting: int  # files that stay until their grace period is over


def note_left(root: Path, named: Collection[str], at: datetime) -> Mapping[str, datetime]:
    """
    Since when each file of the tree is named by no index, for those that are not.

    Raises:
        NoSpace, StorageError: the disk refuses.
    """
    place = _notes(root)
    before = files.noted(place)
    left = _left(root, named, before, at)
    now = {path: moment.isoformat() for path, moment in left.items()}
    if now != before:
        files.note(place, now)
    return left


def foresee(root: Path, named: Collection[str], at: datetime, grace: timedelta = GRACE) -> Tidied:
    """
    What `tidy` would do. Writes nothing.

    Raises:
        StorageError: the disk refuses.
    """
    left = _left(root, named, files.noted(_notes(root)), at)
    due = sorted(path for path, since in left.items() if at - since >= grace)
    freed = 0
    for path in due:
        with on_disk(root / path):
            freed += _freed((root / path).lstat())
    return Tidied(removed=tuple(due), freed=freed, waiting=len(left) - len(due))


def tidy(
    root: Path, named: Collection[str], at: datetime, grace: timedelta = GRACE, gauge: Gauge = UNWATCHED
) -> Tidied:
    """
    Remove what no index has named for the grace period, and folders that this empties.

    Raises:
        Stopped: `gauge` wants it to end; what is removed by then is removed.
        NoSpace, StorageError: the disk refuses.
    """
    left = note_left(root, named, at)
    due = sorted(path for path, since in left.items() if at - since >= grace)
    freed = 0
    gauge.more(len(due), 0)
    try:
        for path in due:
            freed += _remove(root / path)
            gauge.passed(0)
    finally:
        _drop_empty(root, due)
    if due:
        note_left(root, named, at)
    return Tidied(removed=tuple(due), freed=freed, waiting=len(left) - len(due))


def _left(root: Path, named: Collection[str], before: Mapping[str, str], at: datetime) -> dict[str, datetime]:
    return {
        path: _moment(before.get(path), at)
        for path, status in _files(root)
        if path not in named and _is_ours(path, status.st_mode)
    }


def _notes(root: Path) -> Path:
    return root.with_name(f".{root.name}.left.json")


def _moment(text: str | None, at: datetime) -> datetime:
    """
    The moment noted; now, if none was or it makes no sense.
    """
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return at
    return min(found, at) if found.tzinfo is not None else at


def _files(folder: Path, above: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """
    Every regular file below a folder, by path; no link is followed.
    """
    with on_disk(folder):
        if not folder.is_dir():
            return
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
    for name, status in found:
        if stat.S_ISDIR(status.st_mode):
            yield from _files(folder / name, f"{above}{name}/")
        elif stat.S_ISREG(status.st_mode):
            yield f"{above}{name}", status


def _is_ours(path: str, mode: int) -> bool:
    return bool(_DOCUMENT.fullmatch(path) or _DRAFT.fullmatch(path)) or not mode & _WRITABLE


def _remove(path: Path) -> int:
    """
    Remove a file; the bytes that this frees.
    """
    with on_disk(path):
        status = path.lstat()
        path.unlink()
    return _freed(status)


def _freed(status: os.stat_result) -> int:
    return status.st_size if status.st_nlink == 1 else 0


def _drop_empty(root: Path, removed: Collection[str]) -> None:
    """
    Remove the folders that are empty now, the deepest first, but never the tree itself.
    """
    folders = {folder for path in removed for folder in Path(path).parents if folder != Path()}
    for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        with suppress(OSError):  # it still holds something
            (root / folder).rmdir()
