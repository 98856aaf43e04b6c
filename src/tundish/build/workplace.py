"""
Where a build works: folders of its own that are gone when it ends, however it ends.

A build that was killed leaves its folders; the next one removes them, told by the lock nobody holds. No
folder with something mounted below it is ever deleted: that would reach into another filesystem.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "tundish-build-"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- asked for its room, and used through a private folder
UNPACKED = 2 * 1024**3  # bytes of memory a root may take; a third of the time is spared


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """
    A folder below `parent` that nobody else uses.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with _locked(path) as held:
            if held and path.exists():  # else another build swept it before it was locked
                try:
                    yield path
                finally:
                    _remove(path)
                return


def scratch_for(work: Path, *, is_root: bool) -> Path:
    """
    Where a root is unpacked: in memory if there is plenty and programs may run there, else in `work`.

    In a user namespace it is somebody else who unpacks: if he cannot reach `work`, the temporary folder
    does, and memory does not (nobody may mount it into itself there).
    """
    if not is_root:
        return work if _is_open_to_all(work.resolve()) else Path(tempfile.gettempdir())
    try:
        shared = os.statvfs(SHARED_MEMORY)
    except OSError:
        return work
    roomy = shared.f_bavail * shared.f_frsize > UNPACKED and _free_memory() > 2 * UNPACKED
    return SHARED_MEMORY if roomy and not shared.f_flag & os.ST_NOEXEC else work


def _is_open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def _free_memory() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """
    Hold a folder; False if somebody else does.
    """
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(parent: Path) -> None:
    """
    Remove what killed builds of this user have left.
    """
    for path in parent.glob(PREFIX + "*"):
        with suppress(OSError), _locked(path) as held:  # it went meanwhile, or is not ours to open
            if held and path.stat().st_uid == os.geteuid():
                _remove(path)


def _remove(path: Path) -> None:
    below = " " + str(path.resolve()).replace(" ", r"\040") + "/"  # as the kernel writes it
    with Path("/proc/self/mountinfo").open() as mounts:
        if any(below in line for line in mounts):
            return
    shutil.rmtree(path, ignore_errors=True)
