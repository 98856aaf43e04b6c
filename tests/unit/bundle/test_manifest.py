"""
The signed text of a bundle: what comes back is what was written, and nothing odd comes in.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tundish.bundle.manifest import Base, Listed, Manifest, Since, length, parse, render
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument
from tundish.core.names import SourceName
from tundish.core.payload import unverified
from tundish.store.blobs import Blob

A, B, C = sorted(Digest.of(name) for name in (b"a", b"b", b"c"))
WHOLE = Manifest(
    origin="AB" * 20,
    serial=7,
    base=Base(Since.BUNDLE, 6),
    created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    listed=(Listed(SourceName("own"), A, 100, 2),),
    blobs=(Blob(A, 0), Blob(B, 2**44)),
    expected=(Blob(C, 3),),
)


def read(text: bytes) -> Manifest:
    return parse(unverified(text, "usb.bundle"))


@pytest.mark.parametrize(
    "manifest",
    [
        WHOLE,
        replace(WHOLE, base=Base(Since.RELEASE, 40)),
        replace(WHOLE, base=None, expected=()),
        replace(WHOLE, base=None, expected=(), blobs=(), listed=()),
    ],
    ids=["since_a_bundle", "since_a_release", "whole", "empty"],
)
def test_it_comes_back(manifest: Manifest) -> None:
    """
    Reading what was written gives the same value.
    """
    assert manifest == read(render(manifest))


def test_members_stand_in_one_order() -> None:
    """
    Products files by number, then blobs by digest.
    """
    assert ["products/1.json", f"blobs/{A.hex}", f"blobs/{B.hex}"] == [
        member.name for member in (*WHOLE.documents, *WHOLE.carried)
    ]


def test_its_length_is_known_before_it_is_written() -> None:
    """
    Four headers, the signed text, the products file and the blobs in whole blocks, and the end mark.
    """
    assert 4 * 512 + 1024 + 512 + 0 + 2**44 + 1024 == length(WHOLE, 1000)


def put(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(top: dict[str, Any]) -> None:
        top[name] = value

    return change


def put_in_line(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(top: dict[str, Any]) -> None:
        top["products"][0][name] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("format", "tundish-bundle:2.0"),
        put("origin", "../../etc"),
        put("origin", None),
        put("serial", 0),
        put("serial", True),
        put("serial", "7"),
        put("serial", 2**31),
        put("base", {"bundle": 7}),
        put("base", {"bundle": 6, "release": 1}),
        put("base", {"moon": 6}),
        put("base", "6"),
        put("base", None),
        put("created", None),
        put("created", "yesterday"),
        put("products", {}),
        put("products", [{}] * 1001),
        put("products", ["x"]),
        put("blobs", []),
        put("blobs", {"../x": 1}),
        put("blobs", {A.hex: -1}),
        put("blobs", {A.hex: 2**44 + 1}),
        put("blobs", {A.hex: 1.5}),
        put("blobs", {C.hex: 3}),
        put_in_line("source", "../own"),
        put_in_line("source", None),
        put_in_line("size", 2**40),
        put_in_line("versions", 0),
        put_in_line("sha256", 1),
    ],
)
def test_an_odd_one_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    """
    Every field has its form and its bounds, whoever signed it.
    """
    top = json.loads(render(WHOLE))
    change(top)

    with pytest.raises(BadDocument, match=r"usb\.bundle: .*nothing of it was used"):
        read(json.dumps(top).encode())
