"""
The index: read entry by entry, written for every client.
"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stream.values import INDEX, JSON, TEXT, payload, quick
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument
from tundish.core.image import Json, Remark
from tundish.stream import index
from tundish.stream.index import MAX_ENTRIES, IndexEntry, StreamIndex

DATE = "Fri, 02 Jan 2026 03:04:05 +0000"
GOOD: dict[str, Json] = {
    "format": "products:1.0",
    "datatype": "image-ids",
    "path": "streams/v1/acme.sjson",
    "updated": DATE,
    "products": ["b", "a"],
    "sha256": "0" * 64,
}


def parsed(entries: object, **top: object) -> tuple[StreamIndex, tuple[Remark, ...]]:
    text = json.dumps({"format": "index:1.0", "updated": DATE, "index": entries, **top}).encode()
    return index.parse(payload(text))


def only(entry: dict[str, Json]) -> tuple[IndexEntry, list[str]]:
    found, remarks = parsed({"acme:1": entry})
    return found.entries[0], [remark.text for remark in remarks]


def refusal(value: Json) -> str:
    """
    Why a document is refused; empty if it is read.
    """
    try:
        index.parse(payload(json.dumps(value).encode()))
    except BadDocument as error:
        return str(error)
    return ""


def test_a_good_entry_is_read_without_remark() -> None:
    """
    All fields are there, products sorted, the rest kept.
    """
    entry, remarks = only(GOOD)

    assert ("acme:1", "streams/v1/acme.sjson", ("a", "b"), {"sha256": "0" * 64}, []) == (
        entry.content_id,
        entry.path,
        entry.products,
        entry.extra,
        remarks,
    )


def test_the_date_of_the_index_is_read() -> None:
    """
    It is the handle against replay.
    """
    assert datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) == parsed({})[0].updated


@pytest.mark.parametrize(
    ("sha256", "expected"),
    [("A" * 64, Digest("a" * 64)), ("xyz", None), (None, None), ([1], None), (7, None)],
)
def test_the_digest_of_the_products_file_is_there_if_the_index_has_it(
    sha256: Json, expected: Digest | None
) -> None:
    """
    A key of ours; what is odd under that name is taken for absent.
    """
    assert expected == only({**GOOD, "sha256": sha256})[0].digest


@pytest.mark.parametrize(
    ("field", "remark"),
    [
        ("format", "does not say its format; products:1.0 is taken"),
        ("datatype", "does not say its datatype"),
        ("updated", "carries no date"),
        ("products", "does not list its products"),
    ],
)
def test_a_missing_field_is_a_remark(field: str, remark: str) -> None:
    """
    An entry is usable without it, and the lack is said.
    """
    assert [remark] == only({key: value for key, value in GOOD.items() if key != field})[1]


@pytest.mark.parametrize(
    "path",
    [
        "../acme.json",
        "a/../../b",
        "/etc/passwd",
        "",
        ".",
        "a//b",
        "http://evil/x",
        "a\x00b",
        "a\\b",
        "a?b",
        None,
        7,
        ["a"],
        "x" * 1025,
    ],
)
def test_an_entry_with_a_hostile_path_is_skipped(path: Json) -> None:
    """
    It is named in a remark and hides no other entry.
    """
    found, remarks = parsed({"bad": {**GOOD, "path": path}, "good": GOOD})

    assert (["good"], ["bad"]) == (
        [entry.content_id for entry in found.entries],
        [remark.subject for remark in remarks],
    )


@pytest.mark.parametrize("content_id", ["../../NAME", "/etc", "", "a\x00b", "..", "x" * 256, "-x", "a/../b"])
def test_an_entry_with_a_hostile_content_id_is_skipped(content_id: str) -> None:
    """
    No text of a document becomes a name unchecked.
    """
    found, remarks = parsed({content_id: GOOD, "good": GOOD})

    assert (["good"], 1) == ([entry.content_id for entry in found.entries], len(remarks))


@pytest.mark.parametrize(
    "entry", [None, [], "x", 1, {**GOOD, "format": "mirrors:1.0"}, {**GOOD, "format": {}}]
)
def test_an_entry_of_another_kind_is_skipped(entry: Json) -> None:
    """
    Foreign shapes and formats hide no other entry.
    """
    found, remarks = parsed({"odd": entry, "good": GOOD})

    assert (["good"], ["odd"]) == (
        [each.content_id for each in found.entries],
        [remark.subject for remark in remarks],
    )


def test_a_hostile_product_name_is_left_out() -> None:
    """
    The others of its entry stay.
    """
    assert ("a",) == only({**GOOD, "products": ["../x", 7, "a"]})[0].products


@pytest.mark.parametrize(
    "text",
    [
        b'{"index": {}}',
        b'{"format": "products:1.0", "index": {}}',
        b'{"format": "index:1.0"}',
        b'{"format": "index:1.0", "index": []}',
        b'{"format": "index:1.0", "index": "x"}',
    ],
)
def test_what_is_no_index_is_refused(text: bytes) -> None:
    """
    Without format or entries there is nothing to judge.
    """
    with pytest.raises(BadDocument, match="acme's document"):
        index.parse(payload(text))


def test_an_endless_index_is_refused() -> None:
    """
    The number of entries is bounded.
    """
    with pytest.raises(BadDocument, match="over 1000 entries"):
        parsed({f"e{number}": GOOD for number in range(MAX_ENTRIES + 1)})


@quick
@given(INDEX)
def test_what_is_written_is_read_back(value: StreamIndex) -> None:
    """
    Writing and reading are each other's inverse, unknown fields included.
    """
    assert value == index.parse(payload(index.render(value)))[0]


@quick
@given(
    st.dictionaries(
        TEXT | st.sampled_from(["a", "b"]), JSON | st.dictionaries(st.sampled_from(sorted(GOOD)), JSON)
    )
)
def test_arbitrary_entries_never_break_the_reader(entries: dict[str, Json]) -> None:
    """
    Any JSON under `index` is read, skipped or remarked on.
    """
    found, remarks = parsed(entries)

    assert len(found.entries) <= len(entries) <= len(found.entries) + len(remarks)


@quick
@given(JSON)
def test_arbitrary_json_is_an_index_or_refused(value: Json) -> None:
    """
    No JSON breaks the reader.
    """
    assert (refusal(value) or "acme's document: ").startswith("acme's document: ")
