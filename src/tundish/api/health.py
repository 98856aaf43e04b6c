"""
Whether the process runs (`/health`), and whether it can do its work (`/ready`); nobody need be known.

What is wrong is named by its part and the class of the error; what the error says stays in the log.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tundish import __version__
from tundish.app.opened import App
from tundish.core.errors import NoSpace, StorageError, TundishError

LOG = logging.getLogger(__name__)
LEAST_FREE = 64 * 1024 * 1024  # bytes
WELL = "ok"
AGAIN = "5"  # seconds

Look: TypeAlias = Callable[[], object]


def health_routes(app: App) -> list[BaseRoute]:
    """
    Both routes over an opened app.
    """
    looks = looks_of(app)

    async def health(_request: Request) -> Response:
        return _said(200, {"status": WELL, "version": __version__})

    async def ready(_request: Request) -> Response:
        parts = await run_in_threadpool(looked, looks)
        is_well = set(parts.values()) == {WELL}
        status = "ready" if is_well else "degraded"
        answer = _said(200 if is_well else 503, {"status": status, "version": __version__, "parts": parts})
        if not is_well:
            answer.headers["Retry-After"] = AGAIN
        return answer

    return [Route("/health", health, methods=["GET"]), Route("/ready", ready, methods=["GET"])]


def looks_of(app: App) -> dict[str, Look]:
    return {"catalog": app.catalog.figures.check, "store": lambda: writable(app)}


def looked(looks: Mapping[str, Look]) -> dict[str, str]:
    """
    What each part says: that it is well, or the class of its error.
    """
    parts = {}
    for name, look in looks.items():
        try:
            look()
        except TundishError as error:
            LOG.warning("%s is not ready: %s", name, error)
            parts[name] = type(error).__name__
        else:
            parts[name] = WELL
    return parts


def writable(app: App) -> None:
    """
    Raises:
        StorageError: nothing can be written where the store is.
        NoSpace: hardly anything can.
    """
    root = app.settings.state / "store"
    if app.store.free() < LEAST_FREE:
        raise NoSpace(str(root))
    if not os.access(root, os.W_OK | os.X_OK) or os.statvfs(root).f_flag & os.ST_RDONLY:
        raise StorageError(f"{root} cannot be written to")


def _said(status: int, fields: dict[str, object]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(json.dumps(fields), status, headers, "application/json")
