"""
How bytes are made to last, and what a disk's refusal is called.

The order never changes: the bytes are synced, then they get their name, then the folder is synced. No
`OSError` leaves the store; it becomes `NoSpace` or a `StorageError` that names the path.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from tundish.core.errors import Conflict, NoSpace, StorageError

Sync: TypeAlias = Callable[[int], None]

READ_ONLY = 0o444
FEW = 16  # folders synced at once
CHUNK = 1024 * 1024  # bytes

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def on_disk(place: Path) -> AbstractContextManager[None]:
    """
    Say in our words what the disk refused while working on `place`.

    Raises:
        NoSpace: disk or quota is full.
        StorageError: anything else; the message names the path.
    """
    return _Refusals(place)


class _Refusals:
    """
    A class, not a generator: several of these are entered for each file.
    """

    __slots__ = ("_place",)

    def __init__(self, place: Path) -> None:
        self._place = place

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, OSError):
            return
        if error.errno in _FULL:
            raise NoSpace(str(self._place.parent)) from error
        reason = error.strerror or str(error)
        raise StorageError(
            f"{self._place}: {reason}; check the disk and who owns it, then run it again"
        ) from error


def sync_folder(folder: Path, sync: Sync = os.fsync) -> None:
    """
    Make the names in a folder last.

    Raises:
        StorageError: the folder cannot be opened or synced.
    """
    with on_disk(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            sync(handle)
        finally:
            os.close(handle)


def sync_folders(folders: Sequence[Path], sync: Sync = os.fsync) -> None:
    """
    Make the names in many folders last. Side by side, for a disk joins the waits of all who wait.

    Raises:
        StorageError: one cannot be opened or synced; the others are all the same.
    """
    if len(folders) <= FEW:
        for folder in folders:
            sync_folder(folder, sync)
        return
    with ThreadPoolExecutor(max_workers=FEW, thread_name_prefix="sync") as pool:
        running = [pool.submit(sync_folder, folder, sync) for folder in folders]
    for each in running:
        each.result()


def make_folder(folder: Path, sync: Sync = os.fsync) -> None:
    """
    Make a folder that lasts, and those above it. One that is there already costs nothing.

    Raises:
        NoSpace, StorageError: it cannot be made.
    """
    with on_disk(folder):
        if not folder.is_dir():
            make_folder(folder.parent, sync)
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent, sync)


def already_there(target: Path) -> Conflict:
    return Conflict(f"{target} exists already; it was left as it is: remove it or choose another place")


def copy_to(target: Path, source: BinaryIO, sync: Sync = os.fsync) -> None:
    """
    Write a new read-only file that is whole and durable before it has its name.

    Raises:
        Conflict: there is something at `target`.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    with on_disk(target):
        if os.path.lexists(target):
            raise already_there(target)
        handle, name = tempfile.mkstemp(prefix=".tundish-", dir=target.parent)
        coming = Path(name)
        try:
            with os.fdopen(handle, "wb") as output:
                shutil.copyfileobj(source, output, CHUNK)
                output.flush()
                os.fchmod(output.fileno(), READ_ONLY)
                sync(output.fileno())
            coming.rename(target)
        finally:
            coming.unlink(missing_ok=True)
    sync_folder(target.parent, sync)
