"""
Jobs that wait for a server, their leases and their lines, whatever engine keeps them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tundish.catalog.db import sqlite_url
from tundish.catalog.job_lines import LINES_KEPT, MOST_WORDS
from tundish.catalog.opened import Catalog
from tundish.catalog.queue import ATTEMPTS, Queue
from tundish.core.errors import Busy, Conflict

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SOON = NOON + LEASE
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def queued(catalog: Catalog, kind: str = "sync", resource: str = "") -> int:
    return catalog.jobs.enqueue(
        kind, "all sources", {"sources": ["lab"]}, actor="ada", resource=resource, at=NOON
    )


def claimed(catalog: Catalog, holder: str = "one", at: datetime = NOON) -> int | None:
    job = catalog.jobs.claim(holder, at, at + LEASE)
    return job.id if job is not None else None


def outcomes(catalog: Catalog) -> list[str]:
    return [job.outcome for job in reversed(catalog.jobs.list())]


def test_what_is_asked_of_a_job_comes_back_with_the_claim(catalog: Catalog) -> None:
    """
    Whoever claims a job knows its arguments, who asked for it, and that this is the first attempt.
    """
    queued(catalog, resource="sync")

    job = catalog.jobs.claim("one", NOON, SOON)

    assert ({"sources": ["lab"]}, "ada", "sync", 1, "running") == (
        job and (job.arguments, job.actor, job.resource, job.attempt, job.outcome)
    )


def test_a_job_is_claimed_once(catalog: Catalog) -> None:
    """
    The first claim has it, the second finds nothing.
    """
    first = queued(catalog)

    assert [first, None] == [claimed(catalog), claimed(catalog, "two")]


def test_many_claimers_share_the_jobs_without_one_twice(catalog: Catalog) -> None:
    """
    Eight claimers at once take forty jobs, each of them once.
    """
    numbers = [queued(catalog) for _ in range(40)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: claimed(catalog, f"server {place}"), range(48)))

    assert numbers == sorted(each for each in found if each is not None)


def test_a_resource_is_had_by_one_job_at_a_time(catalog: Catalog) -> None:
    """
    The second job of a resource waits, and one of another does not; it comes when the first has ended.
    """
    first, second, other = (queued(catalog, resource=name) for name in ("sync", "sync", "store"))

    found = [claimed(catalog), claimed(catalog), claimed(catalog)]
    catalog.jobs.close(first, "one", "done", "", NOON)

    assert [first, other, None, second] == [*found, claimed(catalog)]


def test_many_claimers_never_share_a_resource(catalog: Catalog) -> None:
    """
    Eight claimers at once get one job of a resource, whatever they race for.
    """
    first, *_ = [queued(catalog, resource="sync") for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda place: claimed(catalog, f"server {place}"), range(8)))

    assert {first, None} == found


def test_a_job_that_waits_for_a_moment_is_left_until_then(catalog: Catalog) -> None:
    """
    A job queued again is not due before its time.
    """
    number = queued(catalog)
    claimed(catalog)
    catalog.jobs.requeue(number, "one", "{}", LATER)

    early = catalog.jobs.has_due(NOON), claimed(catalog)
    late = catalog.jobs.has_due(LATER), claimed(catalog, at=LATER)

    assert ((False, None), (True, number)) == (early, late)


def test_an_attempt_that_was_none_is_not_counted(catalog: Catalog) -> None:
    """
    A job whose resource was busy begins its first attempt again; one that failed, its second.
    """
    number = queued(catalog)
    claimed(catalog)
    catalog.jobs.requeue(number, "one", "{}", NOON, is_counted=False)
    claimed(catalog)
    before = catalog.jobs.get(number).attempt
    catalog.jobs.requeue(number, "one", "{}", NOON)
    claimed(catalog)

    assert (1, 2) == (before, catalog.jobs.get(number).attempt)


def test_a_beat_renews_the_lease_and_tells_of_a_stop(catalog: Catalog) -> None:
    """
    The answer names every job of the server, with whether it should stop; jobs of others are not its.
    """
    first, second, other = queued(catalog), queued(catalog), queued(catalog)
    claimed(catalog), claimed(catalog), claimed(catalog, "two")
    catalog.jobs.ask_to_stop(second)

    found = catalog.jobs.beat("one", LATER)

    assert ({first: False, second: True}, LATER, SOON) == (
        found,
        catalog.jobs.get(first).lease_until,
        catalog.jobs.get(other).lease_until,
    )


def test_a_job_whose_lease_is_over_waits_again(catalog: Catalog) -> None:
    """
    While the lease lasts nothing happens; then the next claim has it, as its second attempt.
    """
    number = queued(catalog, resource="sync")
    claimed(catalog)

    early = catalog.jobs.take_up(NOON, "")
    late = catalog.jobs.take_up(SOON, "")

    assert ((), (number,), number, 2) == (
        early.queued,
        late.queued,
        claimed(catalog, "two"),
        catalog.jobs.get(number).attempt,
    )


def test_whoever_lost_a_job_cannot_end_it(catalog: Catalog) -> None:
    """
    A server that was away too long changes nothing of a job that is another's now.
    """
    number = queued(catalog)
    claimed(catalog)
    catalog.jobs.take_up(SOON, "")
    claimed(catalog, "two", SOON)

    done = catalog.jobs.close(number, "one", "done", "", LATER)
    again = catalog.jobs.requeue(number, "one", "", LATER)

    assert (False, False, ["running"], {}) == (
        done,
        again,
        outcomes(catalog),
        catalog.jobs.beat("one", LATER),
    )


def test_a_job_that_kills_its_servers_is_given_up(catalog: Catalog) -> None:
    """
    After the third attempt that nobody ended, it is lost, with the reason in its detail.
    """
    number = queued(catalog)
    for _ in range(ATTEMPTS):
        claimed(catalog)
        taken = catalog.jobs.take_up(SOON, "its server died")
    job = catalog.jobs.get(number)

    assert ((number,), "lost", "its server died", SOON) == (taken.lost, job.outcome, job.detail, job.ended_at)


def test_a_job_that_was_to_stop_is_not_taken_up(catalog: Catalog) -> None:
    """
    It was asked to stop before its server died, so it is stopped.
    """
    number = queued(catalog)
    claimed(catalog)
    catalog.jobs.ask_to_stop(number)

    taken = catalog.jobs.take_up(SOON, "")

    assert ((number,), ["stopped"]) == (taken.stopped, outcomes(catalog))


def test_a_job_that_waits_can_be_dropped(catalog: Catalog) -> None:
    """
    It ends as stopped and is never claimed; one that runs cannot be dropped.
    """
    first, second = queued(catalog), queued(catalog)
    claimed(catalog)

    dropped = [catalog.jobs.drop(first, "", LATER), catalog.jobs.drop(second, "", LATER)]

    assert ([False, True], ["running", "stopped"], None) == (dropped, outcomes(catalog), claimed(catalog))


def test_jobs_of_commands_are_not_touched(catalog: Catalog) -> None:
    """
    A job without a lease is never taken up, and giving up those of a kind leaves jobs with a lease alone.
    """
    catalog.jobs.start("sync", "all sources", NOON)
    queued(catalog)
    claimed(catalog)

    taken = catalog.jobs.take_up(LATER - timedelta(hours=2), "")
    lost = catalog.jobs.lose("sync", LATER)

    assert ((), 1, ["lost", "running"]) == (taken.queued, lost, outcomes(catalog))


def test_what_a_dead_server_ran_is_taken_up_within_its_lease(catalog: Catalog) -> None:
    """
    Its job waits again; that of one that lives does not.
    """
    for _ in range(2):
        queued(catalog)
    dead = claimed(catalog, "dead") or 0
    claimed(catalog, "living")
    before = catalog.jobs.holders(), catalog.jobs.has_lapsed(NOON), catalog.jobs.has_lapsed(NOON, ["dead"])
    taken = catalog.jobs.take_up(NOON, "lost", ["dead"])

    assert (frozenset({"dead", "living"}), False, True, (dead,), frozenset({"living"})) == (
        *before,
        taken.queued,
        catalog.jobs.holders(),
    )


def test_the_queue_is_bounded(catalog: Catalog) -> None:
    """
    Where too many wait, the next one is refused.
    """
    short = Queue(catalog.database, most=1)
    queued(catalog)

    with pytest.raises(Busy, match="waiting already"):
        short.enqueue("sync", "", {}, actor="", resource="", at=NOON)


def test_progress_is_noted_by_who_runs_it(catalog: Catalog) -> None:
    """
    The detail is that of its holder, and a stranger's is not taken.
    """
    number = queued(catalog)
    claimed(catalog)
    catalog.jobs.note(number, "one", '{"blobs": 3}')
    catalog.jobs.note(number, "two", '{"blobs": 9}')

    assert '{"blobs": 3}' == catalog.jobs.get(number).detail


def test_lines_are_numbered_and_read_from_behind_one(catalog: Catalog) -> None:
    """
    Lines come back in their order, from behind the one that was seen.
    """
    number = queued(catalog)
    catalog.job_lines.add(number, [(NOON, "one"), (NOON, "two\nwith a break")])
    catalog.job_lines.add(number, [(LATER, "three")])

    assert [(2, "two with a break"), (3, "three")] == [
        (line.number, line.text) for line in catalog.job_lines.of(number, after=1)
    ]


def test_lines_are_bounded(catalog: Catalog) -> None:
    """
    A job that says too much keeps its last lines, each of a bounded length.
    """
    number = queued(catalog)
    catalog.job_lines.add(number, [(NOON, "x" * 9_000)] * LINES_KEPT)
    catalog.job_lines.add(number, [(NOON, "last")])
    found = catalog.job_lines.of(number)

    assert (LINES_KEPT, 2, MOST_WORDS, "last") == (
        len(found),
        found[0].number,
        len(found[0].text),
        found[-1].text,
    )


def test_a_line_needs_its_job(catalog: Catalog) -> None:
    """
    There are no lines of a job that is not there.
    """
    with pytest.raises(Conflict):
        catalog.job_lines.add(7, [(NOON, "lost")])
