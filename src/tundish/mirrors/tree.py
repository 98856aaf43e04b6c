"""
The folder that readers see: files are added and given their names whole; nothing outside is touched.

A file gets its name by linking or renaming, so a reader finds all of it or none. Links in the way are
refused, because they may lead anywhere.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import Conflict, StorageError
from tundish.core.names import ItemPath
from tundish.mirrors.plan import OWN
from tundish.store.blobs import BlobSource
from tundish.store.durable import make_folder, on_disk, sync_folder

_MANY = 64  # folders to sync one by one; for more, one sync of everything is quicker


class Tree:
    """
    Used from one thread. Nothing is made before `make`; only who holds the lock may `sweep` and write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._work = root / OWN / "work"
        self._own: set[Path] = {root}  # folders known to be no links
        self._unsynced: set[Path] = set()
        self._drafts = 0

    def make(self) -> None:
        """
        Make the folder.

        Raises:
            StorageError: it cannot be made or used.
        """
        make_folder(self._work)

    def sweep(self) -> None:
        """
        Drop the drafts of a run that was killed.
        """
        with on_disk(self._work):
            for draft in self._work.iterdir():
                draft.unlink()

    def size(self, path: ItemPath) -> int | None:
        """
        Of a regular file; None if there is none.
        """
        try:
            facts = os.lstat(f"{self.root}/{path}")  # tens of thousands of times in a run that does nothing
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(error) from error
        return facts.st_size if stat.S_ISREG(facts.st_mode) else None

    def is_blob(self, path: ItemPath, digest: Digest, store: BlobSource) -> bool:
        """
        Whether the file is another name of the blob.
        """
        if self.size(path) is None or not store.has(digest):
            return False
        blob = store.local_path(digest)
        with on_disk(self.root / path):
            return blob is not None and os.path.samestat((self.root / path).lstat(), blob.lstat())

    def put(self, path: ItemPath, digest: Digest, store: BlobSource) -> None:
        """
        Give a blob this name in the tree, in place of what has it.

        Raises:
            Conflict: a link or a file stands where a folder must be.
        """
        target = self._target(path)
        if not os.path.lexists(target):
            store.export(digest, target)
        elif not self.is_blob(path, digest, store):
            draft = self._draft()
            store.export(digest, draft)
            self._name(draft, target)

    def write(self, path: ItemPath, data: bytes) -> None:
        """
        Write a document in place of what has its name; readers see the old one or the new one.
        """
        target, draft = self._target(path), self._draft()
        with on_disk(target), draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        self._name(draft, target)

    def read(self, path: ItemPath) -> bytes | None:
        """
        A document, or None if there is none.
        """
        if self.size(path) is None:
            return None
        with on_disk(self.root / path):
            return (self.root / path).read_bytes()

    def remove(self, path: ItemPath) -> bool:
        """
        Take a file out, and the folders it leaves empty. False if there was none, or a link leads there.
        """
        target = self.root / path
        with on_disk(target):
            if any(folder.is_symlink() for folder in self._above(target)):
                return False
            try:
                target.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return False
        with suppress(OSError):  # the first folder that is not empty
            for folder in self._above(target):
                folder.rmdir()
                self._own.discard(folder)
                self._unsynced.discard(folder)
        return True

    def sync(self) -> None:
        """
        Make the names of all that was put and written last through a power cut.
        """
        folders, self._unsynced = self._unsynced, set()
        if len(folders) > _MANY:
            os.sync()
            return
        for folder in sorted(folders, reverse=True):
            sync_folder(folder)

    def walk(self) -> Iterator[ItemPath]:
        """
        Every file and link of the tree, our own notes left out.
        """
        for folder, folders, names in os.walk(self.root, onerror=_raise):
            here = Path(folder)
            if here == self.root and OWN in folders:
                folders.remove(OWN)
            links = [name for name in folders if (here / name).is_symlink()]
            yield from (
                ItemPath((here / name).relative_to(self.root).as_posix()) for name in [*names, *links]
            )

    def _target(self, path: ItemPath) -> Path:
        target = self.root / path
        self._make(target.parent)
        self._unsynced.add(target.parent)
        return target

    def _make(self, folder: Path) -> None:
        if folder in self._own:
            return
        self._make(folder.parent)
        with on_disk(folder):
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise Conflict(
                    f"{folder} is a link or a file, and the mirror needs a folder there; "
                    "move it away, or mirror into another folder"
                )
            if not folder.is_dir():
                folder.mkdir()
                self._unsynced.add(folder.parent)
        self._own.add(folder)

    def _above(self, target: Path) -> Iterator[Path]:
        """
        The folders from a file up to the root, the deepest first.
        """
        folder = target.parent
        while folder != self.root:
            yield folder
            folder = folder.parent

    def note(self, name: str, data: bytes) -> None:
        """
        Write a file of our own notes.
        """
        self.write(ItemPath(f"{OWN}/{name}"), data)

    def forget(self, name: str) -> None:
        self.remove(ItemPath(f"{OWN}/{name}"))

    def _draft(self) -> Path:
        self._drafts += 1
        return self._work / f"{self._drafts}.new"

    def _name(self, draft: Path, target: Path) -> None:
        with on_disk(target):
            try:
                draft.rename(target)
            finally:
                draft.unlink(missing_ok=True)


def _raise(error: OSError) -> None:
    raise _refused(error) from error


def _refused(error: OSError) -> StorageError:
    return StorageError(f"{error.filename}: {error.strerror}; check the disk and who owns it")
