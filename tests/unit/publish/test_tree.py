"""
A published tree, decided: which documents, which files, under which paths and dates.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stream.values import MOMENT, quick
from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Item, Product, Products, Version
from tundish.core.lifecycle import State
from tundish.core.names import (
    SourceName,
    content_id,
    item_name,
    item_path,
    product_name,
    source_name,
    version_name,
)
from tundish.publish import tree

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAB = source_name("lab")


def item(path: str, data: bytes = b"data", name: str = "squashfs") -> Item:
    return Item(item_name(name), name, item_path(path), len(data), Digest.of(data))


def holding(
    version: str,
    *items: Item,
    series: str = "noble",
    content: str = "lab:v3:download",
    source: SourceName = LAB,
    title: str = "",
) -> Holding:
    product = Product(
        name=product_name(f"lab:{series}"),
        content_id=content_id(content),
        os="ubuntu",
        series=series,
        arch="amd64",
        label="stable",
        kernel="",
        title=title,
        versions=(),
    )
    return Holding(
        id=HoldingId(1),
        source=source,
        product=product,
        version=Version(version_name(version), items or (item(f"{series}/{version}"),)),
        state=State.COMPLETE,
        since=NOON,
    )


def catalogue(holdings: Iterable[Holding], updated: datetime) -> tuple[Products, ...]:
    return tree.catalogue(holdings, updated, "image-ids")


def contents(documents: Iterable[Products]) -> dict[str, dict[str, list[str]]]:
    """
    The names of versions by product by content id.
    """
    return {
        document.content_id: {
            product.name: [version.name for version in product.versions] for product in document.products
        }
        for document in documents
    }


def test_each_content_id_has_its_document() -> None:
    """
    Holdings of two lines become two products files, sorted by content id.
    """
    made = catalogue([holding("2", content="b"), holding("1", content="a")], NOON)

    assert ["a", "b"] == [document.content_id for document in made]


def test_products_and_versions_are_in_order() -> None:
    """
    Products run by name and versions from oldest to newest, however they came.
    """
    held = [holding("20260102"), holding("20260101"), holding("20260101", series="jammy")]

    assert {
        "lab:v3:download": {"lab:jammy": ["20260101"], "lab:noble": ["20260101", "20260102"]}
    } == contents(catalogue(held, NOON))


def test_a_version_of_two_sources_is_listed_once() -> None:
    """
    The same version of the same product, held from two sources, is one version of the tree.
    """
    made = catalogue([holding("20260101"), holding("20260101", source=OWN)], NOON)

    assert {"lab:v3:download": {"lab:noble": ["20260101"]}} == contents(made)


def test_every_document_carries_the_moment() -> None:
    """
    All products files of a release have its date.
    """
    made = catalogue([holding("1", content="a"), holding("1", content="b")], NOON)

    assert {NOON} == {document.updated for document in made}


def test_nothing_held_is_no_document() -> None:
    """
    Without holdings there is no products file, and never an empty one.
    """
    assert () == catalogue([], NOON)


def test_a_file_that_many_list_is_there_once() -> None:
    """
    A path that two products share is one file of the tree.
    """
    shared = item("noble/squashfs")
    made = catalogue([holding("1", shared), holding("1", shared, series="jammy")], NOON)

    assert (tree.TreeFile(shared.path, shared.digest, shared.size),) == tree.files(made)


def test_files_are_sorted_by_path() -> None:
    """
    The files of a tree come in the order of their paths.
    """
    made = catalogue(
        [holding("1", item("b"), item("a", name="manifest"), item("c", name="boot-kernel"))], NOON
    )

    assert ["a", "b", "c"] == [file.path for file in tree.files(made)]


def test_one_path_cannot_be_two_files() -> None:
    """
    Two items that want one path for different bytes are refused, and path and image are named.
    """
    made = catalogue([holding("1", item("x", b"one")), holding("1", item("x", b"two"), series="jammy")], NOON)

    with pytest.raises(Conflict, match=r"ubuntu/noble/amd64@1: two files want the path x"):
        tree.files(made)


@pytest.mark.parametrize(("signed", "suffix"), [(False, ".json"), (True, ".sjson")])
def test_a_document_is_named_by_its_bytes(signed: bool, suffix: str) -> None:
    """
    The name of a products file is the sha256 of what is written, in either rendering.
    """
    assert f"streams/v1/products-{Digest.of(b'text').hex}{suffix}" == tree.document_path(
        b"text", signed=signed
    )


@pytest.mark.parametrize(
    ("signed", "path"), [(False, "streams/v1/index.json"), (True, "streams/v1/index.sjson")]
)
def test_an_index_is_where_clients_look(signed: bool, path: str) -> None:
    """
    The index has the name that all clients know.
    """
    assert path == tree.index_path(signed=signed)


def test_an_entry_chains_its_document() -> None:
    """
    The line of the index carries size and sha256 of the bytes it names.
    """
    (document,) = catalogue([holding("1")], NOON)

    entry = tree.listed(document, b"the text", signed=True)

    assert {"sha256": Digest.of(b"the text").hex, "size": 8} == dict(entry.extra)


def test_an_entry_lists_the_products() -> None:
    """
    The line of the index names every product of its document.
    """
    (document,) = catalogue([holding("1"), holding("1", series="jammy")], NOON)

    assert ("lab:jammy", "lab:noble") == tree.listed(document, b"", signed=False).products


@given(previous=st.none() | MOMENT, at=MOMENT, more=st.timedeltas(timedelta(0), timedelta(seconds=1)))
@quick
def test_a_release_is_always_later(previous: datetime | None, at: datetime, more: timedelta) -> None:
    """
    Whatever the clock says, the next moment is a whole second, and later than the one before.
    """
    moment = tree.next_moment(previous, at + more)

    assert (True, 0) == (previous is None or moment > previous, moment.microsecond)


def test_the_newest_description_of_a_product_counts() -> None:
    """
    A product that two holdings describe differently is described as by the last of them.
    """
    first, second = holding("1", title="24.04"), holding("2", title="24.04 LTS")

    (document,) = catalogue([first, second], NOON)

    assert ["24.04 LTS"] == [product.title for product in document.products]


def test_what_is_not_understood_is_kept() -> None:
    """
    Keys of a product that tundish does not interpret are published as they came.
    """
    held = holding("1")
    held = replace(held, product=replace(held.product, extra={"kflavor": "generic"}))

    (document,) = catalogue([held], NOON)

    assert [{"kflavor": "generic"}] == [dict(product.extra) for product in document.products]
