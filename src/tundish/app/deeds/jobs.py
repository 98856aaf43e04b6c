"""
Deeds on jobs: begin one, stop it, begin it again; and which ones an actor may see.

A door only queues: a running server takes the job, whoever asked for it.
"""

from collections.abc import Mapping

from tundish.app import orders
from tundish.app.deeds.deed import deed
from tundish.app.finding import find, must_see_release, offerable
from tundish.app.opened import App
from tundish.app.orders import Order, right_of
from tundish.catalog.job_lines import LINES_KEPT
from tundish.catalog.records import QUEUED
from tundish.core import clock
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import Job, Line
from tundish.core.image import Json
from tundish.core.names import channel_name
from tundish.core.people import Actor, Kind, Power
from tundish.publish.showing import release_before

STOPPABLE = ("sync", "gc")  # kinds that listen even where a command runs them
_LOOKS = 40  # pages that are looked through for one of which the actor may see all
_LONG = "keyring"  # what a line of the audit leaves out


def begin(app: App, actor: Actor, kind: str, arguments: Mapping[str, Json]) -> Job:
    """
    Let a job wait for a server. Where the same is waiting already, the answer is that.

    Raises:
        InputError: there is no such kind, or an argument is missing, unknown or not of its form.
        NotFound, Conflict: there is no such image, or channel to roll back, or nothing before what it offers.
        Forbidden: the actor may not, or may not see what is to be offered.
        Busy: too many are waiting.
    """
    order = orders.read(kind, arguments)
    power, about, name = order.right
    with deed(app.catalog.audit, actor, power, f"{kind}.begin", kind=about, name=name) as account:
        arguments = _settled(app, actor, order, arguments)
        number = _waiting(app, kind, arguments)
        if number is None:
            number = app.catalog.jobs.enqueue(
                kind, order.subject, arguments, actor=actor.name, resource=order.resource, at=clock.now()
            )
            app.catalog.job_lines.add(number, [(clock.now(), f"asked for by {actor.name} ({actor.door})")])
        account.after = {"job": number, **{key: value for key, value in arguments.items() if key != _LONG}}
    return app.catalog.jobs.get(number)


def stop(app: App, actor: Actor, number: int) -> Job:
    """
    End a job that waits, or ask for the end of one that runs. Who began it may, and who may edit jobs.

    Raises:
        NotFound: there is no such job, or the actor may not see it.
        Conflict: it has ended already, or is run by a command that does not listen.
    """
    job = get(app, actor, number)
    power, about, name = right_of(job)
    power = power if job.actor and job.actor == actor.name else Power.JOB_EDIT
    with deed(app.catalog.audit, actor, power, "job.stop", kind=about, name=name) as account:
        account.before = {"job": number, "outcome": job.outcome}
        if job.ended_at is not None:
            raise Conflict(f"job {number} has ended already: {job.outcome}")
        if job.outcome != QUEUED and job.lease_until is None and job.kind not in STOPPABLE:
            raise Conflict(f"job {number} is run by a command; end it there, with Ctrl-C")
        if not app.catalog.jobs.drop(number, '{"error": "stopped before it began"}', clock.now()):
            app.catalog.jobs.ask_to_stop(number)
        app.catalog.job_lines.add(number, [(clock.now(), f"to be stopped, says {actor.name}")])
    return app.catalog.jobs.get(number)


def retry(app: App, actor: Actor, number: int) -> Job:
    """
    Begin once more what a job did that has ended, as a new job.

    Raises:
        NotFound: there is no such job, or the actor may not see it.
        Conflict: it has not ended, or a command ran it.
        Forbidden: the actor may not begin it.
    """
    job = get(app, actor, number)
    if job.ended_at is None:
        raise Conflict(f"job {number} is {job.outcome}; it has not ended")
    if not job.actor:
        raise Conflict(f"job {number} was run by a command, or by the server itself; run the command again")
    return begin(app, actor, job.kind, job.arguments)


def get(app: App, actor: Actor, number: int) -> Job:
    """
    A job.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    job = app.catalog.jobs.get(number)
    if not is_visible(actor, job):
        raise NotFound(f"there is no job {number}; see the last ones: tundish job list")
    return job


def list_(app: App, actor: Actor, *, kind: str = "", before: int = 0, limit: int = 50) -> tuple[Job, ...]:
    """
    The last jobs that the actor may see, the newest first; with `before`, those older than the one of this
    number.
    """
    seen: list[Job] = []
    for _ in range(_LOOKS):
        rows = app.catalog.jobs.list(limit, kind=kind, before=before)
        seen += [job for job in rows if is_visible(actor, job)]
        if len(rows) < limit or len(seen) >= limit:
            break
        before = rows[-1].id
    return tuple(seen[:limit])


def log(app: App, actor: Actor, number: int, *, after: int = 0, limit: int = LINES_KEPT) -> tuple[Line, ...]:
    """
    What a job said, behind the line of this number.

    Raises:
        NotFound: there is no such job, or the actor may not see it.
    """
    get(app, actor, number)
    return app.catalog.job_lines.of(number, after=after, limit=limit)


def is_visible(actor: Actor, job: Job) -> bool:
    _, about, name = right_of(job)
    return actor.may(Power.SEE, about, name)


def _settled(app: App, actor: Actor, order: Order, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
    """
    The arguments, so that the job does the same whenever and however often it is begun: to go back once more
    after a server died would be one release too far.
    """
    if isinstance(order, orders.Mirror):
        return {**arguments, "is_guarded": not actor.may(Power.SETTING_EDIT)}
    if isinstance(order, orders.Publish):
        images: list[Json] = [*offerable(app, actor, order.images)]
        return {**arguments, "images": images} if images else arguments
    if isinstance(order, orders.Promote):
        if not actor.may(Power.SEE, Kind.CHANNEL, order.source):
            raise NotFound(f"there is no channel {order.source!r}, or it is not yours to see")
        release = order.release or app.catalog.channels.get(channel_name(order.source)).release
        must_see_release(app, actor, release)
        return {**arguments, "release": release}
    if isinstance(order, orders.RollBack) and order.release is None:
        return {**arguments, "release": release_before(app.catalog, channel_name(order.channel))}
    if isinstance(order, orders.Check):
        find(app, actor, order.image)
    return arguments


def _waiting(app: App, kind: str, arguments: Mapping[str, Json]) -> int | None:
    return next(
        (
            job.id
            for job in app.catalog.jobs.active()
            if job.outcome == QUEUED and job.kind == kind and dict(job.arguments) == dict(arguments)
        ),
        None,
    )
