"""
Deeds on syncs: what one would do, beginning it as a job, and stopping it.
"""

from collections.abc import Sequence

from tundish.app.deeds import jobs
from tundish.app.opened import App
from tundish.catalog.records import RUNNING
from tundish.core.errors import NotFound
from tundish.core.holding import Job
from tundish.core.names import source_name
from tundish.core.people import Actor, Kind, Power
from tundish.sync import run
from tundish.sync.run import Prepared
from tundish.sync.status import KIND


def plan(app: App, actor: Actor, sources: Sequence[str] = (), *, allow_rollback: bool = False) -> Prepared:
    """
    What a sync of these sources (none named: all enabled ones) would do. Reads them, and changes nothing.

    Raises:
        NotFound: there is no such source.
        Forbidden: the actor may not sync them.
    """
    for name in sources:
        actor.must(Power.SYNC, Kind.SOURCE, name)
    if not sources:
        actor.must(Power.SYNC, Kind.ALL, "all sources")
    names = tuple(source_name(name) for name in sources)
    return run.prepare(app.desk(), names, allow_rollback=allow_rollback)


def begin(
    app: App,
    actor: Actor,
    sources: Sequence[str] = (),
    *,
    allow_rollback: bool = False,
    allow_mass_removal: bool = False,
) -> Job:
    """
    Let a sync wait for a server; where the same waits already, the answer is that.

    Raises:
        NotFound: there is no such source.
        Forbidden: the actor may not sync them.
    """
    for name in sources:
        app.catalog.sources.get(source_name(name))
    return jobs.begin(
        app,
        actor,
        "sync",
        {
            "sources": list(sources),
            "allow_rollback": allow_rollback,
            "allow_mass_removal": allow_mass_removal,
        },
    )


def stop(app: App, actor: Actor) -> Job:
    """
    Ask the running sync, whoever runs it, to end, or the one that waits; what came is kept.

    Raises:
        NotFound: none runs or waits.
    """
    active = [job for job in app.catalog.jobs.active() if job.kind == KIND]
    found = next((job for job in active if job.outcome == RUNNING), next(iter(active), None))
    if found is None:
        raise NotFound("no sync runs; the last one is shown by: tundish sync status")
    return jobs.stop(app, actor, found.id)
