"""
One holder at a time, across processes: a lock on a file, with the holder's name written in it.

The kernel frees the lock when the process dies, however it dies. The file itself is never deleted: who
had it open would then hold a lock that nobody else can see. Its modification time says since when.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tundish.core.errors import Busy, NoSpace, StorageError

HOLDER_LIMIT = 200  # bytes


@contextmanager
def held(path: Path, name: str, holder: str, *, wait: bool = False) -> Iterator[None]:
    """
    Hold the lock `name`, kept in the file `path`, until the context is left.

    Raises:
        Busy: somebody else holds it (never with `wait`); the message says who and since when.
        StorageError: the file cannot be made or written.
    """
    descriptor = _opened(path, name)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(f"{name} is taken by {_said(descriptor)}; wait until that has ended") from None
        process = f"process {os.getpid()}"
        _say(descriptor, holder if process in holder else f"{holder}, {process}", path)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@contextmanager
def shared(path: Path, name: str) -> Iterator[None]:
    """
    Keep everybody from holding the lock `name`; any number of processes may do so at once.

    Raises:
        Busy: somebody holds it; the message says who and since when.
        StorageError: the file cannot be made.
    """
    descriptor = _opened(path, name)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"{name} is taken by {_said(descriptor)}; wait until that has ended") from None
        yield
    finally:
        os.close(descriptor)


def holder_of(path: Path) -> str:
    """
    Who holds the lock kept in a file, and since when; empty if nobody does.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said(descriptor)
    finally:
        os.close(descriptor)
    return ""


def _opened(path: Path, name: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageError(f"cannot take {name}: {path}: {error.strerror}") from error


def _say(descriptor: int, holder: str, path: Path) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(errors="replace")[:HOLDER_LIMIT], 0)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpace(f"the folder {path.parent}") from error
        raise StorageError(f"cannot write to {path}: {error.strerror}") from error


def _said(descriptor: int) -> str:
    """
    Who holds it, and since when. A holder that has not yet written its name has no name yet.
    """
    text = os.pread(descriptor, HOLDER_LIMIT, 0).decode(errors="replace")
    who = "".join(sign if sign.isprintable() else "?" for sign in text) or "somebody"
    since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
    return f"{who} since {since:%Y-%m-%d %H:%M:%S} UTC"
