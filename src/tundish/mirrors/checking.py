"""
Look at a mirror with a reader's eyes: is every file that its catalogue says it holds there, and sound?

Each file is hashed once, however many names it has. Only `quarantine` changes anything: it takes the
damaged ones out, and the next run fetches them again.
"""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tundish.catalog.lock import held as locked
from tundish.catalog.lock import shared
from tundish.core.digest import Digest
from tundish.core.errors import NotFound
from tundish.core.names import ItemPath
from tundish.mirrors.plan import files
from tundish.mirrors.record import Notes
from tundish.mirrors.tree import Tree
from tundish.store.durable import on_disk
from tundish.store.local import LocalStore


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What was found. `foreign` files are named by nothing; they may be somebody's, so they are left alone.
    """

    files: int
    bytes: int
    missing: tuple[ItemPath, ...]
    damaged: tuple[ItemPath, ...]
    foreign: tuple[ItemPath, ...]

    @property
    def is_sound(self) -> bool:
        return not (self.missing or self.damaged)


def check(root: Path, *, quarantine: bool, holder: str) -> Checked:
    """
    Hash everything that the mirror lists again.

    Raises:
        NotFound: the folder is no mirror of ours.
        Busy: a run has the folder.
        StorageError: the disk refuses.
    """
    notes = Notes(root)
    if not notes.folder.is_dir():
        raise NotFound(f"{root} is not a mirror of tundish; make one: tundish mirror SOURCE {root}")
    with _lock(notes.folder / "lock", f"the mirror {root}", holder, quarantine=quarantine):
        record = notes.record()
        held = files(notes.held(record.origins))
        wanted = {path: item.digest.hex for path, item in held.items()} | record.standing()
        looked = _Look(Tree(root))
        for path, digest in sorted(wanted.items()):
            looked.at(path, digest)
        named = {*wanted, *notes.going()}
        foreign = tuple(sorted(path for path in Tree(root).walk() if path not in named))
        if quarantine:
            _take_out(looked, wanted, notes)
    missing, damaged = tuple(looked.missing), tuple(looked.damaged)
    return Checked(len(wanted), looked.bytes, missing, damaged, foreign)


def _lock(path: Path, name: str, holder: str, *, quarantine: bool) -> AbstractContextManager[None]:
    return locked(path, name, holder) if quarantine else shared(path, name)


@dataclass(slots=True)
class _Look:
    tree: Tree
    bytes: int = 0
    missing: list[ItemPath] = field(default_factory=list)
    damaged: list[ItemPath] = field(default_factory=list)
    hashed: dict[tuple[int, int], str] = field(default_factory=dict)  # by device and inode

    def at(self, path: ItemPath, digest: str) -> None:
        if self.tree.size(path) is None:
            self.missing.append(path)
        elif self._digest(self.tree.root / path) != digest:
            self.damaged.append(path)

    def _digest(self, path: Path) -> str:
        with on_disk(path), path.open("rb") as stream:
            facts = path.stat()
            known = self.hashed.get((facts.st_dev, facts.st_ino))
            if known is None:
                known = hashlib.file_digest(stream, "sha256").hexdigest()
                self.hashed[facts.st_dev, facts.st_ino] = known
                self.bytes += facts.st_size
        return known


def _take_out(looked: _Look, wanted: Mapping[ItemPath, str], notes: Notes) -> None:
    store = LocalStore(notes.folder / "store")
    for path in looked.damaged:
        looked.tree.remove(path)
        store.quarantine(Digest(wanted[path]))
    looked.tree.sync()
