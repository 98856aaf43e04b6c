"""
The figures for a monitor, counted from a catalog.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tundish.catalog import figures
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.machine import Asker, Report

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROOT = Digest.of(b"root")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def booted(catalog: Catalog, number: int, image: str, *, reported: bool) -> None:
    mac, token = f"52:54:00:00:00:{number:02x}", f"t{number}"
    catalog.machines.asked(Asker(mac), NOON)
    catalog.machines.begin(token, mac, image=image, version="20260504", root=ROOT, at=NOON)
    if reported:
        catalog.machines.report(Report(token, "0" * 32, "20260504", ROOT), NOON)


def test_an_empty_catalog_has_figures(catalog: Catalog) -> None:
    """
    Where there is nothing yet, there are zeros and no last sync.
    """
    found = catalog.figures.now()

    assert (None, 0, 0, {}, 0) == (
        found.last_sync,
        found.size,
        found.machines,
        dict(found.deployments),
        found.static_deployed,
    )


def test_deployments_are_counted_by_image_and_report(catalog: Catalog) -> None:
    """
    Those that were only begun are counted beside those that were reported.
    """
    booted(catalog, 1, "debian/bookworm/amd64", reported=True)
    booted(catalog, 2, "debian/bookworm/amd64", reported=False)

    assert {
        ("debian/bookworm/amd64", "20260504", "yes"): 1,
        ("debian/bookworm/amd64", "20260504", "no"): 1,
    } == dict(catalog.figures.now().deployments)


def test_labels_have_an_end(catalog: Catalog) -> None:
    """
    Beyond the most frequent ones, images are one sum.
    """
    book = figures.FigureBook(catalog.database, most_deployed=2)
    for number in range(5):
        booted(catalog, number, f"debian/{number}/amd64", reported=True)
    counted = book.now().deployments

    assert (3, 3) == (len(counted), counted["other", "other", "yes"])


def test_a_machine_that_runs_an_image_of_ones_own_is_counted_once(catalog: Catalog) -> None:
    """
    The last report of a machine says what it runs.
    """
    booted(catalog, 1, "custom/rocky9/amd64", reported=True)
    booted(catalog, 2, "debian/bookworm/amd64", reported=True)
    booted(catalog, 3, "custom/rocky9/amd64", reported=False)

    assert 1 == catalog.figures.now().static_deployed


def test_the_last_sync_that_ended_is_told(catalog: Catalog) -> None:
    """
    One that still runs is not the last.
    """
    catalog.jobs.end(catalog.jobs.start("sync", "all", NOON), "partial", "", NOON)
    catalog.jobs.start("sync", "all", NOON)

    assert ("partial", NOON) == catalog.figures.now().last_sync


def test_the_check_passes_on_a_catalog_of_ours(catalog: Catalog) -> None:
    """
    A catalog with the schema of this version answers.
    """
    catalog.figures.check()

    assert {} == dict(catalog.figures.now().sources)
