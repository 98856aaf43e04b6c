"""
A publication from end to end: what readers find in the tree, and what they never see.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.errors import Conflict, NotFound
from tundish.core.names import channel_name
from tundish.fetch.folder import FolderFetcher
from tundish.publish import run
from tundish.publish.publisher import Press, Publication
from tundish.tools.gpg import GpgSigner, Gpgv

STABLE = channel_name("stable")


class Foundry:
    """
    A region that synced two images and publishes them.
    """

    def __init__(self, lab: Region, signer: GpgSigner) -> None:
        self.lab, self.signer = lab, signer
        self.root = lab.folder / "channels" / "stable"

    def publish(self, *refs: str, now: datetime = DAY) -> Publication:
        return run.publish(
            self.lab.catalog,
            refs,
            STABLE,
            channels=self.lab.folder / "channels",
            press=Press(self.lab.store, self.signer, Gpgv(), lambda: now),
            holder="a test",
        )

    def index(self) -> dict[str, dict[str, dict[str, str]]]:
        found: dict[str, dict[str, dict[str, str]]] = json.loads(
            (self.root / "streams/v1/index.json").read_text()
        )
        return found

    def listed(self) -> set[str]:
        """
        Every item path that the published documents name.
        """
        documents = [
            json.loads((self.root / entry["path"]).read_text()) for entry in self.index()["index"].values()
        ]
        return {
            item["path"]
            for document in documents
            for product in document["products"].values()
            for version in product["versions"].values()
            for item in version["items"].values()
        }


@pytest.fixture
def foundry(tmp_path: Path) -> Iterator[Foundry]:
    stream = StreamSimulator()
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY)
    with region(tmp_path / "foundry", stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()
        yield Foundry(lab, key().signer(at=MADE_AT))


def test_every_listed_file_is_there(foundry: Foundry) -> None:
    """
    The tree holds every item that its documents name.
    """
    foundry.publish()

    assert [] == [path for path in foundry.listed() if not (foundry.root / path).is_file()]


def test_only_what_was_asked_for_is_offered(foundry: Foundry) -> None:
    """
    Naming an image publishes that image alone.
    """
    foundry.publish("ubuntu/jammy/amd64/ga-22.04")

    assert {"jammy"} == {path.split("/")[0] for path in foundry.listed()}


def test_a_published_tree_can_be_synced(foundry: Foundry, tmp_path: Path) -> None:
    """
    Another region that trusts our key syncs what we published, to the last byte.
    """
    foundry.publish()
    there = StreamSimulator(foundry.signer, url=str(foundry.root))

    with region(tmp_path / "region", FolderFetcher()) as other:
        other.add(there)
        other.select()
        other.sync()

        assert foundry.lab.blobs() == other.blobs()


def test_publishing_the_same_again_changes_nothing(foundry: Foundry) -> None:
    """
    A second publication of the same images leaves every file as it was.
    """
    foundry.publish()
    before = {path: path.stat().st_mtime_ns for path in foundry.root.rglob("*")}

    again = foundry.publish(now=datetime(2026, 1, 3, tzinfo=UTC))

    assert (False, before) == (
        again.changed,
        {path: path.stat().st_mtime_ns for path in foundry.root.rglob("*")},
    )


def test_the_date_rises_even_if_the_clock_does_not(foundry: Foundry) -> None:
    """
    A changed publication carries a later date than the one before, whatever the clock says.
    """
    first = foundry.publish("ubuntu/jammy/amd64/ga-22.04")

    second = foundry.publish(now=datetime(2025, 1, 1, tzinfo=UTC))

    assert second.updated > first.updated


def test_what_an_index_once_named_stays(foundry: Foundry) -> None:
    """
    A publication that offers less removes nothing that readers of the old index may still ask for.
    """
    foundry.publish()
    before = foundry.listed()

    foundry.publish("ubuntu/jammy/amd64/ga-22.04")

    assert [] == [path for path in before if not (foundry.root / path).is_file()]


def test_a_path_never_changes_its_content(foundry: Foundry) -> None:
    """
    When a path already holds other bytes, nothing is published.
    """
    path = foundry.root / "noble/amd64/20260101/squashfs"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other")

    with pytest.raises(Conflict, match="noble/amd64/20260101/squashfs"):
        foundry.publish()

    assert not (foundry.root / "streams").exists()


def test_nothing_is_published_from_an_empty_catalog(tmp_path: Path) -> None:
    """
    Who has no complete image is told how to get one.
    """
    with region(tmp_path, StreamSimulator()) as lab, pytest.raises(NotFound, match="tundish sync"):
        Foundry(lab, key().signer(at=MADE_AT)).publish()


def test_items_share_the_bytes_of_the_store(foundry: Foundry) -> None:
    """
    Publishing moves no bytes: the tree's items are the store's blobs.
    """
    foundry.publish()

    assert 2 <= (foundry.root / "noble/amd64/20260101/squashfs").stat().st_nlink


def test_no_draft_is_left_behind(foundry: Foundry) -> None:
    """
    The tree holds nothing half-written.
    """
    foundry.publish()

    assert [] == [path.name for path in foundry.root.rglob("*") if path.name.startswith(".")]


def test_a_killed_publication_is_made_to_last_by_the_next(foundry: Foundry) -> None:
    """
    The mark of a publication that was killed among its files is gone once they are synced.
    """
    mark = foundry.lab.folder / "channels" / ".stable.linking"
    foundry.publish("ubuntu/jammy/amd64/ga-22.04")
    mark.touch()

    foundry.publish()

    assert not mark.exists()
