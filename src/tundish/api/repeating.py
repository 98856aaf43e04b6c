"""
What all routes have in common: a change can be sent twice and is done once, an answer can be asked for only
if it is new, and a change can be bound to what was read before.

`Idempotency-Key` counts for POST. `ETag` and `If-None-Match` are of the whole answer to a GET. `If-Match`
compares with what a GET of the same address answers now, or, for a verb, of the address before it: before all
else, and again in the transaction of the change, so that nothing is changed in between.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any, TypeAlias

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tundish.api.asking import actor_of, app_of
from tundish.app.deeds.deed import bound
from tundish.core import clock
from tundish.core.errors import Conflict, InputError, Stale, TundishError
from tundish.core.problem import MEDIA_TYPE, problem
from tundish.core.repeated import Given

KEY = "idempotency-key"
MOST_KEY = 200
SECRETS = ("password", "old", "token")  # fields of bodies
_KEPT = ("content-type", "location", "etag")
_REPEATED = "Idempotency-Replayed"

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """
    A route of the interface for programs.
    """

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = frozenset(field.alias for field in self.dependant.query_params)

        async def answer(request: Request) -> Response:
            _must_know(request, known)
            if request.method in {"GET", "HEAD"}:
                return tagged(request, await handle(request))
            if "if-match" not in request.headers:
                return await _done(request, handle)
            await _must_match(request)
            with bound(lambda: asyncio.run(_must_match(request))):
                return await _done(request, handle)

        return answer


async def _done(request: Request, handle: Handler) -> Response:
    if request.method == "POST" and KEY in request.headers:
        return await _once(request, handle)
    return await handle(request)


def _must_know(request: Request, known: frozenset[str]) -> None:
    """
    Raises:
        InputError: the query says what nobody reads, so a filter that was misspelt is not taken for none.
    """
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise InputError(
            f"{unknown[0][:40]!r} is no parameter here; {', '.join(sorted(known)) or 'there is none'}"
        )


def tagged(request: Request, response: Response) -> Response:
    """
    The answer with its tag, or without a body if who asks has it.
    """
    if response.status_code != 200 or not isinstance(getattr(response, "body", None), bytes):
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    return response


async def _must_match(request: Request) -> None:
    wanted = request.headers["if-match"]
    for path in (request.url.path, request.url.path.rpartition("/")[0]):
        tag = await _tag(request, path)
        if tag:
            if not _names(wanted, tag):
                raise Stale(f"{path} was changed since it was read; read it again, then decide")
            return
    raise Stale(f"there is nothing at {request.url.path} that If-Match could be compared with")


async def _tag(request: Request, path: str) -> str:
    """
    The tag of what a GET of this path answers to the same asker; empty if that fails.
    """
    left_out = (b"if-match", b"if-none-match", b"content-length", b"content-type")
    headers = [pair for pair in request.scope["headers"] if pair[0] not in left_out]
    scope = {
        **request.scope,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    for name in ("route", "endpoint", "path_params", "router"):
        scope.pop(name, None)
    found: dict[str, str] = {}

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            found.update((name.decode(), value.decode()) for name, value in message["headers"])

    try:
        await request.app.router(scope, receive, send)
    except (HTTPException, TundishError):  # there is nothing to read here, or not for this asker
        return ""
    return found.get("etag", "")


def _names(said: str, tag: str) -> bool:
    listed = [each.strip().removeprefix("W/") for each in said.split(",")]
    return tag in listed or "*" in listed


def _unsecret(body: bytes) -> bytes:
    """
    A body without the secrets that people think of: of these not even a hash is kept.
    """
    if not any(b'"%s"' % name.encode() in body for name in SECRETS):
        return body
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):  # the route says what is wrong with it
        return body
    if not isinstance(said, dict):
        return body
    return json.dumps({name: value for name, value in said.items() if name not in SECRETS}).encode()


def _without_secret(response: Response) -> Given:
    """
    What is answered to a repeated request whose answer is kept by nobody: that it was done, and where.
    """
    place = response.headers.get("location", "")
    text = (
        f"this was done before, as {place}, and its answer is not kept, since it may hold a secret. If the "
        f"answer never came: DELETE {place}, then ask again with another key"
    )
    return Given(409, {"content-type": MEDIA_TYPE, "location": place}, problem(Conflict(text)).document())


async def _once(request: Request, handle: Handler) -> Response:
    """
    Answer a request with a key as it was answered before, or for the first time.
    """
    key = request.headers[KEY]
    if not 0 < len(key) <= MOST_KEY or not key.isprintable():
        raise InputError(f"an idempotency key has 1 to {MOST_KEY} printable characters")
    body = await request.body()
    actor = await run_in_threadpool(actor_of, request)
    narrowed = f"{actor.narrowed}\n" if actor.narrowed else ""  # else it would be told what a wider one was
    asked = f"{narrowed}{request.method} {request.url.path}?{request.url.query}\n".encode() + _unsecret(body)
    answers = app_of(request).catalog.answers
    before = await run_in_threadpool(
        answers.begin, actor.name, key, hashlib.sha256(asked).hexdigest(), clock.now()
    )
    if before is not None:
        return Response(before.body, before.status, {**before.headers, _REPEATED: "true"})
    try:
        response = await handle(request)
    except BaseException:  # also when the client went away: no answer may be waited for that never comes
        await run_in_threadpool(answers.drop, actor.name, key)
        raise
    kept = {name: value for name, value in response.headers.items() if name in _KEPT}
    given = Given(response.status_code, kept, bytes(response.body))
    if "no-store" in response.headers.get("cache-control", ""):  # there is a secret in it
        given = _without_secret(response)
    await run_in_threadpool(answers.finish, actor.name, key, given)
    return response
