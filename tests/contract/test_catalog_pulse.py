"""
The pulse of a catalog: the same while nothing changed that a sync depends on, and another one else.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.sync.values import LAB, product, version
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.holding import HoldingId
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Fetching, Kept, Selection, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source(LAB, "http://lab.test/", b"")
INDEX = Kept("streams/v1/index.json", "http://lab.test/streams/v1/index.json", '"1"', b"index", NOON)
FIRST = HoldingId(1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """
    A source with a kept document, a selection and two complete versions.
    """
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    opened.sources.add(SOURCE, NOON)
    opened.documents.keep(LAB, [INDEX], ())
    opened.selections.add(Selection("ubuntu", "noble"), NOON)
    versions = [version("1", "a"), version("2", "b")]
    opened.images.record(LAB, product("noble"), versions, State.COMPLETE, NOON)
    yield opened
    opened.close()


def test_the_pulse_stays_while_nothing_changes(catalog: Catalog) -> None:
    """
    Events, jobs and notes of ours are no change.
    """
    before = catalog.pulse.now()

    catalog.events.add("kind", "subject", "text", NOON)
    catalog.jobs.end(catalog.jobs.start("sync", "all", NOON), "done", "", NOON)
    catalog.choices.set("a", "b")

    assert before == catalog.pulse.now()


CHANGES: dict[str, Callable[[Catalog], object]] = {
    "a source more": lambda it: it.sources.add(replace(SOURCE, name=SourceName("other")), NOON),
    "a source less": lambda it: it.sources.remove(LAB),
    "another keyring": lambda it: it.sources.replace(replace(SOURCE, keyring=b"key")),
    "a disabled source": lambda it: it.sources.replace(replace(SOURCE, enabled=False)),
    "another priority": lambda it: it.sources.replace(replace(SOURCE, priority=1)),
    "another mirror": lambda it: it.sources.replace(
        replace(SOURCE, fetching=Fetching(mirrors=("http://m.test/",)))
    ),
    "a selection more": lambda it: it.selections.add(Selection("ubuntu", "jammy"), NOON),
    "a selection less": lambda it: it.selections.remove(1),
    "another document": lambda it: it.documents.keep(
        LAB, [replace(INDEX, read_at=NOON + timedelta(seconds=1))], ()
    ),
    "no document": lambda it: it.documents.forget(LAB),
    "a version more": lambda it: it.images.record(
        LAB, product("jammy"), [version("1", "c")], State.COMPLETE, NOON
    ),
    "a version less": lambda it: it.images.remove(FIRST),
    "a damaged version": lambda it: it.images.move([FIRST], State.DAMAGED, NOON),
    "a pinned version": lambda it: it.keeping.pin(FIRST, pinned=True),
    "an image on hold": lambda it: it.keeping.hold(FIRST, on=True),
    "a dropped version": lambda it: it.keeping.drop([FIRST], [], NOON),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_pulse_changes_with_what_counts(catalog: Catalog, change: Callable[[Catalog], object]) -> None:
    """
    Each thing that a sync would act upon makes another pulse, even within the same second.
    """
    before = catalog.pulse.now()

    change(catalog)

    assert before != catalog.pulse.now()
