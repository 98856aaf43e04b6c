"""
Looking after a store: is every blob still what its name says, and how much is there?

A store knows a blob by its digest alone, so a flipped bit, a lost end and an added tail are one and the
same finding: other bytes than named, with the length found and the digest found. An unreadable blob is
a finding too, never the end of the search. Nothing is ever deleted here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import BinaryIO

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, StorageError
from tundish.store.blobs import Blob, BlobJanitor
from tundish.store.durable import CHUNK


class Fault(StrEnum):
    OTHER_BYTES = "other bytes"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Damage:
    """
    One blob that is not what its name says: its name and the length found.
    """

    blob: Blob
    fault: Fault
    actual: Digest | None  # None: it could not be read
    detail: str  # for people
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was looked at, and everything that is wrong with it.
    """

    blobs: int
    bytes: int
    damaged: tuple[Damage, ...]

    @property
    def is_sound(self) -> bool:
        return not self.damaged


@dataclass(frozen=True, slots=True)
class Usage:
    blobs: int
    bytes: int
    unfinished: int
    unfinished_bytes: int
    free: int | None  # None: the store cannot know


def _in_silence(_: Blob) -> None:
    pass


def _uncounted(_: int) -> None:
    pass


def verify(
    store: BlobJanitor,
    *,
    progress: Callable[[Blob], None] = _in_silence,
    quarantine: bool = False,
) -> Report:
    """
    Hash every blob again and report all that are damaged; `progress` hears of each one that was looked at.

    With `quarantine`, damaged blobs are taken out of sight, so that the next sync fetches them again.
    """
    blobs, size = 0, 0
    damaged: list[Damage] = []
    for blob in store.walk():
        try:
            damage = examined(store, blob)
        except BlobMissing:
            continue  # removed by somebody while we walked
        blobs, size = blobs + 1, size + blob.size
        if damage:
            damaged.append(set_aside(store, damage) if quarantine else damage)
        progress(blob)
    return Report(blobs, size, tuple(damaged))


def usage(store: BlobJanitor) -> Usage:
    """
    How much is held, how much is on its way, and how much still fits.
    """
    held = [blob.size for blob in store.walk()]
    coming = [blob.size for blob in store.unfinished()]
    return Usage(len(held), sum(held), len(coming), sum(coming), store.free())


def examined(store: BlobJanitor, blob: Blob, moved: Callable[[int], None] = _uncounted) -> Damage | None:
    """
    What is wrong with a blob, after hashing it; `moved` hears of the bytes as they are read.

    Raises:
        BlobMissing: it is not there any more.
    """
    try:
        with store.open(blob.digest) as content:
            actual = _digest_of(content, moved)
    except (OSError, StorageError) as error:
        return Damage(blob, Fault.UNREADABLE, None, f"{blob.digest} cannot be read: {error}")
    if actual == blob.digest:
        return None
    return Damage(
        blob, Fault.OTHER_BYTES, actual, f"{blob.digest} has other bytes: {blob.size}, with digest {actual}"
    )


def _digest_of(content: BinaryIO, moved: Callable[[int], None]) -> Digest:
    seen = hashlib.sha256()
    while chunk := content.read(CHUNK):
        seen.update(chunk)
        moved(len(chunk))
    return Digest(seen.hexdigest())


def set_aside(store: BlobJanitor, damage: Damage) -> Damage:
    """
    Take a damaged blob out of sight, or say why that cannot be done.
    """
    try:
        store.quarantine(damage.blob.digest)
    except StorageError as error:
        return replace(damage, detail=f"{damage.detail}; it could not be quarantined: {error}")
    return replace(damage, quarantined=True)
