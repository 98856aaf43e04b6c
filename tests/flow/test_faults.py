"""
What goes wrong on the way and on the disk, with figures: a long file over a link that is always cut,
documents that change while they are read, and a catalog whose last write did not get through.
"""

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.hostile_server import Exchange, HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, region
from tests.support.stream_simulator import StreamSimulator
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import DigestMismatch, RolledBack, StorageError
from tundish.fetch.fetcher import MIB
from tundish.fetch.http import HttpFetcher

IMAGE = "ubuntu/noble/amd64/ga-24.04"
FIRST, SECOND = f"{IMAGE}@20260101", f"{IMAGE}@20260102"
VICTIM = "noble/amd64/20260101/squashfs"
LONG = 200 * MIB
TAG = '"of-the-long-file"'  # hashing it for every request would take minutes
EVENTS = 40


# ---- a link that is always cut


def cut_each_mebibyte(exchange: Exchange) -> None:
    body, start = memoryview(exchange.content or b""), exchange.wanted(etag=TAG)
    facts = {"ETag": TAG, "Content-Length": str(len(body) - start)}
    if start:
        facts["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    exchange.head(206 if start else 200, facts)
    exchange.body(bytes(body[start : start + MIB]))
    exchange.close_connection = True


@pytest.mark.slow
def test_a_file_of_200_mib_comes_over_a_link_that_is_cut_every_mib(tmp_path: Path) -> None:
    """
    It is complete after 200 requests, each for what the one before did not bring.
    """
    stream = StreamSimulator()
    stream.add(items={"squashfs": bytes(range(256)) * (LONG // 256)})
    stream.publish(DAY)
    with HostileServer(stream.files) as server, HttpFetcher() as fetcher:
        stream.url = server.url
        server.behave(VICTIM, cut_each_mebibyte)
        with region(tmp_path, fetcher) as lab:
            lab.add(stream)
            lab.select()
            lab.sync()

            assert ({FIRST: "complete"}, LONG, 200) == (
                lab.states(),
                lab.watch.bytes,
                server.count(VICTIM),
            )


# ---- documents that change while they are read


class Swapping(StreamSimulator):
    """
    A source that becomes another one just before its products file is asked for.
    """

    other: StreamSimulator | None = None

    def _asked(self, url: str) -> str:
        if self.other is not None and url.endswith(self.products_path):
            files, self.other = self.other.files, None
            self.files.clear()
            self.files.update(files)
        return super()._asked(url)


def day(number: int) -> StreamSimulator:
    """
    The source as it is on a day: one more version each.
    """
    stream = StreamSimulator(key().signer(at=MADE_AT))
    for version in range(number):
        stream.add(version=f"2026010{version + 1}")
    stream.publish(DAY + timedelta(days=number - 1))
    return stream


@pytest.fixture
def swapping() -> Swapping:
    stream = Swapping(key().signer(at=MADE_AT))
    stream.files = day(2).files
    return stream


def test_a_newer_products_file_between_two_fetches_is_taken_as_it_is(
    tmp_path: Path, swapping: Swapping
) -> None:
    """
    Each document is fetched once, and what was verified is what is synced: all of tomorrow's version.
    """
    swapping.other = day(3)
    with region(tmp_path, swapping) as lab:
        lab.add(swapping)
        lab.select()
        lab.sync()

        assert ({f"{IMAGE}@20260103": "complete"}, 1, 1) == (
            lab.states(),
            swapping.requests.count(swapping.index_path),
            swapping.requests.count(swapping.products_path),
        )


def test_an_older_products_file_between_two_fetches_is_refused(tmp_path: Path, swapping: Swapping) -> None:
    """
    Yesterday's document behind today's index carries a good signature, and is older than what was accepted.
    """
    with region(tmp_path, swapping) as lab:
        lab.add(swapping)
        lab.select()
        lab.sync()
        before = lab.states(), lab.blobs()
        swapping.files, swapping.other = day(3).files, day(1)
        lab.tomorrow()

        with pytest.raises(RolledBack, match="is of 2026-01-02 "):
            lab.sync()

        assert before == (lab.states(), lab.blobs())


def test_a_file_that_changes_behind_its_document_is_not_taken(tmp_path: Path, swapping: Swapping) -> None:
    """
    The bytes of tomorrow under the name of today do not have the digest that was signed.
    """
    path = "noble/amd64/20260102/squashfs"
    swapping.files = {**swapping.files, path: b"x" * len(swapping.files[path])}
    with region(tmp_path, swapping) as lab:
        lab.add(swapping)
        lab.select()

        with pytest.raises(DigestMismatch, match="promised was sha256:"):
            lab.sync()

        assert {SECOND: "incomplete"} == lab.states()


# ---- a catalog whose last write did not get through


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The files of a catalog in use, as a power cut would find them: most of it is in the journal yet.
    """
    folder = tmp_path_factory.mktemp("catalog")
    catalog = Catalog.open(sqlite_url(folder / "live.sqlite"))
    for number in range(EVENTS):
        catalog.events.add("sync", "lab", f"{number} " + "x" * 3_000, DAY)
    for suffix in ("", "-wal"):
        shutil.copy(folder / f"live.sqlite{suffix}", folder / f"torn.sqlite{suffix}")
    catalog.close()
    return folder / "torn.sqlite"


def torn(written: Path, folder: Path) -> Path:
    for suffix in ("", "-wal"):
        shutil.copy(written.with_name(written.name + suffix), folder / f"catalog.sqlite{suffix}")
    return folder / "catalog.sqlite"


def numbers(path: Path) -> Iterator[int]:
    """
    Which events a catalog holds, the oldest first.
    """
    catalog = Catalog.open(sqlite_url(path))
    try:
        yield from sorted(int(event.text.split()[0]) for event in catalog.events.list())
    finally:
        catalog.close()


@pytest.mark.parametrize("seed", range(20))
def test_a_write_that_was_cut_off_never_was(written: Path, tmp_path: Path, seed: int) -> None:
    """
    Cut at any byte of the journal, the catalog holds every transaction before the cut and nothing of others.
    """
    path = torn(written, tmp_path)
    journal = tmp_path / "catalog.sqlite-wal"
    length = int(journal.stat().st_size * (seed + random.Random(seed).random()) / 20)
    with journal.open("r+b") as file:
        file.truncate(length)

    found = list(numbers(path))

    assert (list(range(len(found))), True) == (found, len(found) >= EVENTS * (seed - 1) // 20 - 1)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_catalog_that_was_cut_off_is_named(written: Path, tmp_path: Path, part: float) -> None:
    """
    When the catalog's own file has lost its end, the error names it; nothing is made in its place.
    """
    path = torn(written, tmp_path)
    Catalog.open(sqlite_url(path)).close()  # which brings the journal into the file
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * part))
    (tmp_path / "catalog.sqlite-wal").unlink(missing_ok=True)

    with pytest.raises(StorageError, match="catalog"):
        list(numbers(path))
