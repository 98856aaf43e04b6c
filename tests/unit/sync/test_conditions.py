from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.sync.values import product
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import TrustError, Unreachable
from tundish.core.names import SourceName
from tundish.core.notice import Announcement
from tundish.core.selection import Source
from tundish.sync.conditions import Condition, condition, newest_lts, note_bad, note_good
from tundish.sync.offer import Offer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LAB = SourceName("lab")
OFFER = Offer(
    Source(LAB, "http://lab.test/", b""),
    (product("noble"), product("jammy")),
    (),
    good_until=NOON + timedelta(days=20),
    announced=(Announcement("3.9", "old"), Announcement("4.0", "MAAS 4.0 is out")),
)
GOOD = Condition(
    read_at=NOON,
    good_until=NOON + timedelta(days=20),
    offered=("ubuntu/jammy", "ubuntu/noble"),
    announced=Announcement("4.0", "MAAS 4.0 is out"),
)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def test_nothing_is_known_of_a_source_that_was_never_asked(catalog: Catalog) -> None:
    """
    Before the first reading there is no condition to tell.
    """
    assert Condition() == condition(catalog.choices, LAB)


def test_a_good_reading_is_remembered(catalog: Catalog) -> None:
    """
    What a source offers and announces, and until when it may be believed, is read back as it was.
    """
    note_good(catalog.choices, OFFER, NOON)

    assert GOOD == condition(catalog.choices, LAB)


def test_a_failing_source_keeps_its_first_failure_and_last_reason(catalog: Catalog) -> None:
    """
    Since when a source fails is the first failure; why is the last one.
    """
    note_bad(catalog.choices, LAB, Unreachable("down"), NOON)
    note_bad(catalog.choices, LAB, TrustError("not signed"), NOON + timedelta(hours=1))
    found = condition(catalog.choices, LAB)

    assert (NOON, "not signed") == (found.failing_since, found.error)


def test_a_failure_takes_nothing_that_was_known(catalog: Catalog) -> None:
    """
    What a source offered is still known while it cannot be read.
    """
    note_good(catalog.choices, OFFER, NOON)
    note_bad(catalog.choices, LAB, Unreachable("down"), NOON)

    assert GOOD.offered == condition(catalog.choices, LAB).offered


def test_a_good_reading_ends_a_failure(catalog: Catalog) -> None:
    """
    A source that can be read again fails no more.
    """
    note_bad(catalog.choices, LAB, Unreachable("down"), NOON)
    note_good(catalog.choices, OFFER, NOON)

    assert GOOD == condition(catalog.choices, LAB)


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ({"jammy": "22.04", "noble": "24.04", "oracular": "24.10", "odd": "25.04"}, "ubuntu/noble"),
        ({"old": "8.04", "noble": "24.04"}, "ubuntu/noble"),
        ({"oracular": "24.10"}, ""),
        ({"noble": ""}, ""),
        ({}, ""),
    ],
)
def test_the_newest_lts_is_that_of_the_last_even_april(offered: dict[str, str], wanted: str) -> None:
    """
    Among what is offered, the highest version of an even year's April is it.
    """
    found = [replace(product(name), extra={"version": version}) for name, version in offered.items()]

    assert wanted == newest_lts(found)
