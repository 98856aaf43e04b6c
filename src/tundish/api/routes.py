"""
The control door: read-only lists for people and tools. A route is parse, one call, present.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias, TypeVar

from fastapi import APIRouter, FastAPI, Query

from tundish import __version__
from tundish.api import schemas
from tundish.api.errors import explain_errors
from tundish.api.views import Views
from tundish.core.machine import mac_address

ControlDoor: TypeAlias = FastAPI
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="how many rows at most")]
After: TypeAlias = Annotated[int, Query(ge=0, le=2**63 - 1, description="the id of the last row seen")]
AfterMac: TypeAlias = Annotated[str, Query(max_length=17, description="the MAC address last seen")]

Value = TypeVar("Value")
Row = TypeVar("Row")


def control_door(views: Views) -> ControlDoor:
    """
    The application of the control door.
    """
    door = FastAPI(
        title="tundish",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the ready-made pages load their scripts from elsewhere
        redoc_url=None,
    )
    explain_errors(door)
    door.include_router(_front(views))
    door.include_router(_nouns(views), prefix="/api/v1")
    door.include_router(_history(views), prefix="/api/v1")
    return door


def _front(views: Views) -> APIRouter:
    """
    What a monitor asks.
    """
    router = APIRouter()

    @router.get("/healthz")
    async def health() -> schemas.Health:
        """
        The process runs.
        """
        return schemas.Health(status="ok", version=__version__)

    @router.get("/readyz")
    def ready() -> schemas.Health:
        """
        Catalog and store answer.
        """
        views.usage()
        return schemas.Health(status="ready", version=__version__)

    return router


def _nouns(views: Views) -> APIRouter:
    """
    What there is.
    """
    router = APIRouter()

    @router.get("/images")
    def images(limit: Limit = 100, after: After = 0) -> schemas.Page[schemas.Image]:
        rows = views.images(limit=limit, after=after)
        return _page("images", rows, limit, schemas.Image.of, lambda row: row.id)

    @router.get("/sources")
    def sources() -> schemas.Page[schemas.Source]:
        return schemas.Page(items=[schemas.Source.of(row) for row in views.sources()], next=None)

    @router.get("/selections")
    def selections() -> schemas.Page[schemas.Selection]:
        return schemas.Page(items=[schemas.Selection.of(row) for row in views.selections()], next=None)

    @router.get("/machines")
    def machines(limit: Limit = 100, after: AfterMac = "") -> schemas.Page[schemas.Machine]:
        rows = views.machines(limit=limit, after=mac_address(after) if after else "")
        return _page("machines", rows, limit, schemas.Machine.of, lambda row: row.mac)

    @router.get("/notices")
    def notices() -> schemas.Page[schemas.Notice]:
        return schemas.Page(items=[schemas.Notice.of(row) for row in views.notices()], next=None)

    @router.get("/sync")
    def sync() -> schemas.Sync | None:
        """
        The running sync, else the last one; null if there never was any.
        """
        seen = views.sync()
        return schemas.Sync.of(seen) if seen is not None else None

    @router.get("/usage")
    def usage() -> schemas.Usage:
        return schemas.Usage.of(views.usage())

    return router


def _history(views: Views) -> APIRouter:
    """
    What happened, newest first.
    """
    router = APIRouter()

    @router.get("/deployments")
    def deployments(limit: Limit = 100, after: After = 0) -> schemas.Page[schemas.Deployment]:
        rows = views.deployments(limit=limit, after=after)
        return _page("deployments", rows, limit, schemas.Deployment.of, lambda row: row.id)

    @router.get("/jobs")
    def jobs(limit: Limit = 100, after: After = 0) -> schemas.Page[schemas.Job]:
        rows = views.jobs(limit=limit, after=after)
        return _page("jobs", rows, limit, schemas.Job.of, lambda row: row.id)

    @router.get("/events")
    def events(limit: Limit = 100, after: After = 0) -> schemas.Page[schemas.Event]:
        rows = views.events(limit=limit, after=after)
        return _page("events", rows, limit, schemas.Event.of, lambda row: row.id)

    return router


def _page(
    noun: str,
    rows: Sequence[Value],
    limit: int,
    shown: Callable[[Value], Row],
    key: Callable[[Value], int | str],
) -> schemas.Page[Row]:
    """
    At most `limit` rows, and where the next ones are; a full page may be the last one.
    """
    rows = rows[:limit]
    follow = f"/api/v1/{noun}?limit={limit}&after={key(rows[-1])}" if len(rows) == limit else None
    return schemas.Page(items=[shown(row) for row in rows], next=follow)
