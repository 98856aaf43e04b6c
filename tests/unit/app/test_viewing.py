"""
What the control door shows: counted and paged from the catalog.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.app.viewing import CatalogViews
from tundish.core.machine import Asker
from tundish.core.selection import Source


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Region]:
    """
    Two images that share nothing, synced from one unsigned source.
    """
    stream = StreamSimulator()
    for series in ("jammy", "noble"):
        stream.add(series=series)
    stream.publish(DAY)
    with region(tmp_path, stream) as opened:
        opened.catalog.sources.add(Source(SOURCE, stream.url, b""), DAY)
        opened.select()
        opened.sync()
        yield opened


@pytest.fixture
def views(lab: Region) -> CatalogViews:
    return CatalogViews(lab.catalog, lab.store)


def test_usage_counts_what_is_held(views: CatalogViews) -> None:
    """
    Sources, images, blobs and bytes are those of the sync.
    """
    usage = views.usage()

    assert (1, 2, 8, 32_400) == (usage.sources, usage.images, usage.blobs, usage.size)


def test_images_come_page_by_page(views: CatalogViews) -> None:
    """
    The page behind the first holds the second image, and the next one nothing.
    """
    (first,) = views.images(limit=1, after=0)
    (second,) = views.images(limit=1, after=first.id)

    assert ([], True) == (list(views.images(limit=1, after=second.id)), first.ref != second.ref)


def test_machines_come_page_by_page(lab: Region, views: CatalogViews) -> None:
    """
    Machines are paged by MAC address.
    """
    for last in ("02", "01", "03"):
        lab.catalog.machines.asked(Asker(f"52:54:00:00:00:{last}"), DAY)

    assert ["52:54:00:00:00:02"] == [
        machine.mac for machine in views.machines(limit=1, after="52:54:00:00:00:01")
    ]


def test_lists_are_those_of_the_catalog(lab: Region, views: CatalogViews) -> None:
    """
    Sources and selections are shown as they are held.
    """
    assert (["lab"], ["*"]) == (
        [source.name for source in views.sources()],
        [selection.os for selection in views.selections()],
    )


def test_the_newest_job_and_event_come_first(lab: Region, views: CatalogViews) -> None:
    """
    One may ask for the last job alone, and for the last event alone.
    """
    lab.catalog.events.add("tested", "lab", "the last thing", lab.tomorrow())

    assert (["sync"], ["tested"]) == (
        [job.kind for job in views.jobs(limit=1, after=0)],
        [event.kind for event in views.events(limit=1, after=0)],
    )


def test_nothing_was_deployed(views: CatalogViews) -> None:
    """
    Without a machine that reported there is no deployment.
    """
    assert [] == list(views.deployments(limit=10, after=0))
