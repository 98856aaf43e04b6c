"""
The control door for programs: one router for each noun, and what all of their answers have in common.
"""

from typing import Any, TypeAlias

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from tundish import __version__
from tundish.access.admission import Admission
from tundish.api.bounds import Bounded
from tundish.api.errors import explain_errors
from tundish.api.health import WELL, looked, looks_of
from tundish.api.nouns import (
    bundles,
    channels,
    contents,
    feed,
    history,
    images,
    insides,
    people,
    selections,
    sources,
    store,
    uploads,
    work,
)
from tundish.api.schemas import Health, Problem
from tundish.app.opened import App
from tundish.core.problem import MEDIA_TYPE

ControlDoor: TypeAlias = FastAPI

PREFIX = "/api/v1"
NOUNS = (
    sources,
    selections,
    work,
    images,
    insides,
    uploads,
    contents,
    channels,
    history,
    people,
    feed,
    store,
    bundles,
)
_STATUSES = {
    400: "the request is malformed",
    401: "nobody known asks",
    403: "the asker may not",
    404: "there is no such thing, or it is not the asker's to see",
    405: "no such method here",
    409: "not possible in this state",
    412: "it was changed since it was read",
    410: "it was there, and nothing is kept of it",
    413: "the body is too long",
    415: "the body is of another type than is taken here",
    422: "the request makes no sense",
    429: "too many failed attempts",
    500: "it failed here, or only in part",
    502: "the other side failed, or cannot be trusted",
    507: "this machine cannot keep it",
}
_DESCRIPTION = """
Every change is a deed: allowed or refused, and written down. Errors are problem documents (RFC 9457).

Lists are cut into pages: `next` is the address of the following rows, or null at the end.
GET answers carry an `ETag`; `If-None-Match` saves the body, and a change with `If-Match` is refused with 412
if what it is about was changed since it was read. A POST with an `Idempotency-Key` is done once.
"""


def control_door(app: App, admission: Admission) -> ControlDoor:
    """
    The application of the control door.
    """
    door = FastAPI(
        title="tundish",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # the ready-made pages load their scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_name_of,
    )
    door.state.app, door.state.admission = app, admission
    explain_errors(door)
    door.add_middleware(Bounded)
    door.include_router(_front(app))
    problems: dict[int | str, dict[str, Any]] = {
        status: _problem(words) for status, words in _STATUSES.items()
    }
    for noun in NOUNS:
        door.include_router(noun.ROUTER, prefix=PREFIX, responses=problems)
    return door


def _name_of(route: APIRoute) -> str:
    return route.name


def _problem(words: str) -> dict[str, Any]:
    return {
        "model": Problem,
        "description": words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _front(app: App) -> APIRouter:
    """
    What a monitor asks; nobody needs to be known for it.
    """
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def health() -> Health:
        """
        The process runs.
        """
        return Health(status="ok", version=__version__)

    @router.get("/readyz")
    def ready() -> Health:
        """
        Catalog and store answer; `/ready` says which does not.
        """
        if set(looked(looks_of(app)).values()) != {WELL}:
            raise HTTPException(503)
        return Health(status="ready", version=__version__)

    return router
