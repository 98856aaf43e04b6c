"""
Inheritance and aliases are undone on reading, each key to the level where it is read.
"""

import json
from typing import Any

import pytest

from tests.unit.stream.test_products import NAME, item_of, parsed, product_of, tree
from tundish.core.errors import BadDocument
from tundish.stream import products as wire

ITEM_FIELDS = ("ftype", "size", "sha256")


def condensed(level: str) -> dict[str, Any]:
    """
    The tree with what its item says moved up, as `json2streams` writes it.
    """
    document = tree()
    product = document["products"][NAME]
    version = product["versions"]["20260101"]
    target = {"top": document, "product": product, "version": version}[level]
    item = version["items"]["boot-kernel"]
    for key in ITEM_FIELDS:
        target[key] = item.pop(key)
    return document


@pytest.mark.parametrize("level", ["top", "product", "version"])
def test_an_item_inherits_from_every_level(level: str) -> None:
    """
    It is the same item as if it stood there in full.
    """
    assert item_of(tree()) == item_of(condensed(level))


@pytest.mark.parametrize("level", ["top", "product", "version"])
def test_what_was_inherited_is_written_in_full(level: str) -> None:
    """
    Only the reference client inherits; all others read what we write.
    """
    assert tree() == json.loads(wire.render(parsed(condensed(level))[0]))


def test_the_deeper_level_wins() -> None:
    """
    An item's own field goes over that of its version, and that over the product's.
    """
    document = condensed("version")
    document["products"][NAME]["ftype"] = "squashfs"

    assert "boot-kernel" == item_of(document).ftype


def test_a_product_inherits_from_the_top() -> None:
    """
    Also fields that we do not interpret, but that clients read on the product.
    """
    document = tree()
    document["os"] = document["products"][NAME].pop("os")
    document["krel"] = "noble"

    assert ("ubuntu", {"krel": "noble"}) == (product_of(document).os, product_of(document).extra)


def test_maps_lists_and_nulls_are_not_inherited() -> None:
    """
    They stay where they stand.
    """
    document = tree()
    document["arch"] = ["amd64"]

    assert ("amd64", {"arch": ["amd64"]}) == (product_of(document).arch, parsed(document)[0].extra)


def test_an_alias_stands_for_its_attributes() -> None:
    """
    On every level where its key has its value, over what stands there, and it is not written again.
    """
    document = tree()
    document["_aliases"] = {"crsn": {"here": {"arch": "arm64", "region": "r1", "list": [1]}}}
    document["products"][NAME]["crsn"] = "here"
    written = json.loads(wire.render(parsed(document)[0]))

    assert ("arm64", "r1", False, False) == (
        written["products"][NAME]["arch"],
        written["products"][NAME]["region"],
        "list" in written["products"][NAME],
        "_aliases" in written,
    )


@pytest.mark.parametrize("aliases", [None, [], "x", 7, {"a": 1}, {"a": {"b": 1}}, {"arch": {"amd64": []}}])
def test_odd_aliases_do_no_harm(aliases: object) -> None:
    """
    What is no alias stands for nothing.
    """
    assert product_of(tree()) == product_of({**tree(), "_aliases": aliases})


def test_aliases_cannot_blow_a_document_up() -> None:
    """
    A thousand attributes at a thousand places are refused before they are made.
    """
    document = tree()
    document["_aliases"] = {"x": {"y": {f"a{number}": 1 for number in range(2000)}}}
    items = document["products"][NAME]["versions"]["20260101"]["items"]
    for number in range(600):
        items[f"i{number}"] = {**items["boot-kernel"], "x": "y"}

    with pytest.raises(BadDocument, match="_aliases add over"):
        parsed(document)
