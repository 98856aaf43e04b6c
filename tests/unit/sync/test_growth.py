"""
What a sync does for twice as many images: about twice as much, counted in calls and never in seconds.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.unit.sync.values import ANYTHING, LAB, NOW, product
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.image import Item, Version
from tundish.core.names import ItemName, ItemPath, VersionName
from tundish.core.selection import Source
from tundish.store.memory import MemoryStore
from tundish.sync.ledger import BATCH, Ledger
from tundish.sync.offer import Offer
from tundish.sync.plan import Plan, plan

FEW = 2 * BATCH  # whole batches, so that none is filled half
MOST = 2.1  # times the calls


def offered(count: int) -> Offer:
    def version(number: int) -> Version:
        path = ItemPath(f"{number}.img")
        return Version(
            VersionName("1"), (Item(ItemName("a"), "a", path, 1, Digest.of(str(number).encode())),)
        )

    products = tuple(product(f"s{number}", [version(number)]) for number in range(count))
    return Offer(Source(LAB, "http://lab.test/", b""), products, ())


def planned(count: int) -> Plan:
    return plan([offered(count)], [ANYTHING], (), held=())


def booked(found: Plan, folder: Path) -> None:
    catalog = Catalog.open(sqlite_url(folder / f"{len(found.files)}.sqlite"))
    try:
        ledger = Ledger(found, catalog.images, MemoryStore(), lambda: NOW)
        for file in found.files:
            ledger.arrived(file, file.size)
        ledger.close()
    finally:
        catalog.close()


def calls(work: Callable[[], object]) -> int:
    """
    How many functions of Python it calls, on this thread.
    """
    count = 0

    def called(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_planning_grows_with_the_images() -> None:
    """
    Twice the products cost at most about twice the calls of a plan.
    """
    planned(FEW)

    assert MOST * calls(lambda: planned(FEW)) >= calls(lambda: planned(2 * FEW))


def test_booking_grows_with_the_files(tmp_path: Path) -> None:
    """
    Twice the files cost at most about twice the calls of the books, the catalog's included.
    """
    few, many = planned(FEW), planned(2 * FEW)
    for name in ("warm", "cold"):
        (tmp_path / name).mkdir()
    booked(few, tmp_path / "warm")  # statements are compiled once

    once = calls(lambda: booked(few, tmp_path / "cold"))

    assert MOST * once >= calls(lambda: booked(many, tmp_path / "cold"))
