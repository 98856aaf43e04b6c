"""
Where a reading begins, and that no document, however it is bent, brings it down.
"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stream_simulator import CONTENT_ID, StreamSimulator
from tests.unit.stream.values import JSON
from tests.unit.sync.values import quick
from tundish.core.errors import BadDocument, InputError, RolledBack, UpstreamError
from tundish.core.names import item_path, source_name
from tundish.core.payload import Inspection
from tundish.core.selection import Seen, Source
from tundish.fetch.fetcher import Limits
from tundish.sync.offer import Offer
from tundish.sync.reading import Entry, entry, read

DAY = datetime(2026, 1, 2, tzinfo=UTC)
INDEX, PRODUCTS = "streams/v1/index.json", f"streams/v1/{CONTENT_ID}.json"


class NoVerifier:
    """
    For sources set to unsigned: asking it is a mistake.
    """

    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        raise AssertionError("an unsigned source has nothing to verify")


def published() -> StreamSimulator:
    stream = StreamSimulator()
    stream.add()
    stream.publish(DAY)
    return stream


def offered(
    stream: StreamSimulator, seen: dict[str, Seen] | None = None, limits: Limits | None = None
) -> Offer:
    source = Source(source_name("lab"), stream.url, b"")
    return read(source, fetcher=stream, verifier=NoVerifier(), seen=seen or {}, at=DAY, limits=limits)


# ---- where it begins


@pytest.mark.parametrize(
    ("url", "signed", "root", "path"),
    [
        ("http://m.test/maas", True, "http://m.test/maas/", "streams/v1/index.sjson"),
        ("http://m.test/maas/", True, "http://m.test/maas/", "streams/v1/index.sjson"),
        ("http://m.test/maas", False, "http://m.test/maas/", "streams/v1/index.json"),
        ("http://m.test", True, "http://m.test/", "streams/v1/index.sjson"),
        ("http://m.test/a/streams/v1/index.sjson", True, "http://m.test/a/", "streams/v1/index.sjson"),
        ("http://m.test/a/streams/v1/index.json", False, "http://m.test/a/", "streams/v1/index.json"),
        ("http://m.test/streams/v1/index.json", False, "http://m.test/", "streams/v1/index.json"),
        ("/srv/maas", True, "/srv/maas/", "streams/v1/index.sjson"),
        ("/srv/maas/streams/v1/index.sjson", True, "/srv/maas/", "streams/v1/index.sjson"),
        ("file:///srv/maas/", False, "file:///srv/maas/", "streams/v1/index.json"),
        (
            "http://m.test/upstreams/v1/index.json",
            False,
            "http://m.test/upstreams/v1/index.json/",
            "streams/v1/index.json",
        ),
    ],
)
def test_where_a_reading_begins(url: str, root: str, path: str, *, signed: bool) -> None:
    """
    A base, with or without slash, and the full path of an index lead to the same root.
    """
    assert Entry(root, item_path(path)) == entry(url, signed=signed)


@pytest.mark.parametrize(
    ("url", "signed", "words"),
    [
        ("http://m.test/streams/v1/index.json", True, "an unsigned index.*give the URL ending in .sjson"),
        ("http://m.test/streams/v1/index.sjson", False, "a signed index.*give a keyring"),
    ],
)
def test_a_url_that_contradicts_the_settings_is_refused(url: str, words: str, *, signed: bool) -> None:
    """
    Whether a source is signed is a setting; the name of a file never changes it.
    """
    with pytest.raises(InputError, match=f"{url} names {words}"):
        entry(url, signed=signed)


# ---- what comes out


def test_an_offer_has_the_products_and_a_mark_for_each_document() -> None:
    """
    Both documents are remembered, with the date they carry.
    """
    found = offered(published())

    assert (["noble"], {"index streams/v1/index.json": DAY, f"products {CONTENT_ID}": DAY}) == (
        [product.series for product in found.products],
        {mark.document: mark.updated for mark in found.marks},
    )


def test_a_product_that_two_files_list_is_taken_once() -> None:
    """
    The first one counts, and the offer says so.
    """
    stream = published()
    document = json.loads(stream.files[INDEX])
    document["index"]["again"] = {"datatype": "image-ids", "path": "streams/v1/again.json"}
    stream.put("streams/v1/index", document)
    stream.files["streams/v1/again.json"] = stream.files[PRODUCTS]

    found = offered(stream)

    assert (1, True) == (
        len(found.products),
        "listed twice; the first is taken" in {remark.text for remark in found.remarks},
    )


def test_a_file_listed_twice_is_asked_for_once() -> None:
    """
    Two entries with one path are one document.
    """
    stream = published()
    document = json.loads(stream.files[INDEX])
    document["index"]["again"] = {"datatype": "image-ids", "path": PRODUCTS}
    stream.put("streams/v1/index", document)

    offered(stream)

    assert [INDEX, PRODUCTS] == stream.requests


def test_what_is_not_for_images_is_not_asked_for() -> None:
    """
    An entry of another datatype is named in a remark and left alone.
    """
    stream = published()
    document = json.loads(stream.files[INDEX])
    document["index"]["tools"] = {"datatype": "content-download", "path": "streams/v1/tools.json"}
    stream.put("streams/v1/index", document)

    found = offered(stream)

    assert ([INDEX, PRODUCTS], "tools") == (stream.requests, found.remarks[-1].subject)


def test_a_nested_index_is_read() -> None:
    """
    An index may lead to another one.
    """
    stream = published()
    stream.files["streams/v1/inner.json"] = stream.files[INDEX]
    date = format_datetime(DAY)
    inner = {"format": "index:1.0", "path": "streams/v1/inner.json", "updated": date}
    stream.put("streams/v1/index", {"format": "index:1.0", "updated": date, "index": {"inner": inner}})

    assert ["noble"] == [product.series for product in offered(stream).products]


def test_a_document_is_never_longer_than_the_limit() -> None:
    """
    The limit that is handed in bounds every document.
    """
    with pytest.raises(UpstreamError, match=rf"{INDEX} is longer than 100 bytes"):
        offered(published(), limits=Limits(document=100))


def test_a_products_file_that_cannot_be_had_is_named_in_the_offer() -> None:
    """
    The others are there; the one that is not says why.
    """
    stream = published()
    del stream.files[PRODUCTS]

    found = offered(stream)

    assert ((), [(CONTENT_ID, True)]) == (
        found.products,
        [(each.content_id, PRODUCTS in str(each.error)) for each in found.unread],
    )


def test_a_mark_from_before_is_held_against_each_document() -> None:
    """
    The products file alone being older is a rollback too.
    """
    mark = Seen(f"products {CONTENT_ID}", DAY + timedelta(days=1), "sha256:" + "0" * 64, DAY)

    with pytest.raises(RolledBack, match=PRODUCTS):
        offered(published(), {mark.document: mark})


# ---- bent documents


def places(value: Any, here: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """
    The keys that lead to each value of a document.
    """
    found = [here]
    for key, inner in value.items() if isinstance(value, dict) else ():
        found += places(inner, (*here, key))
    return found


def bent(document: Any, place: tuple[str, ...], value: object) -> Any:
    """
    The document with another value at one place.
    """
    if not place:
        return value
    return {**document, place[0]: bent(document[place[0]], place[1:], value)}


STREAM = published()
BENDS = [(path, place) for path in (INDEX, PRODUCTS) for place in places(json.loads(STREAM.files[path]))]


@quick
@given(st.sampled_from(BENDS), JSON)
def test_a_value_of_any_type_anywhere_never_breaks_a_reading(
    bend: tuple[str, tuple[str, ...]], value: object
) -> None:
    """
    Wrong types everywhere: there is an offer, or an error of the other side's.
    """
    path, place = bend
    stream = published()
    stream.files[path] = json.dumps(bent(json.loads(stream.files[path]), place, value)).encode()
    try:
        read_well = isinstance(offered(stream), Offer)
    except UpstreamError as error:
        read_well = isinstance(error, BadDocument) or "HTTP 404" in str(error)

    assert read_well


@quick
@given(st.sampled_from([INDEX, PRODUCTS]), st.data())
def test_a_damaged_document_never_breaks_a_reading(path: str, data: st.DataObject) -> None:
    """
    Bytes missing, changed or added: there is an offer, or an error of the other side's.
    """
    stream = published()
    whole = stream.files[path]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    stream.files[path] = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    try:
        read_well = isinstance(offered(stream), Offer)
    except UpstreamError as error:
        read_well = stream.url in str(error)

    assert read_well


def test_every_path_that_is_asked_for_stays_below_the_root() -> None:
    """
    An index of nothing but hostile paths leads nowhere.
    """
    stream = published()
    hostile = ["../x", "/x", "", "x\0", "http://evil.test/x", "a//b", "a/../b", ".", "x?y", "x#y", "\\x"]
    entries = {f"e{number}": {"datatype": "image-ids", "path": path} for number, path in enumerate(hostile)}
    stream.put("streams/v1/index", {"format": "index:1.0", "index": entries})

    found = offered(stream)

    assert ([INDEX], len(hostile)) == (
        stream.requests,
        sum(remark.text.startswith("skipped: ") for remark in found.remarks),
    )
