"""
What is known of the running sync, or of the last one, to whoever asks from another process; and how to
ask it to stop.
"""

from collections.abc import Callable
from dataclasses import replace

from tundish.catalog.opened import Catalog
from tundish.catalog.records import LOST, QUEUED, RUNNING
from tundish.core import clock
from tundish.core.errors import Busy
from tundish.core.holding import Job
from tundish.core.progress import Running
from tundish.sync.progress import ended_by, read

KIND = "sync"  # of the job, and the name of the lock
LAST = 10  # jobs that may be the latest: those that wait have higher numbers
LOOK = 0.5  # seconds between two looks at a sync that was asked to stop


def status(catalog: Catalog) -> Running | None:
    """
    The running sync, else the last one; None if there never was any.
    """
    job = latest(catalog)
    if job is None:
        return None
    look, files = read(job.detail), tuple(catalog.transfers.of(job.id))
    if job.outcome != RUNNING:
        error = look.progress.error or ended_by(job.detail)
        return Running(job, replace(look.progress, speed=0, error=error), files)
    moving = (replace(each, speed=look.speeds.get(each.sha256, 0)) for each in files)
    return Running(job, look.progress, tuple(moving))


def stop(catalog: Catalog, *, sleep: Callable[[float], None], patience: float) -> Job | None:
    """
    Ask the running sync to stop, and wait until it has; None if none is running. One that waits for a server
    is ended at once.

    Raises:
        Busy: it has not stopped after `patience` seconds; it still knows that it should.
    """
    last = _last(catalog)
    for each in last:
        if each.outcome == LOST and each.ended_at is None:
            catalog.jobs.ask_to_stop(each.id)  # else the next server would take it up
    job = next((each for each in last if each.outcome in {RUNNING, QUEUED}), None)
    if job is None:
        return None
    if catalog.jobs.drop(job.id, "", job.started_at):
        return catalog.jobs.get(job.id)
    catalog.jobs.ask_to_stop(job.id)
    for _ in range(max(round(patience / LOOK), 1)):
        sleep(LOOK)
        seen = _seen(catalog, catalog.jobs.get(job.id))
        if seen.outcome not in {QUEUED, RUNNING}:
            return seen
    raise Busy(
        f"the sync (job {job.id}) was asked to stop, and has not after {patience:.0f} seconds; it will as "
        "soon as it can: tundish sync status"
    )


def latest(catalog: Catalog) -> Job | None:
    """
    The job of the running sync, else of the last one that began, else of one that waits; without its files.
    None if there never was any.
    """
    return next(iter(_last(catalog)), None)


def _last(catalog: Catalog) -> list[Job]:
    """
    The last jobs, the one that runs first, those that wait last, and the newest first.
    """
    found = [_seen(catalog, each) for each in catalog.jobs.list(limit=LAST, kind=KIND)]
    order = {RUNNING: 0, QUEUED: 2}
    return sorted(found, key=lambda each: (order.get(each.outcome, 1), -each.id))


def _seen(catalog: Catalog, job: Job) -> Job:
    """
    The job as it is: one that is noted as running, but that nobody runs, is lost. For one of a server its
    lease says so; the next server takes it up.
    """
    if job.outcome != RUNNING or _is_run(catalog, job):
        return job
    again = catalog.jobs.get(job.id)  # it may have ended between the two questions
    return replace(again, outcome=LOST) if again.outcome == RUNNING and not _is_run(catalog, again) else again


def _is_run(catalog: Catalog, job: Job) -> bool:
    if job.lease_until is not None:
        return job.lease_until > clock.now()
    return bool(catalog.database.holder(KIND))
