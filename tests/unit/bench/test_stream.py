import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.cases import CASES
from bench.clients import Offer
from bench.stream import INDEX, PRODUCTS, content, paths, write

from tests.unit.bench.conftest import SMALL


def query(offer: Offer, rendering: str) -> list[dict[str, str]]:
    said = subprocess.run(
        [
            sys.executable,
            str(Path(sys.executable).with_name("sstream-query")),
            f"--keyring={offer.keyring}",
            "--json",
            f"{offer.url}/{INDEX}.{rendering}",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    items: list[dict[str, str]] = json.loads(said)
    return items


@pytest.mark.parametrize("rendering", ["json", "sjson"])
def test_the_reference_reads_every_item_of_both_renderings(offer: Offer, rendering: str) -> None:
    """
    sstream-query lists all products x versions x items, of the bare and of the signed documents.
    """
    items = query(offer, rendering)

    assert sorted(paths(SMALL)) == sorted(item["path"] for item in items)


def test_an_item_has_the_size_and_digest_that_are_promised(stream: Path, offer: Offer) -> None:
    """
    What the documents say of an item is true of its file.
    """
    promised = {item["path"]: (item["size"], item["sha256"]) for item in query(offer, "sjson")}

    files = {path: (stream / path).read_bytes() for path in promised}
    assert promised == {
        path: (str(len(data)), hashlib.sha256(data).hexdigest()) for path, data in files.items()
    }


def test_two_streams_of_one_shape_have_the_same_bytes(stream: Path, tmp_path: Path) -> None:
    """
    Only the signatures differ between two streams of one shape.
    """
    write(tmp_path, SMALL, bytes)

    bare = [*paths(SMALL), f"{INDEX}.json", f"{PRODUCTS}.json"]
    assert [(stream / path).read_bytes() for path in bare] == [
        (tmp_path / path).read_bytes() for path in bare
    ]


def test_content_does_not_deduplicate() -> None:
    """
    Two paths have nothing in common.
    """
    assert content("a", 64) != content("b", 64)


def test_case_a_is_stream_a() -> None:
    """
    200 products x 2 versions x 4 items of 256 KiB: 1,600 items, 419.4 MB.
    """
    assert (1600, 419_430_400) == (CASES["a"].shape.items, CASES["a"].shape.bytes)
