"""
Holdings become products files and come back; what arrives retires what is no longer offered.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from tests.unit.sync.values import BLOBS, NOW, OTHER, SIZES, holding, product, quick, version
from tests.unit.sync.values import holdings as any_holdings
from tundish.bundle import contents
from tundish.bundle.contents import Offered
from tundish.bundle.manifest import Base, Manifest, Since
from tundish.core.errors import BadDocument, Conflict, InvalidName
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Version
from tundish.core.lifecycle import State
from tundish.core.names import ItemPath, SourceName
from tundish.core.payload import unverified
from tundish.store.blobs import Blob

HQ = SourceName("hq")
COMPLETE = State.COMPLETE


def offers(holdings: Sequence[Holding]) -> list[Offered]:
    """
    What is read of what was written.
    """
    return [
        contents.read(unverified(text.data, "usb.bundle"), text.listed)
        for text in contents.written(holdings, NOW)
    ]


def offered(*names: str, series: str = "noble") -> list[Offered]:
    """
    Versions of one image, as they arrive under the name hq.
    """
    versions = [version(name, "a") for name in names]
    return [Offered(SourceName("hq.lab"), (product(series, versions),))] if names else []


def came(number: int, name: str, state: State = COMPLETE, *, series: str = "noble") -> Holding:
    """
    A version that came in a bundle before.
    """
    return holding(number, series, name, "a", state, source=SourceName("hq.lab"))


@quick
@given(any_holdings())
def test_what_is_offered_comes_back(held: tuple[Holding, ...]) -> None:
    """
    Sources, products, versions and items are those that were held, whatever they are.
    """
    expected = {(each.source, each.product.name, each.version) for each in held}

    assert expected == {
        (each.source, product.name, version)
        for each in offers(held)
        for product in each.products
        for version in product.versions
    }


def test_unknown_fields_survive() -> None:
    """
    What we do not interpret comes back as it was, on every level.
    """
    one = holding(1, "noble", "1", "a", COMPLETE)
    item = replace(one.version.items[0], extra={"kernel": "6.1"})
    mine = replace(
        one,
        product=replace(one.product, extra={"deep": {"er": [1, 2.5, "ä", None, True]}}),
        version=Version(one.version.name, (item,), {"note": "x"}),
    )

    assert [replace(mine.product, versions=(mine.version,))] == [*offers([mine])[0].products]


def test_what_would_not_come_back_is_not_written() -> None:
    """
    Two contents under one path cannot stand in one products file; the message names them.
    """
    one, two = holding(1, "noble", "1", "a", COMPLETE), holding(2, "noble", "2", "b", COMPLETE)
    item = replace(two.version.items[0], path=ItemPath("a.img"))
    two = replace(two, version=replace(two.version, items=(item,)))

    with pytest.raises(Conflict, match=r"source lab cannot be put into a bundle.*product:noble/2"):
        contents.written([one, two], NOW)


def test_a_version_that_cannot_be_used_is_an_error() -> None:
    """
    Nothing is skipped in silence: the number of versions was signed too.
    """
    (text,) = contents.written([holding(1, "noble", "1", "a", COMPLETE)], NOW)

    with pytest.raises(BadDocument, match="of 2 versions 1 can be used"):
        contents.read(unverified(text.data, "usb.bundle"), replace(text.listed, versions=2))


@pytest.mark.parametrize(
    ("blobs", "expected", "is_right"),
    [("ab", "", True), ("a", "b", True), ("", "ab", True), ("a", "", False), ("abc", "", False)],
)
def test_blobs_are_those_of_the_images(blobs: str, expected: str, *, is_right: bool) -> None:
    """
    A bundle names every blob that its images are made of, and no other.
    """
    found = offers([holding(1, "noble", "1", "ab", COMPLETE)])
    base = Base(Since.RELEASE, 1)
    carried, needed = (
        tuple(Blob(BLOBS[each], SIZES[each]) for each in letters) for letters in (blobs, expected)
    )
    manifest = Manifest("AB" * 20, 1, base, NOW, (), carried, needed)
    try:
        contents.judge(manifest, found, unverified(b"", "usb.bundle"))
    except BadDocument:
        assert not is_right
    else:
        assert is_right


@pytest.mark.parametrize(
    ("ties", "on_hold", "expected"), [({}, False, [1]), ({1: "pinned"}, False, []), ({}, True, [])]
)
def test_what_is_not_offered_retires_unless_something_keeps_it(
    ties: dict[HoldingId, str], expected: list[int], *, on_hold: bool
) -> None:
    """
    A pin, a channel, a machine or a hold keeps a version that its origin has given up.
    """
    before = [replace(came(1, "1"), on_hold=on_hold), came(2, "2"), came(3, "0", State.RETIRED)]

    assert expected == [each.id for each in contents.retiring(before, offered("2"), ties)]


def test_more_than_half_of_all_images_do_not_go_at_once() -> None:
    """
    A bundle that offers hardly anything any more is more likely a mistake.
    """
    before = [came(1, "1"), came(2, "1", series="jammy"), came(3, "1", series="focal")]
    leaving = contents.retiring(before, offered("1"), {})

    with pytest.raises(Conflict, match=r"every version of 2 of 3 images.*--allow-mass-removal"):
        contents.check_removal(leaving, before, offered("1"))


def test_a_new_version_of_everything_is_no_removal() -> None:
    """
    Images stay, even if each of their versions goes.
    """
    before = [came(1, "1"), came(2, "1", series="jammy")]
    now = [*offered("2"), *offered("2", series="jammy")]

    contents.check_removal(contents.retiring(before, now, {}), before, now)


def test_images_are_listed_under_the_name_and_the_source() -> None:
    """
    What came from source lab of the origin called hq is of hq.lab here.
    """
    (found,) = contents.renamed(offers([holding(1, "noble", "1", "a", COMPLETE)]), HQ)

    assert ("hq.lab", True, False) == (
        found.source,
        contents.is_of(came(1, "1"), HQ),
        contents.is_of(holding(1, "noble", "1", "a", COMPLETE, source=OTHER), HQ),
    )


@pytest.mark.parametrize("name", ["hq.lab", "own", "", "../x", "a b"])
def test_an_odd_name_is_refused(name: str) -> None:
    """
    A name with a dot would run into another's, and `own` is what was built here.
    """
    with pytest.raises(InvalidName):
        contents.bundle_name(name)


def test_a_name_passes() -> None:
    """
    A plain word is a name.
    """
    assert HQ == contents.bundle_name("hq")
