"""
Products files: what is used, what is skipped and said, and that nothing unknown is lost.

Covers `stream.items` as well.
"""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stream_simulator import StreamSimulator
from tests.unit.stream.values import JSON, payload, products, quick
from tundish.core.errors import BadDocument, InputError
from tundish.core.image import Item, Json, Product, Products, Remark
from tundish.stream import products as wire

SHA = "0123456789abcdef" * 4
ITEM = {"ftype": "boot-kernel", "path": "noble/kernel", "size": 7, "sha256": SHA}
NAME = "com.example.maas.stable:v3:boot:24.04:amd64:ga-24.04"


def tree() -> dict[str, Any]:
    """
    The smallest good document: one product, one version, one item.
    """
    product = {
        "os": "ubuntu",
        "release": "noble",
        "arch": "amd64",
        "label": "stable",
        "subarch": "ga-24.04",
        "release_title": "24.04 LTS",
        "versions": {"20260101": {"items": {"boot-kernel": dict(ITEM)}}},
    }
    return {
        "format": "products:1.0",
        "content_id": "com.example.maas:stable:v3:download",
        "datatype": "image-ids",
        "updated": "Fri, 02 Jan 2026 03:04:05 +0000",
        "products": {NAME: product},
    }


def with_item(**fields: object) -> dict[str, Any]:
    """
    The tree with some fields of its item replaced; None takes a field away.
    """
    changed = tree()
    item = {**ITEM, **fields}
    items = changed["products"][NAME]["versions"]["20260101"]["items"]
    items["boot-kernel"] = {key: value for key, value in item.items() if value is not None}
    return changed


def with_product(**fields: object) -> dict[str, Any]:
    changed = tree()
    changed["products"][NAME].update(fields)
    return changed


def parsed(document: object) -> tuple[Products, tuple[Remark, ...]]:
    return wire.parse(payload(json.dumps(document).encode()))


def product_of(document: object) -> Product:
    return parsed(document)[0].products[0]


def item_of(document: object) -> Item:
    return product_of(document).versions[0].items[0]


def texts(document: object) -> list[str]:
    return [remark.text for remark in parsed(document)[1]]


def refusal(document: object) -> str:
    """
    Why a document is refused; empty if it is read.
    """
    try:
        parsed(document)
    except BadDocument as error:
        return str(error)
    return ""


def test_the_fields_of_a_product_are_read() -> None:
    """
    Each under our word for it, and without remark.
    """
    found = product_of(tree())

    assert ("ubuntu", "noble", "amd64", "stable", "ga-24.04", "24.04 LTS", []) == (
        found.os,
        found.series,
        found.arch,
        found.label,
        found.kernel,
        found.title,
        texts(tree()),
    )


def test_a_simulated_stream_is_read_without_remark() -> None:
    """
    A tree in the MAAS dialect, written by other hands than ours, gives nothing to complain of.
    """
    simulator = StreamSimulator()
    for version in ("20260101", "20260102"):
        simulator.add(version=version)
    document = {**tree(), "products": simulator.products}

    assert ((), ["20260101", "20260102"]) == (
        parsed(document)[1],
        [version.name for version in product_of(document).versions],
    )


def test_a_bootloader_has_no_series() -> None:
    """
    Fields that a product does not have are empty.
    """
    document = with_product(os="grub-efi-signed", arches="amd64")
    for key in ("release", "subarch", "release_title", "label"):
        del document["products"][NAME][key]
    found = product_of(document)

    assert ("", "", "", "") == (found.series, found.kernel, found.title, found.label)


def test_a_number_for_a_series_is_a_word() -> None:
    """
    Some publishers write `release: 9`.
    """
    assert "9" == product_of(with_product(release=9)).series


def test_a_size_in_text_is_put_right() -> None:
    """
    It is read as a number, and said.
    """
    assert (7, ["its size is a text; read as a number"]) == (
        item_of(with_item(size="7")).size,
        texts(with_item(size="7")),
    )


def test_a_digest_in_upper_case_is_put_right() -> None:
    """
    It is read in lower case, and said.
    """
    document = with_item(sha256=SHA.upper())

    assert (SHA, ["its sha256 is in upper case; read as lower case"]) == (
        item_of(document).digest.hex,
        texts(document),
    )


def test_an_item_without_ftype_is_known_by_its_name() -> None:
    """
    Said as a remark.
    """
    assert ("boot-kernel", 1) == (item_of(with_item(ftype=None)).ftype, len(texts(with_item(ftype=None))))


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"size": -1}, "cannot be true"),
        ({"size": 2**44 + 1}, "cannot be true"),
        ({"size": "9" * 19}, "cannot be true"),
        ({"size": True}, "not a whole number"),
        ({"size": 7.0}, "not a whole number"),
        ({"size": "seven"}, "not a whole number"),
        ({"size": "-7"}, "not a whole number"),
        ({"size": "\N{ARABIC-INDIC DIGIT SEVEN}"}, "not a whole number"),
        ({"size": [7]}, "not a whole number"),
        ({"size": None}, "it has no size"),
        ({"sha256": None}, "it has no sha256"),
        ({"sha256": None, "md5": "0" * 32}, "it has no sha256, only md5"),
        ({"sha256": None, "md5": "0" * 32, "sha512": "0" * 128}, "only sha512 and md5"),
        ({"sha256": 7}, "not a text"),
        ({"sha256": "0" * 63}, "not a valid sha256"),
        ({"sha256": "sha256:" + SHA}, "not a valid sha256"),
        ({"ftype": 7}, "its ftype is not a text"),
        ({"ftype": "a/b"}, "not a valid ftype"),
        ({"path": "../x"}, "not a valid item path"),
        ({"path": "/x"}, "not a valid item path"),
        ({"path": ""}, "not a valid item path"),
        ({"path": "http://evil/x"}, "not a valid item path"),
        ({"path": "a\x00b"}, "not a valid item path"),
        ({"path": 7}, "not a valid item path"),
    ],
)
def test_an_unusable_item_takes_its_version_with_it(fields: dict[str, object], fault: str) -> None:
    """
    Never half an image: the version is skipped whole, the other stays, and the reason is said.
    """
    document = with_item(**fields)
    versions = document["products"][NAME]["versions"]
    versions["20260102"] = {"items": {"boot-kernel": {**ITEM, "path": "other/kernel"}}}
    versions["20260101"]["items"]["manifest"] = {**ITEM, "path": "noble/manifest"}
    found, remarks = parsed(document)

    assert (["20260102"], 1, True) == (
        [version.name for version in found.products[0].versions],
        len(remarks),
        fault in remarks[0].text,
    )


def test_an_item_that_is_pure_data_is_skipped() -> None:
    """
    Cloud ids have no path and are no files; the files beside them stay.
    """
    document = tree()
    document["products"][NAME]["versions"]["20260101"]["items"]["id"] = {"id": "ami-1"}

    assert ["boot-kernel"] == [item.name for item in product_of(document).versions[0].items]


def test_one_path_with_two_contents_is_refused() -> None:
    """
    Paths are immutable: the version that says otherwise is skipped.
    """
    document = tree()
    other = {**ITEM, "sha256": "f" * 64}
    document["products"][NAME]["versions"]["20260102"] = {"items": {"boot-kernel": other}}

    assert ["20260101"] == [version.name for version in product_of(document).versions]


@pytest.mark.parametrize(
    "fields",
    [
        {"os": None},
        {"arch": ""},
        {"os": "a b"},
        {"os": ["ubuntu"]},
        {"arch": True},
        {"release": 24.1},
        {"release": "../x"},
        {"versions": None},
        {"versions": {}},
        {"versions": []},
        {"versions": {"../x": {"items": {"a": ITEM}}}},
        {"versions": {"1": None}},
        {"versions": {"1": {}}},
        {"versions": {"1": {"items": {}}}},
        {"versions": {"1": {"items": []}}},
        {"versions": {"1": {"items": {"a": "x"}}}},
        {"versions": {"1": {"items": {"../a": ITEM}}}},
    ],
)
def test_an_unusable_product_hides_no_other(fields: dict[str, object]) -> None:
    """
    It is skipped and said; its neighbour is read.
    """
    document = with_product(**fields)
    document["products"]["good"] = tree()["products"][NAME]
    found, remarks = parsed(document)

    assert (["good"], True) == ([product.name for product in found.products], bool(remarks))


@pytest.mark.parametrize("name", ["../../NAME", "", "a\x00", "x" * 256])
def test_a_hostile_product_name_is_skipped(name: str) -> None:
    """
    No text of a document becomes a name unchecked.
    """
    document = tree()
    document["products"][name] = copy.deepcopy(document["products"][NAME])

    assert [NAME] == [product.name for product in parsed(document)[0].products]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "index:1.0"},
        {"content_id": "../../NAME"},
        {"content_id": None},
        {"content_id": 7},
        {"products": None},
        {"products": []},
    ],
)
def test_what_is_no_products_file_is_refused(change: dict[str, object]) -> None:
    """
    The document is named.
    """
    with pytest.raises(BadDocument, match="acme's document"):
        parsed({**tree(), **change})


def test_missing_date_and_datatype_are_remarks() -> None:
    """
    The document is usable without them.
    """
    document = {key: value for key, value in tree().items() if key not in {"updated", "datatype"}}

    assert ["does not say its datatype", "carries no date"] == texts(document)


def test_versions_are_in_order_of_letters() -> None:
    """
    As all clients have it, with a remark where people would count otherwise.
    """
    document = tree()
    versions = document["products"][NAME]["versions"]
    for name in ("20260102.2", "20260102.10"):
        versions[name] = {"items": {"boot-kernel": {**ITEM, "path": f"{name}/kernel"}}}

    assert (["20260101", "20260102.10", "20260102.2"], 1) == (
        [version.name for version in product_of(document).versions],
        len(texts(document)),
    )


def test_unknown_fields_survive_where_they_stood() -> None:
    """
    On every level, of any type.
    """
    document = tree()
    product = document["products"][NAME]
    version = product["versions"]["20260101"]
    for level in (document, product, version, version["items"]["boot-kernel"]):
        level["x-new"] = {"deep": [1, None, "ä"]}
    written = json.loads(wire.render(parsed(document)[0]))

    assert document == written


def test_what_cannot_be_published_is_left_out_and_said() -> None:
    """
    A text that no signed line could hold.
    """
    document = with_product(
        **{"x-long": "x" * 18_000, "x-wide": "ä" * 3_000, "x-deep": [{"a": "x" * 18_000}]}
    )

    assert ({}, 3) == (product_of(document).extra, len(texts(document)))


def test_a_document_that_cannot_be_signed_is_not_rendered() -> None:
    """
    Values that came another way than through the reader are judged as well.
    """
    found = parsed(tree())[0]
    long = Products(found.content_id, "image-ids", None, (), {"x": "x" * 20_000})

    with pytest.raises(InputError, match="cannot be signed"):
        wire.render(long)


@quick
@given(products())
def test_what_is_written_is_read_back(value: Products) -> None:
    """
    Writing and reading are each other's inverse.
    """
    assert value == wire.parse(payload(wire.render(value)))[0]


@quick
@given(products())
def test_writing_is_stable(value: Products) -> None:
    """
    The same values give the same bytes, also after a round.
    """
    text = wire.render(value)

    assert text == wire.render(wire.parse(payload(text))[0])


@quick
@given(
    st.dictionaries(
        st.text(max_size=3),
        JSON
        | st.fixed_dictionaries(
            {"os": st.just("x"), "arch": st.just("y")},
            optional={
                "versions": st.dictionaries(
                    st.text(max_size=3), JSON | st.fixed_dictionaries({"items": JSON})
                )
            },
        ),
    ),
    st.dictionaries(st.sampled_from(["datatype", "updated", "_aliases", "x"]), JSON),
)
def test_arbitrary_products_never_break_the_reader(listed: dict[str, Json], top: dict[str, Json]) -> None:
    """
    Any JSON under `products` is read, skipped or remarked on.
    """
    found, remarks = parsed({**tree(), **top, "products": listed})

    assert len(listed) <= len(found.products) + len(remarks)


@quick
@given(JSON, st.sampled_from(["", "products"]))
def test_arbitrary_json_is_a_products_file_or_refused(value: Json, under: str) -> None:
    """
    No JSON breaks the reader.
    """
    why = refusal({**tree(), under: value} if under else value)

    assert (why or "acme's document: ").startswith("acme's document: ")
