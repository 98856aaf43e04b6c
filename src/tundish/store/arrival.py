"""
Bytes on their way into a local store: one file, one writer among all processes, hashed as they pass.

The writer holds a `flock` on the file itself, so a killed process frees it at once. A file may get its
final name or be dropped while another process waits to claim it; `_claim` never hands out such a file,
because writing to it would change a blob.
"""

import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import Busy
from tundish.store.durable import CHUNK, READ_ONLY, Sync, on_disk
from tundish.store.flushing import Flushing
from tundish.store.hashing import Begun, Hashing

_ATTEMPTS = 100
_REMEMBERED = 1_000  # files; some hundred bytes each
_WRITABLE = 0o600


@dataclass(frozen=True, slots=True)
class _Known:
    """
    The file as its last writer left it, and the hash of what was in it then.
    """

    inode: int
    size: int
    changed: int  # nanoseconds
    hash: Begun


class Memory:
    """
    The hashes of files that were let go of before their end, so that who goes on with one need not read it
    back. A file that was changed meanwhile is not known. Safe for many threads.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Path, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, path: Path, facts: os.stat_result, begun: Begun) -> None:
        with self._lock:
            self._known[path] = _Known(facts.st_ino, facts.st_size, facts.st_mtime_ns, begun)
            self._known.move_to_end(path)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def take(self, path: Path, facts: os.stat_result) -> Begun | None:
        with self._lock:
            known = self._known.pop(path, None)
        if known and (known.inode, known.size, known.changed) == (
            facts.st_ino,
            facts.st_size,
            facts.st_mtime_ns,
        ):
            return known.hash
        return None


class Arrival:
    """
    A claimed file and the hash of what is in it. What an earlier attempt left is read back first, unless
    `memory` knows its hash.

    Raises:
        Busy: another writer holds it.
        NoSpace, StorageError: from every method, when the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        home_of: Callable[[Digest], Path],
        named: Callable[[Path], None],
        sync: Sync,
        memory: Memory | None = None,
    ) -> None:
        self._path, self._home_of, self._named, self._sync = path, home_of, named, sync
        self._settled, self._memory = False, memory
        self.size, self._hash = 0, Hashing()
        with on_disk(path):
            self._handle, length = _claim(path)
        self._flushing = Flushing(self._handle, sync)
        begun = memory.take(path, os.fstat(self._handle)) if memory and length else None
        if begun is not None:
            self.size, self._hash = length, Hashing(begun)
        elif length:
            self._read_back()

    def _read_back(self) -> None:
        with on_disk(self._path), ExitStack() as undo:
            undo.callback(os.close, self._handle)
            undo.callback(self._hash.close)
            while chunk := os.pread(self._handle, CHUNK, self.size):
                self._hash.update(chunk)
                self.size += len(chunk)
            undo.pop_all()

    @property
    def digest(self) -> Digest:
        return Digest(self._hash.hexdigest())

    def append(self, chunk: bytes) -> None:
        """
        Write and hash the next bytes; on a full disk, those that still went in stay counted.
        """
        rest = memoryview(chunk)
        with on_disk(self._path):
            while rest:
                written = os.pwrite(self._handle, rest, self.size)
                self._hash.update(rest[:written])
                self.size += written
                rest = rest[written:]
            with self._all_or_nothing():
                self._flushing.wrote(len(chunk))

    def read_at(self, offset: int, length: int) -> bytes:
        with on_disk(self._path):
            return os.pread(self._handle, length, offset)

    def make_last(self) -> None:
        with on_disk(self._path), self._all_or_nothing():
            self._flushing.wait()
            self._sync(self._handle)

    def empty(self) -> None:
        self._forget()
        with on_disk(self._path):
            os.ftruncate(self._handle, 0)

    def settle(self) -> None:
        """
        Give the bytes, once they are durable, their final name. A file of that name and length stays as
        it is. The name lasts once its folder is synced: `named` is told of it after the renaming.
        """
        home = self._home_of(self.digest)
        with on_disk(self._path):
            if _length(home) == self.size:
                self._path.unlink()
            else:
                self._seal()
                self._name(home)
            self._settled = True
        self._named(home.parent)

    def close(self, *, keep: bool) -> None:
        """
        Let go of the file. Unless it has settled, it stays only if `keep` and there are bytes in it.
        """
        try:
            with on_disk(self._path):
                if not self._flushing.ended_well():
                    self._forget()
                if not self._settled and not (keep and self.size):
                    self._path.unlink(missing_ok=True)
                elif not self._settled and self._memory:
                    self._memory.keep(self._path, os.fstat(self._handle), self._hash.begun())
        finally:
            self._hash.close()
            self._flushing.close()
            os.close(self._handle)

    def _name(self, home: Path) -> None:
        try:
            self._path.rename(home)
        except FileNotFoundError:  # its folder is not there yet; it lasts as the name in it does
            home.parent.mkdir(exist_ok=True)
            self._path.rename(home)

    def _seal(self) -> None:
        # Committers sync side by side; the journal joins them. On ext4, 8 threads, against one syncfs
        # per batch: 1,600 x 256 KiB 2.9 to 3.2 s; 800 x 1 KiB while others write 0.6 to 5.0 s.
        os.fchmod(self._handle, READ_ONLY)
        with self._all_or_nothing():
            self._flushing.wait()
            self._sync(self._handle)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._forget()  # after a failed sync nobody knows which bytes are on the disk
            raise

    def _forget(self) -> None:
        self._hash.close()
        self.size, self._hash = 0, Hashing()


def drop(path: Path) -> None:
    """
    Remove a file that nobody writes. Removing what is not there changes nothing.

    Raises:
        Busy: somebody does.
    """
    with on_disk(path):
        if os.path.lexists(path):
            handle, _ = _claim(path)
            try:
                path.unlink(missing_ok=True)
            finally:
                os.close(handle)


def _claim(path: Path) -> tuple[int, int]:
    """
    A descriptor of the file at `path`, made if need be, with its lock held; and the length of the file.
    """
    refusal: Exception = _busy(path)
    for _ in range(_ATTEMPTS):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _WRITABLE)
        except PermissionError as error:  # lasting if the folder refuses, passing if the file is sealed
            refusal = error
            _unseal(path)
            continue
        length = None
        try:
            length = _locked(handle, path)
        finally:
            if length is None:
                os.close(handle)
        if length is not None:
            return handle, length
    raise refusal


def _unseal(path: Path) -> None:
    """
    Make a file writable again whose writer was killed between sealing it and giving it its name.
    """
    with suppress(FileNotFoundError), path.open("rb") as sealed:
        if _locked(sealed.fileno(), path) is not None:
            os.fchmod(sealed.fileno(), _WRITABLE)


def _locked(handle: int, path: Path) -> int | None:
    """
    Lock an open file; its length, or None if it is no longer the one that has this name.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _busy(path) from None
    try:
        facts = os.fstat(handle)
        return facts.st_size if os.path.samestat(facts, os.lstat(path)) else None
    except FileNotFoundError:
        return None


def _busy(path: Path) -> Busy:
    return Busy(f"{path.stem} is being taken in by another run ({path}); wait for that run to end")


def _length(path: Path) -> int | None:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return None
