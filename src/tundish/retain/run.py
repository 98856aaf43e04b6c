"""
One garbage collection from end to end: forget versions, then sweep the store, and leave a job behind.

It has the state to itself: while it deletes, nobody syncs, builds or publishes. The catalog forgets first
and durably; so after a crash there are blobs that nobody needs, never versions without their blobs.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from tundish.catalog.opened import Catalog
from tundish.catalog.records import STOPPED, Jobs
from tundish.core.errors import Conflict, Stopped
from tundish.core.holding import Holding, HoldingId
from tundish.core.progress import UNWATCHED, Gauge
from tundish.retain import policy
from tundish.retain.abandoned import coming, give_up
from tundish.retain.policy import Leaving, Sweep
from tundish.retain.report import Collected, Reclaimable
from tundish.retain.sweep import carry_out
from tundish.store.blobs import BlobJanitor

KIND = "gc"
GRACE = timedelta(days=3)
LOOK = timedelta(seconds=1)  # between two looks whether somebody wants it to end
MOST_FOREIGN = 1_000  # files of others that one report names
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Broom:
    """
    What a garbage collection works with.
    """

    catalog: Catalog
    store: BlobJanitor
    now: Callable[[], datetime]
    holder: str  # who we are, for whoever finds the state taken
    gauge: Gauge = UNWATCHED


@dataclass(slots=True)
class _Asked:
    """
    A gauge that also hears of who asked the job in the catalog to stop.
    """

    gauge: Gauge
    jobs: Jobs
    job: int
    now: Callable[[], datetime]
    looked: datetime

    def more(self, files: int, size: int) -> None:
        self.gauge.more(files, size)

    def moved(self, count: int) -> None:
        self.gauge.moved(count)
        at = self.now()
        if at - self.looked >= LOOK:
            self.looked = at
            if self.jobs.get(self.job).stop:
                raise Stopped

    def passed(self, size: int) -> None:
        self.gauge.passed(size)
        self.moved(0)


def collect(broom: Broom, *, grace: timedelta, dry_run: bool, allow_mass_removal: bool = False) -> Collected:
    """
    Delete what was retired, or has been needed by nothing, for longer than the grace period.

    Raises:
        Busy: somebody syncs, builds or publishes.
        Conflict: the catalog knows no image, but the store is full of blobs.
        Stopped: somebody wants it to end; what is deleted by then is deleted.
    """
    before = broom.now() - grace
    if dry_run:
        holdings = broom.catalog.images.list()
        leaving = policy.leaving(holdings, broom.catalog.keeping.ties(), before)
        return _collected(broom, leaving, _sweep(broom, holdings, _ids(leaving), before), dry_run=True)
    with broom.catalog.database.alone(f"store gc, {broom.holder}"):
        jobs = broom.catalog.jobs
        jobs.lose(KIND, broom.now())
        job = jobs.start(KIND, "the store", broom.now())
        asked = _Asked(broom.gauge, jobs, job, broom.now, broom.now())
        try:
            collected = _collect(replace(broom, gauge=asked), before, allow_mass_removal=allow_mass_removal)
        except BaseException as error:
            text = str(error) or type(error).__name__
            outcome = STOPPED if isinstance(error, Stopped | KeyboardInterrupt) else "failed"
            jobs.end(job, outcome, json.dumps({"error": text}), broom.now())
            raise
        jobs.end(job, "done", json.dumps(_counts(collected)), broom.now())
        return collected


def reclaimable(broom: Broom, grace: timedelta) -> Reclaimable:
    """
    What a garbage collection would free. Writes nothing.
    """
    holdings, ties = broom.catalog.images.list(), broom.catalog.keeping.ties()
    now, at_last = (
        _sweep(broom, holdings, _ids(policy.leaving(holdings, ties, before)), before).size
        for before in (broom.now() - grace, _EVER)
    )
    return Reclaimable(now, at_last - now)


def _collect(broom: Broom, before: datetime, *, allow_mass_removal: bool) -> Collected:
    give_up(broom.catalog.uploads, broom.store, broom.now())
    holdings = broom.catalog.images.list()
    if not holdings and not allow_mass_removal:
        _check_emptiness(broom.store)
    leaving = policy.leaving(holdings, broom.catalog.keeping.ties(), before)
    gone = broom.catalog.keeping.forget(_ids(leaving), before)
    leaving = replace(leaving, due=tuple(each for each in leaving.due if each.id in set(gone)))
    sweep = _sweep(broom, broom.catalog.images.list(), (), before)
    carry_out(sweep, broom.store, broom.gauge)
    return _collected(broom, leaving, sweep, dry_run=False)


def _check_emptiness(store: BlobJanitor) -> None:
    """
    A catalog that is new, or came from an old backup, must not cost us the blobs that a sync would find.
    """
    count = sum(1 for _ in store.walk())
    if count:
        raise Conflict(
            f"the catalog knows no image, but the store holds {count} blobs; nothing was done. If it "
            "is a new catalog, sync first; if the blobs may really go, pass --allow-mass-removal"
        )


def _sweep(broom: Broom, holdings: Sequence[Holding], gone: Collection[HoldingId], before: datetime) -> Sweep:
    needed = policy.needs(holdings, gone)
    needed = replace(needed, parts=needed.parts | coming(broom.catalog.uploads, broom.now()))
    return policy.sweep(list(broom.store.walk()), broom.store.unfinished(), needed, before)


def _collected(broom: Broom, leaving: Leaving, sweep: Sweep, *, dry_run: bool) -> Collected:
    store = broom.store
    foreign = tuple(islice(store.foreign(), MOST_FOREIGN))
    return Collected(leaving, sweep, tuple(store.quarantined()), foreign, dry_run)


def _ids(leaving: Leaving) -> frozenset[HoldingId]:
    return frozenset(each.id for each in leaving.due)


def _counts(collected: Collected) -> dict[str, int]:
    """
    What the job says of it; the lists themselves may be long.
    """
    leaving, sweep = collected.leaving, collected.sweep
    return {
        "versions": len(leaving.due),
        "blobs": len(sweep.blobs),
        "parts": len(sweep.parts),
        "bytes": sweep.size,
    }
