"""
What a catalog knows of bundles, whatever engine keeps it.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.sync.values import NOW, product, version
from tundish.catalog.bundles import Passed
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.holding import HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import SourceName

HQ, LAB = SourceName("hq"), SourceName("hq.lab")
LATER = NOW + timedelta(days=1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    found = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield found
    found.close()


def passed(serial: int, *, name: str = "hq", origin: str = "AB", text: bytes = b"") -> Passed:
    return Passed(name, origin, serial, Digest.of(text), LATER)


def arrive(
    catalog: Catalog, which: Passed, *products: Product, retired: tuple[HoldingId, ...] = ()
) -> tuple[HoldingId, ...]:
    return catalog.bundles.arrive(which, [(LAB, products)], retired, "one came")


def test_serials_of_what_went_out_rise(catalog: Catalog) -> None:
    """
    The last serial is that of the last bundle, whatever key signed it; what came in does not count.
    """
    before = catalog.bundles.last_serial()
    catalog.bundles.sent(passed(1))
    catalog.bundles.sent(passed(2, origin="CD"))
    arrive(catalog, passed(9))

    assert (0, 2) == (before, catalog.bundles.last_serial())


def test_a_serial_is_used_once(catalog: Catalog) -> None:
    """
    Two bundles of one key cannot have the same serial.
    """
    catalog.bundles.sent(passed(1))

    with pytest.raises(Conflict):
        catalog.bundles.sent(passed(1))


def test_what_came_is_found_by_name_and_by_origin(catalog: Catalog) -> None:
    """
    The newest of a name, and the name of an origin; nothing before anything came.
    """
    nothing = (catalog.bundles.last(HQ), catalog.bundles.name_of("AB"))
    for serial in (1, 3):
        arrive(catalog, passed(serial))
    arrive(catalog, passed(7, name="other", origin="CD"))

    assert ((None, None), passed(3), "hq", "other") == (
        nothing,
        catalog.bundles.last(HQ),
        catalog.bundles.name_of("AB"),
        catalog.bundles.name_of("CD"),
    )


@pytest.mark.parametrize("state", list(State))
def test_what_arrives_is_complete_whatever_it_was(catalog: Catalog, state: State) -> None:
    """
    A version that was known before, in any state, is complete; one that is complete stays so since then.
    """
    catalog.images.record(LAB, product("noble"), [version("1", "a")], state, NOW)
    (number,) = arrive(catalog, passed(1), product("noble", [version("1", "a")]))
    found = catalog.images.get(number)

    assert (State.COMPLETE, NOW if state is State.COMPLETE else LATER) == (found.state, found.since)


def test_what_is_replaced_is_retired(catalog: Catalog) -> None:
    """
    With the new come the old ones' ends, and an event that says so.
    """
    old = catalog.images.record(LAB, product("noble"), [version("1", "a")], State.COMPLETE, NOW)
    arrive(catalog, passed(1), product("noble", [version("2", "b")]), retired=old)

    assert ({"1": "retired", "2": "complete"}, [("bundle-imported", "hq", "one came")]) == (
        {each.version.name: str(each.state) for each in catalog.images.list()},
        [(event.kind, event.subject, event.text) for event in catalog.events.list()],
    )


def test_the_same_once_more_changes_nothing(catalog: Catalog) -> None:
    """
    A bundle that arrives twice is noted once.
    """
    arrive(catalog, passed(1), product("noble", [version("1", "a")]))
    before = catalog.images.list()
    arrive(catalog, passed(1), product("noble", [version("1", "a")]))

    assert (before, passed(1)) == (catalog.images.list(), catalog.bundles.last(HQ))


def test_all_of_it_or_nothing(catalog: Catalog) -> None:
    """
    What the catalog refuses in the middle leaves no trace of what came before it.
    """
    good = product("noble", [version("1", "a")])
    bad = product("jammy", [version("1", "aa")])  # two files of one name
    with pytest.raises(Conflict):
        arrive(catalog, passed(1), good, bad)

    assert ((), None, ()) == (catalog.images.list(), catalog.bundles.last(HQ), catalog.events.list())
