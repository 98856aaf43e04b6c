"""
Short-lived folders for GnuPG, which nobody else can read, and what killed processes left of them.

Each is locked for as long as its process lives; the kernel frees the lock however that ends. Who can lock
a folder therefore knows that it is nobody's any more: a secret key may lie in it, and an agent hold it.
"""

import fcntl
import os
import re
import select
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from tundish.core.errors import StorageError, ToolFailed
from tundish.tools.run import run

PREFIX = "tundish-gpg-"
MOST_SWEPT = 100  # folders that one sweep looks at
_AGENT_SECONDS = 10.0
_LONGEST_HOME = 70  # bytes of a path; the agent's socket below it may have 107 in all
_ATTEMPTS = 100


@contextmanager
def private_home(scratch: Path | None = None) -> Iterator[Path]:
    """
    An empty GnuPG folder with a short path; whatever agent was started in it is ended with it.

    Raises:
        StorageError: it cannot be made.
    """
    home, handle = _locked(_parent(scratch))
    try:
        yield home
    finally:
        try:
            _dissolve(home)
        finally:
            os.close(handle)


def sweep(scratch: Path | None = None) -> None:
    """
    Remove the folders of processes that were killed, and end the agents that they left.
    """
    with suppress(OSError), os.scandir(_parent(scratch)) as entries:
        ours = (entry for entry in entries if entry.name.startswith(PREFIX))
        for entry in islice(ours, MOST_SWEPT):
            handle = _taken(Path(entry.path))
            if handle is not None:
                try:
                    with suppress(ToolFailed):  # an agent that does not answer ends when its folder is gone
                        _dissolve(Path(entry.path))
                finally:
                    os.close(handle)


def _parent(scratch: Path | None) -> Path:
    usual = scratch or Path(tempfile.gettempdir())
    return usual if len(os.fsencode(usual)) <= _LONGEST_HOME else Path("/", "tmp")


def _locked(parent: Path) -> tuple[Path, int]:
    """
    A new folder and its lock. A sweep that sees it before it is locked takes it away, so then another.
    """
    for _ in range(_ATTEMPTS):
        try:
            home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError as error:
            raise StorageError(
                f"cannot make a folder for gpg in {parent}: {error.strerror}; free some, or set TMPDIR"
            ) from error
        handle = _taken(home)
        if handle is not None:
            return home, handle
    raise StorageError(f"folders for gpg vanish from {parent} as they are made; set TMPDIR to another place")


def _taken(home: Path) -> int | None:
    """
    The lock of a folder of ours; None if a living process has it, or it is not ours, or is gone.
    """
    try:
        handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        facts = os.fstat(handle)
        if _is_ours(facts) and os.path.samestat(facts, os.lstat(home)):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _is_ours(facts: os.stat_result) -> bool:
    return facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o077


def _dissolve(home: Path) -> None:
    try:
        if (home / "private-keys-v1.d").exists():
            _end_agent(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _end_agent(home: Path) -> None:
    """
    End the agent that gpg started here, and wait until it has ended: it holds the secret key.
    """
    said = run(
        ["gpg-connect-agent", "--homedir", home, "--no-autostart", "GETINFO pid", "KILLAGENT", "/bye"],
        timeout=_AGENT_SECONDS,
        env={"GNUPGHOME": str(home)},
        accept=range(256),
    ).stdout
    found = re.search(rb"^D (\d+)$", said, re.MULTILINE)
    if found is None:
        return
    try:
        process = os.pidfd_open(int(found.group(1)))
    except ProcessLookupError:
        return
    try:
        select.select([process], [], [], _AGENT_SECONDS)
    finally:
        os.close(process)
