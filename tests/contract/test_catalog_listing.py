"""
Lists of images in every order that people ask for.
"""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.contract.test_catalog import NOON, catalog, hold, in_sqlite, product
from tundish.catalog import tables
from tundish.catalog.opened import Catalog
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS, Wanted

__all__ = ["catalog", "in_sqlite"]

MAC = "52:54:00:00:00:0{}"
ORDERS = [
    ("name", "bionic focal jammy"),
    ("os", "bionic focal jammy"),
    ("series", "bionic focal jammy"),
    ("arch", "bionic focal jammy"),
    ("kernel", "jammy focal bionic"),
    ("version", "focal jammy bionic"),
    ("size", "bionic focal jammy"),
    ("state", "focal jammy bionic"),
    ("since", "bionic focal jammy"),
    ("source", "bionic focal jammy"),
    ("kept", "focal bionic jammy"),
    ("deployed", "focal bionic jammy"),
    ("machines", "focal jammy bionic"),
]


def boot(catalog: Catalog, image: str, *macs: int, hours: int) -> None:
    """
    So many machines were told to deploy an image.
    """
    at = NOON + timedelta(hours=hours)
    with catalog.database.transaction() as connection:
        for each in macs:
            mac = MAC.format(each)
            connection.execute(
                insert(tables.machines).prefix_with("OR IGNORE"),
                {"mac": mac, "first_seen": at, "last_seen": at},
            )
            row = {"token": f"{image} {each}", "mac": mac, "image": image, "version": "1", "root": "0" * 64}
            connection.execute(insert(tables.deployments), {**row, "started_at": at})


def furnish(catalog: Catalog) -> None:
    """
    Three images, of which no two orders but the first are alike.
    """
    hold(catalog, product("bionic", kernel="z"), "20260103", state=State.INCOMPLETE)
    hold(catalog, product("focal", kernel="y"), "20260101")
    hold(catalog, product("jammy", kernel="x"), "20260102")
    catalog.keeping.pin(catalog.images.find("ubuntu/focal/amd64/y").id, pinned=True)
    boot(catalog, "ubuntu/jammy/amd64/x", 1, hours=2)
    boot(catalog, "ubuntu/bionic/amd64/z", 1, 2, hours=1)


@pytest.mark.parametrize(("sort", "expected"), ORDERS)
def test_images_come_in_the_order_asked_for(catalog: Catalog, sort: str, expected: str) -> None:
    """
    In both directions, and by name where they are alike.
    """
    furnish(catalog)
    up = catalog.listing.images(Wanted(sort=sort)).lines
    down = catalog.listing.images(Wanted(sort=sort, descending=True)).lines

    assert (expected.split(), expected.split()[::-1]) == (
        [each.series for each in up],
        [each.series for each in down],
    )


def test_every_order_was_tried() -> None:
    """
    A new order needs its line above.
    """
    assert set(SORTS) == {sort for sort, _ in ORDERS}


def test_a_line_says_how_often_its_image_was_deployed(catalog: Catalog) -> None:
    """
    Machines count once, and the last time is that of any of them.
    """
    furnish(catalog)
    boot(catalog, "ubuntu/jammy/amd64/x", 3, hours=5)
    lines = catalog.listing.images(Wanted()).lines

    assert [(2, NOON + timedelta(hours=1)), (0, None), (2, NOON + timedelta(hours=5))] == [
        (each.machines, each.deployed) for each in lines
    ]
