"""
The front of the file door: every answer has a name, errors have one form, and each request is heard of once.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Middleware

from tundish.boot.sending import FileAnswer
from tundish.core.answered import Answered, Heard, RequestIds
from tundish.core.clock import monotonic
from tundish.core.errors import TundishError, reaction
from tundish.core.problem import MEDIA_TYPE, Problem, problem, refusal, retry_after
from tundish.core.proxies import Origin, Proxies

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


LOG = logging.getLogger(__name__)
ORIGIN = web.RequestKey("ORIGIN", Origin)


def front(heard: Heard, ids: RequestIds, proxies: Proxies) -> Middleware:
    """
    The middleware of a door.
    """

    @web.middleware
    async def fronted(request: web.Request, handler: Handler) -> web.StreamResponse:
        began, request_id = monotonic(), ids.of(request.headers.get("X-Request-Id"))
        said = {
            name.lower(): ",".join(request.headers.getall(name))
            for name in request.headers
            if name[:2] in "X-x-"
        }
        origin = proxies.origin(request.remote or "", said, scheme="https" if request.secure else "http")
        request[ORIGIN] = origin

        def told(status: int, sent: int) -> None:
            heard(
                Answered(
                    "files",
                    request.method,
                    request.path,
                    status,
                    sent,
                    monotonic() - began,
                    origin.address,
                    request_id,
                )
            )

        try:
            answer = await _explained(request, handler)
        except Exception:  # a bug is noted as a request that failed, and rises for the server to log
            told(500, 0)
            raise
        answer.headers["X-Request-Id"] = request_id
        if isinstance(answer, FileAnswer):
            answer.told = told  # it is sent later
        else:
            told(answer.status, answer.content_length or 0)
        return answer

    return fronted


def _origin(request: web.Request, proxies: Proxies) -> Origin:
    said = {name.lower(): ",".join(request.headers.getall(name)) for name in set(request.headers)}
    return proxies.origin(request.remote or "", said, scheme="https" if request.secure else "http")


async def _explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """
    Errors as problem documents. What is neither ours nor aiohttp's goes on to its fixed 500 and the log.
    """
    try:
        return await handler(request)
    except TundishError as error:
        level = logging.getLevelNamesMapping()[reaction(error).log.upper()]
        LOG.log(level, "%s: %s", type(error).__name__, error)
        answer = _problem(problem(error))
        if (wait := retry_after(error)) is not None:
            answer.headers["Retry-After"] = wait
        return answer
    except web.HTTPException as error:
        answer = _problem(refusal(error.status))
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer


def _problem(said: Problem) -> web.Response:
    return web.Response(status=said.status, body=said.document(), content_type=MEDIA_TYPE)
