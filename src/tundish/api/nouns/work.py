"""
What takes long: plans, syncs and jobs. A door only asks for a job; a server does it.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import After, Limit, Number, Opened, Who
from tundish.api.repeating import Route
from tundish.api.schemas import Job, Line, Page, Sync
from tundish.app.deeds import jobs as deeds
from tundish.app.deeds.deed import deed
from tundish.app.orders import KINDS
from tundish.core import clock
from tundish.core.errors import InputError, NotFound
from tundish.core.holding import Job as Row
from tundish.core.image import Json
from tundish.core.names import SourceName, source_name
from tundish.core.people import Power
from tundish.sync import planfile, run
from tundish.sync.status import status

ROUTER = APIRouter(route_class=Route, tags=["jobs"])


class Asked(BaseModel):
    """
    What a sync is to fetch: from these sources, or from all that are enabled.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sources": ["lab"]}]})

    sources: list[str] = Field([], max_length=100)
    allow_rollback: bool = Field(False, description="accept documents older than those accepted before")
    allow_mass_removal: bool = Field(False, description="retire more than half of all images if need be")


class Order(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "verify", "arguments": {}}]}
    )

    kind: str = Field(max_length=40, description="one of " + ", ".join(KINDS))
    arguments: dict[str, object] = Field({}, description="of the job; see the guide to jobs")


@ROUTER.post("/plans", tags=["plans"])
def make_plan(app: Opened, actor: Who, asked: Asked) -> dict[str, object]:
    """
    What a sync would fetch, keep, retire and free, with bytes and reasons. The sources are asked; nothing is
    written. The answer is what `tundish sync --plan --json` prints, and which sources could not be read.
    """
    names = tuple(source_name(each) for each in asked.sources)
    with deed(app.catalog.audit, actor, Power.SYNC, "sync.plan", name=", ".join(names)):
        prepared = run.prepare(app.desk(), names, allow_rollback=asked.allow_rollback)
    unreadable: list[Json] = [
        {"source": each.source, "error": type(each.error).__name__, "detail": str(each.error)}
        for each in prepared.unreadable
    ]
    return {**planfile.document(prepared, names, clock.now()), "unreadable": unreadable}


@ROUTER.get("/sync", tags=["syncs"])
def get_sync(app: Opened, actor: Who) -> Sync | None:
    """
    The running sync, else the last one, file by file; null if there never was any.
    """
    seen = status(app.catalog)
    return Sync.of(seen) if seen is not None and deeds.is_visible(actor, seen.job) else None


@ROUTER.post("/syncs", status_code=202, tags=["syncs"])
def begin_sync(app: Opened, actor: Who, asked: Asked, response: Response) -> Job:
    """
    Fetch what is selected and offered. Where the same waits already, the answer is that.
    """
    arguments: dict[str, Json] = {
        "sources": [str(SourceName(each)) for each in asked.sources],
        "allow_rollback": asked.allow_rollback,
        "allow_mass_removal": asked.allow_mass_removal,
    }
    return _queued(deeds.begin(app, actor, "sync", arguments), response)


@ROUTER.post("/sync/stop", tags=["syncs"])
def stop_sync(app: Opened, actor: Who) -> Job:
    """
    Let the running sync end with the next bytes that come; what came is kept.
    """
    seen = status(app.catalog)
    if seen is None or not seen.is_running:
        raise NotFound("no sync is running; see the last one: tundish sync status")
    return Job.of(deeds.stop(app, actor, seen.job.id))


@ROUTER.get("/jobs")
def list_jobs(
    app: Opened,
    actor: Who,
    kind: Annotated[str, Query(max_length=40, description="only of this kind")] = "",
    limit: Limit = 100,
    after: After = 0,
) -> Page[Job]:
    """
    The jobs that the asker may see, the newest first.
    """
    found = app.catalog.jobs.list(limit, kind=kind, before=after)
    more = f"/api/v1/jobs?kind={kind}&limit={limit}&after={found[-1].id}" if len(found) == limit else None
    return Page(items=[Job.of(each) for each in found if deeds.is_visible(actor, each)], next=more)


@ROUTER.post("/jobs", status_code=202)
def begin_job(app: Opened, actor: Who, order: Order, response: Response) -> Job:
    """
    Let a job wait for a server.
    """
    try:
        arguments: dict[str, Json] = {name: _plain(value) for name, value in order.arguments.items()}
    except RecursionError:
        raise InputError("the arguments are nested too deep; none needs more than a list") from None
    return _queued(deeds.begin(app, actor, order.kind, arguments), response)


@ROUTER.get("/jobs/{number}")
def get_job(app: Opened, actor: Who, number: Number) -> Job:
    """
    One job. How far it is stands in `detail`, as JSON.
    """
    return Job.of(deeds.get(app, actor, number))


@ROUTER.get("/jobs/{number}/log")
def get_log(app: Opened, actor: Who, number: Number, limit: Limit = 100, after: After = 0) -> Page[Line]:
    """
    What a job said, the oldest line first.
    """
    found = deeds.log(app, actor, number, after=after, limit=limit)
    more = (
        f"/api/v1/jobs/{number}/log?limit={limit}&after={found[-1].number}" if len(found) == limit else None
    )
    return Page(items=[Line(number=each.number, at=each.at, text=each.text) for each in found], next=more)


@ROUTER.post("/jobs/{number}/stop")
def stop_job(app: Opened, actor: Who, number: Number) -> Job:
    """
    End a job that waits, or ask for the end of one that runs.
    """
    return Job.of(deeds.stop(app, actor, number))


@ROUTER.post("/jobs/{number}/retry", status_code=202)
def retry_job(app: Opened, actor: Who, number: Number, response: Response) -> Job:
    """
    Begin once more what a job did that has ended, as a new job.
    """
    return _queued(deeds.retry(app, actor, number), response)


def _queued(job: Row, response: Response) -> Job:
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return Job.of(job)


def _plain(value: object) -> Json:
    """
    The same: it was read from JSON.
    """
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return value if isinstance(value, str | int | float | bool) else None
