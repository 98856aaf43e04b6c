"""
What a catalog answers to doors: pages, numbers, and what a machine may boot.
"""

from dataclasses import replace
from datetime import timedelta

from tests.contract.test_catalog import LATER, NOON, catalog, hold, in_sqlite, product, version
from tundish.catalog.opened import Catalog
from tundish.core.image import NOTHING
from tundish.core.lifecycle import State

__all__ = ["catalog", "in_sqlite"]


def test_what_is_held_is_also_told_without_files(catalog: Catalog) -> None:
    """
    The same holdings in these states, but for files and what versions say of themselves.
    """
    hold(catalog, product(), "20260101", "20260102")
    hold(catalog, product("jammy"), "20260101", state=State.INCOMPLETE)
    wanted = [State.COMPLETE]
    expected = {each.ref: each for each in catalog.images.list(states=wanted)}
    found = {each.ref: each for each in catalog.images.bare(wanted)}

    assert {
        ref: replace(each, version=replace(each.version, items=(), extra=NOTHING))
        for ref, each in expected.items()
    } == found


def test_a_page_goes_on_behind_the_last(catalog: Catalog) -> None:
    """
    Holdings come in order of their ids, as many as asked for.
    """
    ids = hold(catalog, product(), "20260101", "20260102", "20260103")

    assert [ids[1]] == [each.id for each in catalog.images.page(after=ids[0], limit=1)]


def test_the_newest_whole_bootable_version_is_booted(catalog: Catalog) -> None:
    """
    A version that is not complete is passed over.
    """
    hold(catalog, product(), "20260101")
    hold(catalog, product("jammy"), "20260102", state=State.INCOMPLETE)
    found = catalog.images.newest_bootable()

    assert "20260101" == (found.version.name if found else "")


def test_only_images_of_the_machine_are_booted(catalog: Catalog) -> None:
    """
    A machine of another architecture than every image is told nothing.
    """
    hold(catalog, product(), "20260101")

    assert catalog.images.newest_bootable("arm64") is None


def test_nothing_bootable_is_no_answer(catalog: Catalog) -> None:
    """
    A catalog without a complete bootable version says so.
    """
    assert catalog.images.newest_bootable() is None


def test_totals_count_a_shared_blob_once(catalog: Catalog) -> None:
    """
    Two kernels of the same bytes are two versions and one set of blobs.
    """
    hold(catalog, product(kernel="ga-24.04"), "20260101")
    hold(catalog, product(kernel="hwe-24.04"), "20260101")
    totals = catalog.images.totals()

    assert (2, 3, version("20260101").size) == (totals.versions, totals.blobs, totals.size)


def test_what_is_retired_is_not_counted(catalog: Catalog) -> None:
    """
    Retired versions and their blobs are not in the totals.
    """
    catalog.images.move(hold(catalog, product(), "20260101"), State.RETIRED, LATER)

    assert 0 == catalog.images.totals().blobs


def test_older_jobs_and_events_are_paged(catalog: Catalog) -> None:
    """
    History is read backwards, page by page.
    """
    for hour in range(3):
        catalog.jobs.start("sync", f"{hour}", NOON + timedelta(hours=hour))
        catalog.events.add("seen", f"{hour}", "", NOON + timedelta(hours=hour))
    job, event = catalog.jobs.list(1)[0], catalog.events.list(1)[0]

    assert (["1", "0"], ["1", "0"]) == (
        [each.subject for each in catalog.jobs.list(before=job.id)],
        [each.subject for each in catalog.events.list(before=event.id)],
    )
