"""
Filters: what each lets through, and what is none. Parity with the reference: tests/conformance.
"""

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import Item, Json, Product, Products, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.stream import filters


def item(name: str, size: int, **extra: Json) -> Item:
    path = ItemPath(f"noble/amd64/{name}")
    return Item(ItemName(name), name, path, size, Digest.of(name.encode()), {**extra})


def document(*names: str, **extra: Json) -> Products:
    """
    One product with these versions, each with a kernel and a squashfs.
    """
    versions = tuple(
        Version(
            VersionName(name), (item("boot-kernel", 900, **extra), item("squashfs", 5000)), {"pubname": "p"}
        )
        for name in names or ("20250102",)
    )
    product = Product(
        ProductName("p:noble"),
        ContentId("com.example:download"),
        os="ubuntu",
        series="noble",
        arch="amd64",
        label="",
        kernel="ga-24.04",
        title="24.04 LTS",
        versions=versions,
        extra={"version": "24.04", "supported": True, "aliases": ["a"], "support_eol": "2029-05-31"},
    )
    return Products(product.content_id, "image-ids", None, (product,), {"license": "free"})


def passing(*texts: str, of: Products | None = None) -> list[str]:
    """
    The items, by version and name, that pass all these filters.
    """
    narrowed = filters.narrowed(of or document(), [filters.parse(text) for text in texts])
    return [
        f"{version.name}/{each.name}"
        for product in narrowed.products
        for version in product.versions
        for each in version.items
    ]


ALL, NONE = 2, 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("arch=amd64", ALL),
        ("arch = amd64", ALL),
        ("arch=AMD64", NONE),
        ("arch=amd", NONE),
        ("arch=amd64 ", NONE),
        ("arch!=amd64", NONE),
        ("arch~md", ALL),
        ("arch~^md", NONE),
        ("arch!~md", NONE),
        ("release~(focal|noble)", ALL),
        ("ftype=squashfs", 1),
        ("ftype!=squashfs", 1),
        ("nothing=", ALL),
        ("nothing!=x", ALL),
        ("nothing~x", NONE),
        ("label=", ALL),
        ("size=5000", 1),
        ("supported=True", ALL),
        ("aliases=", ALL),
        ("license=free", ALL),
        ("pubname=p", ALL),
        ("product_name~noble$", ALL),
        ("version_name=20250102", ALL),
        ("item_name=squashfs", 1),
        ("content_id=com.example:download", ALL),
        ("datatype=image-ids", ALL),
        ("a|b=", ALL),
        ("arch=amd64||os=x", NONE),
        ("arch=amd64\n", ALL),
    ],
)
def test_a_filter_of_the_reference_keeps_its_meaning(text: str, count: int) -> None:
    """
    Keys, operators, blanks, missing keys and levels are read as the reference reads them.
    """
    assert count == len(passing(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("size<1000", 1),
        ("size<=900", 1),
        ("size>900", 1),
        ("size>=900", ALL),
        ("size < 1e3", None),
        ("size<10000", ALL),
        ("version>=22.04", ALL),
        ("version<22.10", NONE),
        ("version_name>=20250101", ALL),
        ("version_name>=2025-01-03", NONE),
        ("support_eol>2029-01-01", ALL),
        ("support_eol<20290101", NONE),
        ("nothing<5", NONE),
        ("arch>5", NONE),
        ("arch>amd", None),
        ("size>", None),
    ],
)
def test_numbers_and_days_are_compared(text: str, count: int | None) -> None:
    """
    Sizes count as numbers, dates as days, and what is neither passes no comparison.
    """
    try:
        found: int | None = len(passing(text))
    except InputError:
        found = None

    assert count == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(arch=arm64||ftype=squashfs)", 1),
        ("(arch=arm64 || ftype~^boot || size>4999)", ALL),
        ("(arch=arm64||ftype=x)", NONE),
        ("(arch=amd64)", ALL),
        ("(release~(a||noble)||arch=x)", ALL),
    ],
)
def test_any_of_several_is_enough(text: str, count: int) -> None:
    """
    In parentheses `||` means or, where another filter follows it.
    """
    assert count == len(passing(text))


def test_several_filters_must_all_pass() -> None:
    """
    Filters are joined by and.
    """
    assert ["20250102/squashfs"] == passing("arch=amd64", "ftype=squashfs")


def test_what_is_left_empty_goes() -> None:
    """
    A version without an item that passes is left out.
    """
    narrowed = filters.narrowed(document("20250101", "20250103"), [filters.parse("version_name>20250102")])

    assert [["20250103"]] == [[version.name for version in each.versions] for each in narrowed.products]


def test_a_product_without_versions_goes() -> None:
    """
    When nothing of a product passes, the product is left out too.
    """
    assert () == filters.narrowed(document(), [filters.parse("arch=arm64")]).products


def test_an_item_overrides_what_it_inherits() -> None:
    """
    A key of the item counts more than the same key of its product.
    """
    assert ["20250102/boot-kernel"] == passing("version=1", of=document(version="1"))


def test_a_date_on_the_wire_is_a_day() -> None:
    """
    A date in the form of mail headers is compared as a day too.
    """
    dated = document(published="Fri, 02 Jan 2026 03:04:05 +0000")

    assert ["20250102/boot-kernel"] == passing("published>=2026-01-02", of=dated)


@pytest.mark.parametrize(
    "text",
    ["", "arch", "=x", " arch=x", "arch\t=x", "ar.ch=x", "arch!", "(arch)", "()", "(a=b", "a~(", "a=b\nc"],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    """
    What the reference cannot parse is an error here too.
    """
    with pytest.raises(InputError, match=r"filter"):
        filters.parse(text)


def test_a_filter_is_bounded() -> None:
    """
    A filter of over 1,000 signs is refused.
    """
    with pytest.raises(InputError, match="shorten it"):
        filters.parse("arch=" + "x" * 1000)


def test_an_odd_expression_is_no_warning() -> None:
    """
    An expression that a later Python may read otherwise is read in silence.
    """
    assert 2 == len(passing("arch~[[a]"))
