"""
Trees that we did not make, made by the reference's own programs, and synced by us.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import reference
from tests.conformance.foundry import Foundry, offer
from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator, content
from tundish.fetch.folder import FolderFetcher
from tundish.sync import run

CONTENT_ID = "com.example.lab:centos-bases-download"
VERSIONS = ("20260101", "20260102")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Region]:
    with region(tmp_path / "region", FolderFetcher()) as opened:
        opened.select(keep=2)
        yield opened


def flat_items() -> Iterator[dict[str, str]]:
    """
    Two versions of a root to unpack, item by item, as json2streams takes them.
    """
    for version in VERSIONS:
        for ftype in ("manifest", "root-tgz"):
            path = f"centos/9/amd64/{version}/{ftype}"
            data = content(path, 700)
            yield {
                "content_id": CONTENT_ID,
                "product_name": "com.example.lab:centos-bases:9:amd64",
                "version_name": version,
                "item_name": ftype,
                "ftype": ftype,
                "path": path,
                "size": str(len(data)),
                "sha256": hashlib.sha256(data).hexdigest(),
                "os": "centos",
                "release": "9",
                "release_title": "9 Stream",
                "arch": "amd64",
                "label": "stable",
            }


def condensed(root: Path) -> None:
    """
    A condensed tree with its items.
    """
    reference.condensed(list(flat_items()), root)
    for item in flat_items():
        target = root / item["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(item["path"], 700))


def sign(root: Path) -> None:
    """
    Write the signed rendering beside the bare one, for images, as publishers do after json2streams.
    """
    for path in sorted((root / "streams/v1").glob("*.json")):
        text = path.read_text().replace("content-download", "image-ids").replace('.json"', '.sjson"')
        path.with_suffix(".sjson").write_bytes(key("upstream").signer(at=MADE_AT).clearsign(text.encode()))


def source(root: Path) -> StreamSimulator:
    """
    The tree as a source: its folder, and the upstream's key.
    """
    return StreamSimulator(key("upstream").signer(at=MADE_AT), url=str(root))


def test_a_mirror_of_the_reference_is_synced(lab: Region, tmp_path: Path) -> None:
    """
    What sstream-mirror made of an upstream is synced with the upstream's own key, all of it.
    """
    upstream, mirror = source(tmp_path / "upstream"), tmp_path / "mirror"
    for version in VERSIONS:
        offer(upstream, version)
    upstream.publish(DAY)
    upstream.write_to(tmp_path / "upstream")
    (tmp_path / "upstream.gpg").write_bytes(upstream.keyring)
    reference.mirror(tmp_path / "upstream", mirror, keyring=tmp_path / "upstream.gpg")

    lab.add(source(mirror))
    lab.sync()

    items = (data for path, data in upstream.files.items() if not path.startswith("streams/"))
    assert {hashlib.sha256(data).hexdigest() for data in items} == lab.blobs()


def test_a_mirror_of_our_own_tree_is_synced(published: Foundry, lab: Region, tmp_path: Path) -> None:
    """
    What sstream-mirror made of our publication is synced by another region that knows our key.
    """
    reference.mirror(published.root, tmp_path / "mirror", keyring=published.keyring)

    lab.add(source(tmp_path / "mirror"), keyring=key("ours").keyring)
    lab.sync()

    assert {item.digest.hex for item in published.held().values()} == lab.blobs()


def test_a_condensed_tree_is_synced(lab: Region, tmp_path: Path) -> None:
    """
    From a tree of json2streams, where keys are inherited from above, every item is synced.
    """
    condensed(tmp_path / "tree")
    sign(tmp_path / "tree")

    lab.add(source(tmp_path / "tree"))
    lab.sync()

    assert {item["sha256"] for item in flat_items()} == lab.blobs()


def test_a_condensed_tree_is_published_expanded(tmp_path: Path, lab: Region) -> None:
    """
    What was inherited in the tree we synced stands on each item when we hold it.
    """
    condensed(tmp_path / "tree")
    sign(tmp_path / "tree")

    lab.add(source(tmp_path / "tree"))
    lab.sync()

    assert {("manifest", "root-tgz")} == {
        tuple(item.ftype for item in each.version.items) for each in lab.catalog.images.list()
    }


def test_a_tree_of_another_datatype_is_named_and_left_alone(lab: Region, tmp_path: Path) -> None:
    """
    json2streams calls its content no images; who syncs that is told so, and gets nothing.
    """
    condensed(tmp_path / "tree")
    lab.add(StreamSimulator(url=str(tmp_path / "tree")))

    remarks = [remark for each in run.prepare(lab.desk()).offers for remark in each.remarks]

    assert [(CONTENT_ID, "datatype 'content-download' is not for images")] == [
        (remark.subject, remark.text) for remark in remarks
    ]


def test_aliases_are_understood(lab: Region, tmp_path: Path) -> None:
    """
    A tree whose architecture stands only in `_aliases` is synced as the reference reads it.
    """
    condensed(tmp_path / "tree")
    path = tmp_path / f"tree/streams/v1/{CONTENT_ID}.json"
    document = json.loads(path.read_text())
    (product,) = document["products"].values()
    document["_aliases"] = {"os": {"centos": {"arch": product.pop("arch")}}}
    path.write_text(json.dumps(document, indent=1))
    sign(tmp_path / "tree")

    lab.add(source(tmp_path / "tree"))
    lab.sync()

    listed = reference.query(tmp_path / "tree")
    assert {each["arch"] for each in listed} == {each.product.arch for each in lab.catalog.images.list()}
