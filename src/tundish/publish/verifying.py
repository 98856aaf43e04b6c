"""
Hash the files of a channel that are not the store's blobs under another name.

A link is verified with its blob. A copy has bytes of its own; a file whose blob is gone, or was fetched
again, may be the damaged one. Nothing is changed here but the note of when the copies were last hashed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import StorageError
from tundish.core.names import ChannelName
from tundish.publish import linking, standing
from tundish.publish.linking import Bond
from tundish.publish.run import Office
from tundish.publish.tree import TreeFile
from tundish.store.durable import on_disk

_CHUNK = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Spoilt:
    """
    A file that readers of a channel are told of, and what is wrong with it.
    """

    path: str
    digest: Digest  # as it is named
    detail: str


@dataclass(frozen=True, slots=True)
class Verified:
    files: int  # hashed
    bytes: int
    spoilt: tuple[Spoilt, ...]


def verify(
    office: Office,
    name: ChannelName,
    *,
    before: datetime | None = None,
    moved: Callable[[int], None] = lambda _: None,
    note: bool = True,
) -> Verified:
    """
    Hash what is no link of a sound blob; copies only if they were not hashed since `before`. `moved` hears
    of the bytes as they are read; without `note`, nothing is written down.

    Raises:
        NotFound: no such channel.
        StorageError: the disk refuses.
    """
    office.catalog.channels.get(name)
    root, at = office.channels / name, office.press.now()
    stands = standing.read(root, office.press.reader())
    are_copies_due = before is None or not _is_since(_noted(office, name), before, at)
    passed = {Bond.LINK} if are_copies_due else {Bond.LINK, Bond.COPY}
    found = [
        _examined(root, file, moved)
        for file in linking.named(stands.documents)
        if linking.bond(root, file, office.press.store) not in passed
    ]
    if note and are_copies_due:
        office.catalog.choices.set(_place(name), at.isoformat())
    return Verified(
        files=sum(size is not None for size, _ in found),
        bytes=sum(size or 0 for size, _ in found),
        spoilt=tuple(spoilt for _, spoilt in found if spoilt is not None),
    )


def _examined(root: Path, file: TreeFile, moved: Callable[[int], None]) -> tuple[int | None, Spoilt | None]:
    """
    How many bytes were hashed, None if it is not there; and what is wrong.
    """
    path = root / file.path
    if not path.is_file():
        return None, Spoilt(file.path, file.digest, "it is not there")
    try:
        size, actual = _hashed(path, moved)
    except StorageError as error:
        return None, Spoilt(file.path, file.digest, f"it cannot be read: {error}")
    if actual == file.digest:
        return size, None
    return size, Spoilt(file.path, file.digest, f"it has other bytes: {size}, with digest {actual}")


def _hashed(path: Path, moved: Callable[[int], None]) -> tuple[int, Digest]:
    seen, size = hashlib.sha256(), 0
    with on_disk(path), path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            seen.update(chunk)
            size += len(chunk)
            moved(len(chunk))
    return size, Digest(seen.hexdigest())


def _noted(office: Office, name: ChannelName) -> datetime | None:
    try:
        found = datetime.fromisoformat(office.catalog.choices.get(_place(name)) or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _is_since(moment: datetime | None, before: datetime, at: datetime) -> bool:
    return moment is not None and before <= moment <= at


def _place(name: ChannelName) -> str:
    return f"channel.hashed.{name}"
