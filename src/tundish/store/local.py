"""
The store in a folder of this machine. Nobody else opens a file below it.

    root/
    ├── blobs/ab/<hex>        whole and durable, read-only, named by its sha256: all that is visible
    ├── ingest/<hex>.part     on its way in, under the name it was promised; locked while it is written
    ├── ingest/<random>.new   bytes whose name is not known yet; left by a killed process, it is
    │                         swept when the store is next opened (the lock tells)
    └── quarantine/<hex>      damaged, kept for a person to look at
"""

import errno
import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Busy, InputError, InvalidName, StorageError
from tundish.store.arrival import Arrival, Memory, drop
from tundish.store.blobs import Blob, Ingest, Receipt
from tundish.store.durable import (
    Sync,
    already_there,
    copy_to,
    make_folder,
    on_disk,
    sync_folder,
    sync_folders,
)
from tundish.store.foreign import foreign
from tundish.store.promise import NamelessReceipt, PromisedIngest

_PART, _NEW = ".part", ".new"
# Another file system, too many links to one file, or a file system that knows or allows no links.
_NO_LINK = frozenset({errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP})


class LocalStore:
    """
    Blobs in a folder, which is made if need be. Safe for many threads and many processes at once.

    `sync` and `link` are what makes a descriptor durable and what gives a file a second name.

    Raises:
        StorageError: the folder cannot be made or used; every other method too.
    """

    def __init__(
        self,
        root: Path,
        *,
        sync: Sync = os.fsync,
        link: Callable[[Path, Path], None] = os.link,
    ) -> None:
        self._root = root.absolute()
        self._blobs, self._coming = self._root / "blobs", self._root / "ingest"
        self._damaged = self._root / "quarantine"
        self._sync, self._link = sync, link
        self._lock, self._unsynced = threading.Lock(), set[Path]()
        self._memory = Memory()
        for folder in (self._blobs, self._coming, self._damaged):
            make_folder(folder, sync)
        self._sweep()

    def __repr__(self) -> str:
        return f"LocalStore({str(self._root)!r})"

    def size(self, digest: Digest) -> int:
        with on_disk(self._home(digest)):
            try:
                return self._home(digest).lstat().st_size
            except FileNotFoundError:
                raise self._missing(digest) from None

    def has(self, digest: Digest) -> bool:
        with suppress(BlobMissing):
            return self.size(digest) >= 0
        return False

    def open(self, digest: Digest) -> BinaryIO:
        with on_disk(self._home(digest)):
            try:
                return self._home(digest).open("rb")
            except FileNotFoundError:
                raise self._missing(digest) from None

    def local_path(self, digest: Digest) -> Path:
        self.size(digest)
        return self._home(digest)

    def export(self, digest: Digest, target: Path) -> None:
        """
        Give the blob a second name, or copy it durably where no link can be made.

        A link is as durable as the folder it is in: whoever exports many files calls `sync_folder` once.

        Raises:
            BlobMissing: not held.
            Conflict: there is something at `target`.
        """
        source = self.local_path(digest)
        with on_disk(target):
            try:
                self._link(source, target)
            except FileExistsError:
                raise already_there(target) from None
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
            else:
                return
        with self.open(digest) as content:
            copy_to(target, content, self._sync)

    @contextmanager
    def ingest(self, expected: Digest, size: int) -> Iterator[Ingest]:
        """
        Begin or resume taking in the blob of this name and length.

        Raises:
            Busy: another writer is taking it in right now.
        """
        if size < 0:
            raise InputError(f"{expected} cannot have {size} bytes; give the length the source promised")
        arrival = Arrival(self._part(expected), self._home, self._note, self._sync)
        try:
            yield PromisedIngest(arrival, Blob(expected, size))
        finally:
            arrival.close(keep=True)

    @contextmanager
    def receive(self, name: Digest) -> Iterator[Receipt]:
        """
        Begin or resume taking in bytes whose digest is not known yet, under a name of their own.

        Raises:
            Busy: another writer is taking them in right now.
        """
        arrival = Arrival(self._part(name), self._home, self._sync_at_once, self._sync, self._memory)
        try:
            yield NamelessReceipt(arrival)
        finally:
            arrival.close(keep=True)

    def sync(self) -> None:
        with self._lock:
            folders, self._unsynced = self._unsynced, set()
        try:
            if folders:
                sync_folders(sorted(folders), self._sync)
                sync_folder(self._blobs, self._sync)  # some of these may be new in it
        except StorageError:
            with self._lock:
                self._unsynced |= folders
            raise

    def add(self, chunks: Iterable[bytes]) -> Blob:
        path = self._coming / f"{secrets.token_hex(16)}{_NEW}"
        arrival = Arrival(path, self._home, self._sync_at_once, self._sync)
        try:
            for chunk in chunks:
                arrival.append(chunk)
            arrival.settle()
        finally:
            arrival.close(keep=False)
        return Blob(arrival.digest, arrival.size)

    def free(self) -> int:
        with on_disk(self._root):
            return shutil.disk_usage(self._root).free

    def walk(self) -> Iterator[Blob]:
        with on_disk(self._blobs):
            shards = sorted(folder for folder in self._blobs.iterdir() if folder.is_dir())
        for shard in shards:
            yield from (blob for blob in self._listed(shard) if blob.digest.hex.startswith(shard.name))

    def stamp(self) -> str:
        """
        Of names only: looking at every file would take as long as a walk.
        """
        names = hashlib.sha256()
        with on_disk(self._blobs):
            for shard in _names(self._blobs):
                with suppress(NotADirectoryError):
                    names.update("\n".join(_names(self._blobs / shard)).encode())
        return names.hexdigest()

    def remove(self, digest: Digest) -> None:
        with on_disk(self._home(digest)):
            self._home(digest).unlink(missing_ok=True)

    def unfinished(self) -> Iterator[Blob]:
        yield from self._listed(self._coming, _PART)

    def discard(self, digest: Digest) -> None:
        drop(self._part(digest))

    def quarantine(self, digest: Digest) -> None:
        home = self._home(digest)
        with on_disk(home):
            try:
                home.replace(self._damaged / digest.hex)
            except FileNotFoundError:
                return
        sync_folder(self._damaged, self._sync)
        sync_folder(home.parent, self._sync)

    def quarantined(self) -> Iterator[Blob]:
        yield from self._listed(self._damaged)

    def foreign(self) -> Iterator[str]:
        yield from foreign(self._root)

    def _note(self, folder: Path) -> None:
        """
        A folder has a new name in it, to be synced. Told after the renaming, never before.
        """
        with self._lock:
            self._unsynced.add(folder)

    def _sync_at_once(self, folder: Path) -> None:
        sync_folder(folder, self._sync)
        sync_folder(self._blobs, self._sync)

    def _home(self, digest: Digest) -> Path:
        return Path(f"{self._blobs}/{digest.hex[:2]}/{digest.hex}")

    def _part(self, digest: Digest) -> Path:
        return Path(f"{self._coming}/{digest.hex}{_PART}")

    def _missing(self, digest: Digest) -> BlobMissing:
        return BlobMissing(digest, f"the store {self._root}")

    def _sweep(self) -> None:
        with on_disk(self._coming):
            left = list(self._coming.glob(f"*{_NEW}"))
        for path in left:
            with suppress(Busy):
                drop(path)

    def _listed(self, folder: Path, suffix: str = "") -> list[Blob]:
        """
        The blobs of a folder in order; what is not named like one is not ours and is passed over.
        """
        blobs = []
        with on_disk(folder), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(InvalidName, FileNotFoundError):
                    digest = Digest(entry.name.removesuffix(suffix))
                    if entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        blobs.append(Blob(digest, facts.st_size, _moment(facts.st_mtime)))
        return sorted(blobs, key=lambda blob: blob.digest)


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a time that no calendar has
        return None


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)
