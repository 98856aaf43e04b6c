"""
Which products fit a selection, and which versions are the newest.
"""

from dataclasses import replace

import pytest

from tundish.core.image import Product, Version
from tundish.core.names import ContentId, ProductName, SourceName, VersionName
from tundish.core.selection import Selection
from tundish.stream.select import matches, newest

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
