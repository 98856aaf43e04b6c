"""
Which servers are dead beyond doubt, so that nobody waits for their leases.

A server that lives holds a lock on a file of its own beside the catalog. Whoever gets that lock knows that
the server is dead, if both are of one boot of one machine: what a lock says to other machines depends on
the file system between them, and there the lease decides.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tundish.core.errors import NoSpace, StorageError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MOST = 100  # bytes


def boot() -> str:
    """
    What tells this boot of this machine from all others; empty where the system does not say.
    """
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


@contextmanager
def living(path: Path, of_boot: str) -> Iterator[None]:
    """
    Be alive until the context is left or the process has died. No two may ever use one path.

    Raises:
        NoSpace, StorageError: the file cannot be made.
    """
    descriptor = -1
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, of_boot.encode())
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        if error.errno in NoSpace.CODES:
            raise NoSpace(f"the folder {path.parent}") from error
        raise StorageError(f"cannot make {path}: {error.strerror}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def is_dead(path: Path, of_boot: str) -> bool:
    """
    Whether whoever lived there is dead beyond doubt. Not if the file is gone, or of another boot or machine.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return bool(of_boot) and of_boot.encode() == os.pread(descriptor, _MOST, 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def bury(paths: Iterator[Path], of_boot: str) -> None:
    """
    Remove the files of the dead.
    """
    for path in paths:
        if is_dead(path, of_boot):
            with suppress(OSError):
                path.unlink()
