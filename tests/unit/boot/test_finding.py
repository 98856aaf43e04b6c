import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tundish.boot.finding import Finder
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, NotFound

DATA = b"bytes"
DIGEST = Digest.of(DATA)


@dataclass
class Store:
    """
    One blob, at a place that may change, and how often it was asked for.
    """

    place: Path | None
    asked: list[Digest] = field(default_factory=list)

    def local_path(self, digest: Digest) -> Path | None:
        self.asked.append(digest)
        if self.place is not None and not self.place.exists():
            raise BlobMissing(digest)
        return self.place


@pytest.fixture
def store(tmp_path: Path) -> Store:
    place = tmp_path / "blob"
    place.write_bytes(DATA)
    return Store(place)


async def read(finder: Finder) -> bytes:
    file, _ = await finder.open(DIGEST)
    with file:
        return file.read()


def test_the_store_is_asked_once(store: Store) -> None:
    """
    Fifty machines that want the same bytes cost the store one question.
    """

    async def many() -> list[bytes]:
        finder = Finder(store)
        return [await read(finder) for _ in range(50)]

    assert ([DATA] * 50, [DIGEST]) == (asyncio.run(many()), store.asked)


def test_a_blob_that_moved_is_found_again(store: Store, tmp_path: Path) -> None:
    """
    When the remembered place is empty, the store has the last word.
    """

    async def moved() -> bytes:
        finder = Finder(store)
        await read(finder)
        if store.place is not None:
            store.place = store.place.rename(tmp_path / "elsewhere")
        return await read(finder)

    assert DATA == asyncio.run(moved())


def test_a_blob_that_was_removed_is_missing(store: Store) -> None:
    """
    What the store gave up is not served from memory.
    """

    async def removed() -> None:
        finder = Finder(store)
        await read(finder)
        if store.place is not None:
            store.place.unlink()
        await read(finder)

    with pytest.raises(BlobMissing):
        asyncio.run(removed())


def test_a_store_without_files_is_not_found() -> None:
    """
    A store that keeps the bytes elsewhere cannot be served from by this door, and the message says so.
    """
    with pytest.raises(NotFound, match="elsewhere"):
        asyncio.run(read(Finder(Store(None))))
