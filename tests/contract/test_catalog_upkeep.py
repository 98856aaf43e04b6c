"""
What a catalog knows of running jobs and of notices, whatever engine keeps it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import NotFound
from tundish.core.notice import Kind, Notice, Severity, Wanted
from tundish.core.progress import Transfer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
FILE = Transfer("ab" * 32, "lab", "noble/root", 900, 100, 2, "cut short", ended=False, at=NOON)
OTHER = replace(FILE, sha256="cd" * 32, path="noble/kernel")
LOW = Wanted(Kind.DISK_LOW, "store", "2 GiB are free", Severity.WARNING)
NEWS = Wanted(Kind.RELEASE, "lab", "MAAS 4.0 is out", Severity.INFO)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def job(catalog: Catalog) -> int:
    return catalog.jobs.start("sync", "all sources", NOON)


def standing(catalog: Catalog) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in catalog.notices.list()]


def only(catalog: Catalog) -> Notice:
    (found,) = catalog.notices.list()
    return found


def test_what_is_noted_of_files_comes_back(catalog: Catalog, job: int) -> None:
    """
    Every figure of every file is read as it was noted, in order of the paths.
    """
    catalog.transfers.note(job, "{}", [FILE, OTHER])

    assert (OTHER, FILE) == catalog.transfers.of(job)


def test_a_later_note_takes_the_place_of_an_earlier_one(catalog: Catalog, job: int) -> None:
    """
    A file noted again has its new figures, and the others stay.
    """
    done = replace(FILE, came=900, ended=True, at=LATER)
    catalog.transfers.note(job, "{}", [FILE, OTHER])
    catalog.transfers.note(job, "{}", [done])

    assert (OTHER, done) == catalog.transfers.of(job)


def test_a_note_says_how_far_the_job_is(catalog: Catalog, job: int) -> None:
    """
    The job's detail is what was noted last.
    """
    catalog.transfers.note(job, '{"files": 2}', [])

    assert '{"files": 2}' == catalog.jobs.get(job).detail


def test_an_ended_job_takes_no_note(catalog: Catalog, job: int) -> None:
    """
    How a job ended is not written over.
    """
    catalog.jobs.end(job, "done", "all of it", LATER)
    catalog.transfers.note(job, "{}", [])

    assert "all of it" == catalog.jobs.get(job).detail


def test_who_notes_hears_that_a_stop_was_asked_for(catalog: Catalog, job: int) -> None:
    """
    The answer to a note is whether somebody asked the job to stop.
    """
    before = catalog.transfers.note(job, "{}", [])
    catalog.jobs.ask_to_stop(job)

    assert (False, True) == (before, catalog.transfers.note(job, "{}", []))


def test_a_new_job_is_not_stopped_by_an_old_wish(catalog: Catalog, job: int) -> None:
    """
    Asking a job to stop says nothing to the next.
    """
    catalog.jobs.ask_to_stop(job)
    following = catalog.jobs.start("sync", "all sources", LATER)

    assert not catalog.transfers.note(following, "{}", [])


def test_only_the_last_jobs_files_are_kept(catalog: Catalog, job: int) -> None:
    """
    When a job notes something, the files of those before it go.
    """
    catalog.transfers.note(job, "{}", [FILE])
    catalog.transfers.note(catalog.jobs.start("sync", "all sources", LATER), "{}", [OTHER])

    assert () == catalog.transfers.of(job)


def test_a_thousand_files_are_noted_at_once(catalog: Catalog, job: int) -> None:
    """
    A note is not bounded by what one statement can take.
    """
    many = [replace(FILE, sha256=f"{number:064x}", path=f"{number:04}") for number in range(1_001)]
    catalog.transfers.note(job, "{}", many)

    assert tuple(many) == catalog.transfers.of(job)


def test_jobs_can_be_narrowed_to_a_kind(catalog: Catalog, job: int) -> None:
    """
    A list of one kind holds no other.
    """
    catalog.jobs.start("build", "noble", NOON)

    assert [job] == [each.id for each in catalog.jobs.list(kind="sync")]


def test_a_job_that_is_not_there_is_named(catalog: Catalog) -> None:
    """
    Asking for a job that never was is answered with its number.
    """
    with pytest.raises(NotFound, match="no job 7"):
        catalog.jobs.get(7)


def test_events_can_be_narrowed(catalog: Catalog) -> None:
    """
    Events of one kind, and not from before a moment.
    """
    for kind, at in (("a", NOON), ("b", LATER), ("a", LATER)):
        catalog.events.add(kind, "x", "", at)

    assert [("a", LATER)] == [
        (each.kind, each.at) for each in catalog.events.list(kind="a", since=LATER - timedelta(hours=1))
    ]


def test_wanted_notices_stand(catalog: Catalog) -> None:
    """
    What is wanted stands, from the moment it was noticed.
    """
    catalog.notices.reconcile([LOW], NOON)

    assert Notice(1, "disk-low", "store", "2 GiB are free", "warning", NOON) == only(catalog)


def test_a_notice_says_since_when(catalog: Catalog) -> None:
    """
    Where the beginning is known, it is not the moment of noticing.
    """
    catalog.notices.reconcile([replace(LOW, since=NOON)], LATER)

    assert NOON == only(catalog).since


def test_what_is_no_longer_wanted_goes(catalog: Catalog) -> None:
    """
    A notice stands no longer than what it says is so.
    """
    catalog.notices.reconcile([LOW, NEWS], NOON)
    catalog.notices.reconcile([NEWS], LATER)

    assert [("release", "MAAS 4.0 is out")] == standing(catalog)


def test_other_words_change_neither_number_nor_beginning(catalog: Catalog) -> None:
    """
    A notice whose words change is still the same one.
    """
    catalog.notices.reconcile([LOW], NOON)
    catalog.notices.reconcile([replace(LOW, text="1 GiB is free")], LATER)

    assert Notice(1, "disk-low", "store", "1 GiB is free", "warning", NOON) == only(catalog)


@pytest.mark.parametrize(("wanted", "stays"), [(LOW, True), (NEWS, False)])
def test_only_a_new_release_undoes_a_dismissal(catalog: Catalog, wanted: Wanted, stays: bool) -> None:
    """
    A dismissed notice stays so when its words change, but for the announcement of something else.
    """
    catalog.notices.reconcile([wanted], NOON)
    catalog.notices.dismiss(1, NOON)
    catalog.notices.reconcile([replace(wanted, text="other words")], LATER)

    assert stays == (only(catalog).dismissed_at is not None)


@pytest.mark.parametrize(("days", "shown"), [(0, False), (13, False), (14, True)])
def test_a_dismissed_notice_comes_back(catalog: Catalog, days: int, shown: bool) -> None:
    """
    A dismissal lasts two weeks.
    """
    catalog.notices.reconcile([LOW], NOON)

    assert shown == catalog.notices.dismiss(1, NOON).is_shown(NOON + timedelta(days=days))


def test_a_notice_that_came_back_was_never_dismissed(catalog: Catalog) -> None:
    """
    What went and holds again is a new notice.
    """
    catalog.notices.reconcile([LOW], NOON)
    catalog.notices.dismiss(1, NOON)
    catalog.notices.reconcile([], NOON)
    catalog.notices.reconcile([LOW], LATER)

    assert (2, None) == (only(catalog).id, only(catalog).dismissed_at)


def test_a_notice_that_does_not_stand_cannot_be_dismissed(catalog: Catalog) -> None:
    """
    Dismissing what is not there is said.
    """
    with pytest.raises(NotFound, match="no notice 7"):
        catalog.notices.dismiss(7, NOON)


def test_nobody_holds_what_nobody_does(catalog: Catalog) -> None:
    """
    Who does something exclusive is known by name, and nobody before and after.
    """
    before = catalog.database.holder("sync")
    with catalog.database.exclusive("sync", "a test"):
        during = catalog.database.holder("sync")

    assert ("", True, "") == (before, during.startswith("a test"), catalog.database.holder("sync"))
