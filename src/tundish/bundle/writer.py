"""
Write a bundle, from first byte to last, into a file or a pipe.

A file has its name only once it is whole and on the disk. Each blob is hashed once more on its way out,
so that a damaged store makes no bundle.
"""

import fcntl
import glob
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tundish.bundle import manifest, ustar
from tundish.bundle.contents import Text
from tundish.bundle.manifest import Manifest
from tundish.core.digest import Digest
from tundish.core.errors import Busy, IntegrityError, NoSpace, NotFound
from tundish.store.arrival import drop
from tundish.store.blobs import Blob, BlobSource
from tundish.store.durable import CHUNK, already_there, on_disk, sync_folder

Moved = Callable[[int], None]  # so many more bytes; raises Stopped to end it


@dataclass(frozen=True, slots=True)
class Draft:
    """
    All of a bundle but its blobs.
    """

    manifest: Manifest
    digest: Digest  # of the manifest's text
    opening: bytes  # that text, signed
    texts: tuple[Text, ...]

    @property
    def size(self) -> int:
        """
        Bytes of the whole file.
        """
        return manifest.length(self.manifest, len(self.opening))


def write(output: BinaryIO, draft: Draft, *, store: BlobSource, moved: Moved) -> None:
    """
    Write the members in their order.

    Raises:
        BlobMissing, IntegrityError: the store does not hold a blob as it should.
        Stopped: `moved` wants no more.
    """
    _member(output, manifest.OPENING, draft.opening)
    for member, text in zip(draft.manifest.documents, draft.texts, strict=True):
        _member(output, member.name, text.data)
    for member, blob in zip(draft.manifest.carried, draft.manifest.blobs, strict=True):
        output.write(ustar.header(member.name, blob.size))
        _pour(output, blob, store, moved)
        output.write(bytes(ustar.padding(blob.size)))
    output.write(ustar.END)


def _member(output: BinaryIO, name: str, data: bytes) -> None:
    output.write(ustar.header(name, len(data)))
    output.write(data)
    output.write(bytes(ustar.padding(len(data))))


def _pour(output: BinaryIO, blob: Blob, store: BlobSource, moved: Moved) -> None:
    found = hashlib.sha256()
    left = blob.size
    with store.open(blob.digest) as content:
        while chunk := content.read(min(CHUNK, left)):
            found.update(chunk)
            output.write(chunk)
            left -= len(chunk)
            moved(len(chunk))
    if left or found.hexdigest() != blob.digest.hex:
        raise IntegrityError(
            f"the store's blob {blob.digest} is damaged, so no bundle was made; run: tundish store verify "
            "--quarantine, then tundish sync, and export again"
        )


def check_target(target: Path) -> None:
    """
    Let a place for a new file pass.

    Raises:
        NotFound: there is no folder for it.
        Conflict: there is something already.
    """
    if not target.absolute().parent.is_dir():
        raise NotFound(f"there is no folder {target.absolute().parent} to write the bundle to; create it")
    if os.path.lexists(target):
        raise already_there(target)


@contextmanager
def new_file(target: Path, size: int) -> Iterator[BinaryIO]:
    """
    A file of `size` bytes that gets its name when the context is left, whole and durable; left by an error
    it leaves nothing. What a killed process left beside it is removed.

    Raises:
        Conflict: there is something at `target`.
        NoSpace: it will not fit, or did not.
        StorageError: the disk refuses otherwise.
    """
    target = target.absolute()
    check_target(target)
    coming = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    with on_disk(target):
        for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
            with suppress(Busy):
                drop(left)
        free = shutil.disk_usage(target.parent).free
        if free < size:
            raise NoSpace(str(target.parent), size, free)
        try:
            with coming.open("xb", buffering=CHUNK) as output:
                fcntl.flock(output, fcntl.LOCK_EX)
                yield output
                output.flush()
                os.fsync(output.fileno())
                if os.path.lexists(target):
                    raise already_there(target)
                coming.rename(target)
        finally:
            coming.unlink(missing_ok=True)
    sync_folder(target.parent)
