"""
Readers and a second publication: a mirror follows it, and nobody ever sees half of it.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance import reference
from tests.conformance.foundry import Foundry


class Poller:
    """
    Reads an index and looks for every file it names, over and over, on a thread.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._stop = root, threading.Event()
        self.releases: set[str] = set()  # by the date of the index
        self.missing: set[str] = set()

    @contextmanager
    def polling(self) -> Iterator[None]:
        thread = threading.Thread(target=self._poll)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _poll(self) -> None:
        while not self._stop.is_set():
            self.look()

    def look(self) -> None:
        index = json.loads((self._root / "streams/v1/index.json").read_bytes())
        self.releases.add(index["updated"])
        for entry in index["index"].values():
            document = json.loads((self._root / entry["path"]).read_bytes())
            self.missing.update(path for path in _paths(document) if not (self._root / path).is_file())


def _paths(document: dict[str, Any]) -> Iterator[str]:
    for product in document["products"].values():
        for version in product["versions"].values():
            yield from (item["path"] for item in version["items"].values())


def release(foundry: Foundry, version: str) -> None:
    """
    Publish a new version of everything, synced and built.
    """
    foundry.sync(version)
    foundry.build(version)
    foundry.publish()


def test_a_mirror_follows_a_new_version(works: Foundry, tmp_path: Path) -> None:
    """
    The reference updates an existing mirror to exactly the items of the new release.
    """
    reference.mirror(works.root, tmp_path / "mirror", keyring=works.keyring)

    release(works, "20260102")
    reference.mirror(works.root, tmp_path / "mirror", keyring=works.keyring)

    mirrored = reference.tree(tmp_path / "mirror")
    assert works.items() == {path: data for path, data in mirrored.items() if "streams/" not in path}


def test_a_mirror_drops_what_we_no_longer_offer(works: Foundry, tmp_path: Path) -> None:
    """
    After a release that offers newer versions only, the reference has deleted the older ones.
    """
    reference.mirror(works.root, tmp_path / "mirror", keyring=works.keyring)

    works.sync("20260102")
    works.publish(
        "ubuntu/jammy/arm64/ga-22.04", "ubuntu/noble/amd64/ga-24.04", "ubuntu/noble/amd64/hwe-24.04"
    )
    reference.mirror(works.root, tmp_path / "mirror", keyring=works.keyring)

    assert [] == [
        path for path in reference.tree(tmp_path / "mirror") if path.startswith("noble/amd64/20260101/")
    ]


def test_the_date_of_each_release_is_later(works: Foundry) -> None:
    """
    Releases made within the same second carry rising dates all the same.
    """
    first = works.publish("debian/bookworm/amd64/generic@20260101")
    second = works.publish()

    assert works.lab.now <= first.updated < second.updated


def test_a_reader_never_misses_a_file(works: Foundry) -> None:
    """
    Whoever reads the index and what it names, at any moment of several publications, finds all of it.
    """
    poller = Poller(works.root)

    with poller.polling():
        for version in ("20260102", "20260103", "20260104"):
            release(works, version)
    poller.look()

    assert (set(), True) == (poller.missing, len(poller.releases) > 1)
