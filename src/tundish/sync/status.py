"""
What is known of the running sync, or of the last one, to whoever asks from another process; and how to
ask it to stop.
"""

from collections.abc import Callable
from dataclasses import replace

from tundish.catalog.opened import Catalog
from tundish.catalog.records import LOST, RUNNING
from tundish.core.errors import Busy
from tundish.core.holding import Job
from tundish.core.progress import Running
from tundish.sync.progress import read

KIND = "sync"  # of the job, and the name of the lock
LOOK = 0.5  # seconds between two looks at a sync that was asked to stop


def status(catalog: Catalog) -> Running | None:
    """
    The running sync, else the last one; None if there never was any.
    """
    job = latest(catalog)
    if job is None:
        return None
    look = read(job.detail)
    files = [replace(each, speed=look.speeds.get(each.sha256, 0)) for each in catalog.transfers.of(job.id)]
    progress = look.progress if job.outcome == RUNNING else replace(look.progress, speed=0)
    return Running(job, progress, tuple(files))


def stop(catalog: Catalog, *, sleep: Callable[[float], None], patience: float) -> Job | None:
    """
    Ask the running sync to stop, and wait until it has; None if none is running.

    Raises:
        Busy: it has not stopped after `patience` seconds; it still knows that it should.
    """
    job = latest(catalog)
    if job is None or job.outcome != RUNNING:
        return None
    catalog.jobs.ask_to_stop(job.id)
    for _ in range(max(round(patience / LOOK), 1)):
        sleep(LOOK)
        seen = _seen(catalog, catalog.jobs.get(job.id))
        if seen.outcome != RUNNING:
            return seen
    raise Busy(
        f"the sync (job {job.id}) was asked to stop, and has not after {patience:.0f} seconds; it will as "
        "soon as it can: tundish sync status"
    )


def latest(catalog: Catalog) -> Job | None:
    """
    The job of the running sync, else of the last one, without its files; None if there never was any.
    """
    found = catalog.jobs.list(limit=1, kind=KIND)
    return _seen(catalog, found[0]) if found else None


def _seen(catalog: Catalog, job: Job) -> Job:
    """
    The job as it is: one that is noted as running, but that nobody runs, is lost.
    """
    if job.outcome == RUNNING and not catalog.database.holder(KIND):
        again = catalog.jobs.get(job.id)  # it may have ended between the two questions
        return replace(again, outcome=LOST) if again.outcome == RUNNING else again
    return job
