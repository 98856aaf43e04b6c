"""
Which products fit a selection, and which versions are the newest.
"""

from dataclasses import replace

import pytest

from tundish.core.digest import Digest
from tundish.core.image import Extra, Item, Product, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.selection import Selection
from tundish.stream.select import depth, is_companion, matches, newest

ACME = SourceName("acme")
NOBLE = Product(
    name=ProductName("p"),
    content_id=ContentId("c"),
    os="ubuntu",
    series="noble",
    arch="amd64",
    label="stable",
    kernel="ga-24.04",
    title="24.04 LTS",
    versions=tuple(Version(VersionName(name), ()) for name in ("20250101", "20250101.1", "20260101")),
)
WANTED = Selection(
    os="ubuntu",
    series="noble",
    arches=("arm64", "amd64"),
    kernels=("ga-24.04",),
    labels=("stable",),
    source=ACME,
)


def test_a_selection_that_names_everything_matches() -> None:
    """
    Each field fits.
    """
    assert matches(WANTED, NOBLE, ACME)


@pytest.mark.parametrize(
    "selection",
    [
        replace(WANTED, os="debian"),
        replace(WANTED, series="nobl"),
        replace(WANTED, arches=("arm64",)),
        replace(WANTED, arches=()),
        replace(WANTED, kernels=("hwe-24.04",)),
        replace(WANTED, labels=("daily",)),
        replace(WANTED, source=SourceName("other")),
    ],
)
def test_one_field_that_does_not_fit_is_enough(selection: Selection) -> None:
    """
    Fields are ANDed, and compared whole.
    """
    assert not matches(selection, NOBLE, ACME)


def test_the_star_matches_anything() -> None:
    """
    A selection of stars, of any source, takes every product.
    """
    assert matches(Selection("*", "*"), NOBLE, ACME)


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (0, []),
        (-1, []),
        (1, ["20260101"]),
        (2, ["20260101", "20250101.1"]),
        (9, ["20260101", "20250101.1", "20250101"]),
    ],
)
def test_the_newest_versions_come_first(keep: int, names: list[str]) -> None:
    """
    In order of letters, as all clients have it.
    """
    assert names == [version.name for version in newest(NOBLE, keep)]


@pytest.mark.parametrize(
    ("kernel", "extra", "word", "expected"),
    [
        ("ga-24.04", {}, "ga-24.04", True),
        ("hwe-24.04", {}, "ga-24.04", False),
        ("hwe-24.04-edge", {}, "hwe-24.04", False),
        ("hwe-24.04-edge", {}, "hwe-24.04-edge", True),
        ("ga-24.04", {"kflavor": "generic"}, "ga-24.04", True),
        ("ga-24.04", {"kflavor": "lowlatency"}, "ga-24.04", False),
        ("ga-24.04", {"kflavor": "lowlatency"}, "ga-24.04-lowlatency", True),
        ("ga-24.04-lowlatency", {"kflavor": "lowlatency"}, "ga-24.04-lowlatency", True),
        ("hwe-x", {}, "hwe-x", True),
        ("hwe-x", {}, "ga-16.04", True),
        ("ga-14.04", {}, "hwe-t", True),
        ("ga-16.04", {}, "hwe-t", False),
        ("ga-12.10", {}, "hwe-q", True),
        ("ga-17.04", {}, "hwe-z", True),
        ("hwe-16.04", {}, "hwe-x", False),
        ("generic", {}, "generic", True),
        ("", {}, "ga-24.04", False),
        ("", {"kflavor": "lowlatency"}, "lowlatency", False),
    ],
)
def test_kernels_go_by_their_words(kernel: str, extra: Extra, word: str, *, expected: bool) -> None:
    """
    A kernel is selected by its release, stack and flavour, and old ones by their letter too.
    """
    product = replace(NOBLE, kernel=kernel, extra=extra)

    assert expected is matches(replace(WANTED, kernels=(word,)), product, ACME)


GRUB = replace(NOBLE, os="grub-efi-signed", series="", kernel="", extra={"bootloader-type": "uefi"})
NEWS = replace(
    NOBLE,
    os="maas",
    kernel="",
    versions=(
        Version(
            VersionName("1"),
            (Item(ItemName("n"), "notifications", ItemPath("n"), 1, Digest.of(b"n")),),
        ),
    ),
)


@pytest.mark.parametrize("companion", [GRUB, NEWS], ids=["bootloader", "notification"])
def test_what_comes_along_whatever_is_selected(companion: Product) -> None:
    """
    Of bootloaders and notifications the newest version is wanted, whatever else is.
    """
    assert 1 == depth([replace(WANTED, keep=5)], companion, ACME)


@pytest.mark.parametrize("selections", [[], [replace(WANTED, source=SourceName("other"))]])
def test_nothing_comes_along_with_nothing(selections: list[Selection]) -> None:
    """
    A source that nothing is selected from gives no bootloader either.
    """
    assert 0 == depth(selections, GRUB, ACME)


def test_an_ordinary_image_comes_only_if_selected() -> None:
    """
    An image is no companion; the deepest of the selections that fit counts.
    """
    selections = [WANTED, replace(WANTED, keep=3), replace(WANTED, os="debian", keep=9)]

    assert (False, 3) == (is_companion(NOBLE), depth(selections, NOBLE, ACME))
