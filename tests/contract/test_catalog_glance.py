"""
A glance at a catalog says what the catalog says, and nothing where it cannot be sure.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.sync.values import LAB, product, version
from tundish.catalog.db import sqlite_url
from tundish.catalog.glance import NoAnswer, glance
from tundish.catalog.opened import Catalog
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.notice import Kind, Severity, Wanted
from tundish.core.selection import Fetching, Kept, Seen, Selection, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, 0, 0, 5, tzinfo=UTC)
SOURCE = Source(
    LAB,
    "http://lab.test/",
    b"\x99keys",
    3,
    fetching=Fetching("none", "s3cret", ("http://m.test/",), 5000, "22:00-06:00"),
    signers=("A" * 40,),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cata log#?%20.sqlite"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(path))
    opened.sources.add(SOURCE, NOON)
    opened.sources.add(Source(SourceName("off"), "http://off.test/", b"", enabled=False), NOON)
    opened.sources.record_seen(LAB, [Seen("index", NOON, "sha256:" + "0" * 64, NOON)])
    opened.documents.keep(LAB, [Kept("index", "http://lab.test/index", '"1"', b"body", NOON)], ())
    opened.selections.add(Selection("ubuntu", "noble"), NOON)
    opened.images.record(LAB, product("noble"), [version("1", "a")], State.COMPLETE, NOON)
    opened.choices.set("a", "b")
    yield opened
    opened.close()


def test_both_have_the_same_pulse(catalog: Catalog, path: Path) -> None:
    """
    The word for what a sync acts upon is the same, whoever asks.
    """
    with glance(path) as seen:
        assert catalog.pulse.now() == seen.pulse()


def test_both_know_the_same_facts(catalog: Catalog, path: Path) -> None:
    """
    A noted fact is found, and one that is not noted is not.
    """
    with glance(path) as seen:
        assert (catalog.choices.get("a"), None) == (seen.choice("a"), seen.choice("b"))


def test_both_know_the_same_sources(catalog: Catalog, path: Path) -> None:
    """
    Every field of a source comes back; those not in use are left out.
    """
    with glance(path) as seen:
        assert tuple(each for each in catalog.sources.list() if each.enabled) == seen.sources()


def test_both_know_the_same_notices(catalog: Catalog, path: Path) -> None:
    """
    What stands and was not dismissed is told, the worst first.
    """
    wanted = [
        Wanted(Kind.STALE, "lab", "old", Severity.WARNING),
        Wanted(Kind.DISK_LOW, "disk", "full", Severity.ERROR),
        Wanted(Kind.AUTO_OFF, "sync", "off", Severity.INFO),
    ]
    catalog.notices.reconcile(wanted, NOON)
    catalog.notices.dismiss(3, NOON)
    old, full, _ = catalog.notices.list()

    with glance(path) as seen:
        assert (full, old) == seen.notices()


def test_a_running_job_is_seen(catalog: Catalog, path: Path) -> None:
    """
    A job that has not ended is told of, one that has is not.
    """
    with glance(path) as seen:
        before = seen.is_running("sync")
        number = catalog.jobs.start("sync", "all", NOON)
        during = seen.is_running("sync")
        catalog.jobs.end(number, "done", "", NOON)

        assert (False, True, False) == (before, during, seen.is_running("sync"))


def test_a_note_is_a_job_and_a_reading(catalog: Catalog, path: Path) -> None:
    """
    A sync with nothing to do leaves the same in the catalog as any other.
    """
    with glance(path) as seen:
        seen.note("sync", "all sources", "{}", seen.sources(), LATER)

    (job,) = catalog.jobs.list()
    assert ("sync", "all sources", LATER, LATER, "done", "{}", LATER) == (
        job.kind,
        job.subject,
        job.started_at,
        job.ended_at,
        job.outcome,
        job.detail,
        catalog.sources.seen(LAB)["index"].at,
    )


def test_a_note_changes_no_pulse(catalog: Catalog, path: Path) -> None:
    """
    Having looked is no reason to look again.
    """
    before = catalog.pulse.now()

    with glance(path) as seen:
        seen.note("sync", "all sources", "{}", seen.sources(), LATER)

    assert before == catalog.pulse.now()


def test_a_catalog_that_is_not_there_is_not_made(path: Path) -> None:
    """
    A glance never makes anything.
    """
    with pytest.raises(NoAnswer), glance(path):
        pass

    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"no catalog, for certain" * 100])
def test_what_is_no_catalog_gives_no_answer(path: Path, content: bytes) -> None:
    """
    An empty file and other bytes are left to the long way, which says what they are.
    """
    path.write_bytes(content)

    with pytest.raises(NoAnswer), glance(path) as seen:
        seen.pulse()


def test_a_catalog_of_another_schema_gives_no_answer(catalog: Catalog, path: Path) -> None:
    """
    Where a table is missing, nothing can be said.
    """
    catalog.close()
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE documents")
    connection.close()

    with pytest.raises(NoAnswer), glance(path) as seen:
        seen.pulse()
