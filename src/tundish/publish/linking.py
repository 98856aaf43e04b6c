"""
Put items in place: second names of the store's blobs, or copies where no link can be made.

A path never changes its content. What the channel names already is compared with the store's blob by what
the disk says of both, which costs two looks for each file and reads nothing; if it is not that blob, for
one was damaged and fetched again, the store's takes its place. Any other file is hashed before it stays.
"""

import hashlib
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Conflict
from tundish.core.image import Products
from tundish.core.names import ItemPath
from tundish.core.progress import UNWATCHED, Gauge
from tundish.publish.tree import TreeFile
from tundish.store.blobs import BlobSource
from tundish.store.durable import on_disk, sync_folder

_CHUNK = 1024 * 1024  # bytes
_COARSEST = 2_000_000_000  # nanoseconds; some file systems know of no shorter time


class Bond(StrEnum):
    """
    What a file of a tree has to do with the blob that it is meant to be.
    """

    LINK = "link"  # another name of it
    COPY = "copy"  # a file of its own, as long as the blob and not older
    ALONE = "alone"  # the store holds no such blob; its length is right
    STALE = "stale"  # it cannot be the blob: another length, or older than the blob
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Mended:
    """
    The files of a tree that were put right, and those that the store lacks the blob for.
    """

    renewed: tuple[ItemPath, ...] = ()
    lacking: tuple[ItemPath, ...] = ()


def named(documents: Iterable[Products]) -> tuple[TreeFile, ...]:
    """
    Every item that documents name, each path once.
    """
    found = {
        item.path: TreeFile(item.path, item.digest, item.size)
        for document in documents
        for product in document.products
        for version in product.versions
        for item in version.items
    }
    return tuple(file for _, file in sorted(found.items()))


def bond(root: Path, file: TreeFile, store: BlobSource) -> Bond:
    """
    Compare a file of a tree with the blob, without reading either.

    Raises:
        StorageError: the disk refuses.
    """
    mine = _facts(root / file.path)
    if mine is None:
        return Bond.ABSENT
    try:
        place = store.local_path(file.digest)
    except BlobMissing:
        return Bond.ALONE if mine.st_size == file.size else Bond.STALE
    blob = _facts(place) if place is not None else None
    if blob is None:
        return Bond.COPY if mine.st_size == file.size else Bond.STALE
    if os.path.samestat(mine, blob):
        return Bond.LINK
    slack = 0 if mine.st_dev == blob.st_dev else _COARSEST
    is_like_it = mine.st_size == blob.st_size and mine.st_mtime_ns + slack >= blob.st_mtime_ns
    return Bond.COPY if is_like_it else Bond.STALE


def mend(files: Sequence[TreeFile], root: Path, store: BlobSource, gauge: Gauge = UNWATCHED) -> Mended:
    """
    Put right what is not the store's blob any more, of files that the tree names.

    Raises:
        Stopped: `gauge` wants it to end; what is put right by then stays so.
        NoSpace, StorageError: the disk refuses.
    """
    wrong = [file for file in files if bond(root, file, store) in {Bond.STALE, Bond.ABSENT}]
    held = [file for file in wrong if store.has(file.digest)]
    gauge.more(len(held), sum(file.size for file in held))
    _place(held, held, root, store, gauge)
    return Mended(
        tuple(file.path for file in held), tuple(file.path for file in wrong if file not in set(held))
    )


def export(
    listed: Sequence[TreeFile],
    root: Path,
    store: BlobSource,
    stood: Collection[TreeFile],
    *,
    again: bool = False,
    gauge: Gauge = UNWATCHED,
) -> tuple[ItemPath, ...]:
    """
    Put the files in place, durably; of those that `stood` there before, the answer has what was put right.

    `again` says that all of them were offered here once, so that other bytes can only be damage, unless the
    documents that stand name just those.

    Raises:
        Conflict: a path holds other bytes, and not because they were damaged.
        BlobMissing: the store lacks a file.
        NoSpace, StorageError: the disk refuses.
        Stopped: `gauge` wants it to end; what is in place by then stays, and no index names it yet.
    """
    gauge.more(len(listed), sum(file.size for file in listed))
    before = {file.path: file.digest for file in (*(listed if again else ()), *stood)}
    absent = []
    for file in listed:
        if _is_there(root, file, store, before, gauge):
            gauge.passed(file.size)
        else:
            absent.append(file)
    for file in absent:
        if not store.has(file.digest):
            raise BlobMissing(file.digest, f"{file.path} cannot be published: the store")
    _place(listed, absent, root, store, gauge)
    return tuple(file.path for file in absent if before.get(file.path) == file.digest)


def _place(
    listed: Sequence[TreeFile], absent: Sequence[TreeFile], root: Path, store: BlobSource, gauge: Gauge
) -> None:
    """
    Put what is absent in place. A mark beside the tree says that this was begun: if it is found, whoever
    began was killed or stopped, and which folders were synced is not known.
    """
    mark = root.with_name(f".{root.name}.linking")
    unsure = listed if mark.exists() else absent
    if not unsure:
        return
    with on_disk(mark):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    for file in absent:
        _put(root / file.path, file.digest, store)
        gauge.passed(file.size)
    folders = {folder for file in unsure for folder in _between(root, (root / file.path).parent)}
    for folder in sorted({root.parent, *folders}, reverse=True):
        sync_folder(folder)
    with on_disk(mark):
        mark.unlink(missing_ok=True)


def _put(target: Path, digest: Digest, store: BlobSource) -> None:
    """
    Give a blob this name. What has the name now gives way in one step, so no reader misses it.
    """
    with on_disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        is_free = not os.path.lexists(target)
    if is_free:
        store.export(digest, target)
        return
    draft = target.with_name(f".tundish-{secrets.token_hex(8)}")
    store.export(digest, draft)
    with on_disk(target):
        draft.replace(target)


def _is_there(
    root: Path, file: TreeFile, store: BlobSource, before: Mapping[ItemPath, Digest], gauge: Gauge
) -> bool:
    """
    Whether the path already holds these bytes.

    Raises:
        Conflict: it holds others; a path never changes its content.
    """
    found = bond(root, file, store)
    if before.get(file.path) == file.digest:
        return found not in {Bond.STALE, Bond.ABSENT}
    if found in {Bond.LINK, Bond.ABSENT}:
        return found is Bond.LINK
    target = root / file.path
    if _hashed(target, gauge) == file.digest:
        return True
    raise Conflict(
        f"{target} was published with other bytes, and a path never changes; give the image a new version, "
        "or if that file is damaged, delete it and run this again"
    )


def _hashed(path: Path, gauge: Gauge) -> Digest:
    seen = hashlib.sha256()
    with on_disk(path), path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            seen.update(chunk)
            gauge.moved(0)  # it is counted when it stays
    return Digest(seen.hexdigest())


def _facts(path: Path) -> os.stat_result | None:
    with on_disk(path):
        try:
            return path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None


def _between(root: Path, folder: Path) -> Iterable[Path]:
    """
    The folders from `folder` up to `root`.
    """
    while folder != root and root in folder.parents:
        yield folder
        folder = folder.parent
    yield root
