"""
The door for MAAS's clients, at /MAAS: who asks, what of, one handler on a thread, and the answer.

Who signs in a header is known before the body is read; whoever signs in the body may send a small form only.
"""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from tundish.access.admission import Admission
from tundish.app.opened import App
from tundish.compat import answers, describe, form, oauth, people
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Form
from tundish.compat.oauth import Signed
from tundish.compat.table import Asked, asked_of
from tundish.core.errors import TundishError
from tundish.core.people import Actor

LOG = logging.getLogger(__name__)
PREFIX = "/MAAS"
MOST_BODY = 10 * 1024 * 1024
MOST_UNSIGNED = 64 * 1024  # of a body whose sender is not known yet
PATIENCE = 300.0  # seconds for a whole body
AT_ONCE = 32  # bodies in memory
_WITH_BODY = {"POST", "PUT"}


class MaasDoor:
    """
    An ASGI application that answers everything below /MAAS.
    """

    def __init__(self, app: App, admission: Admission) -> None:
        self._app, self._admission = app, admission
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answered(request)
        except TundishError as error:
            answer = answers.refused(error)
        except TimeoutError:
            answer = answers.said(408, "the body did not come in time")
        except ClientDisconnect:
            return
        except Exception:  # the edge of the door: a bug is logged whole, and its answer says nothing of it
            LOG.exception("a request of a MAAS client met a bug")
            answer = answers.said(500, "internal error; see the log of the server")
        await _response(answer)(scope, receive, send)

    async def _answered(self, request: Request) -> Answer:
        path = str(request.scope["path"]).removeprefix(f"{PREFIX}/")
        if path == "api/version/":
            return answers.said(200, "2.0")
        if path.startswith("api/1.0/"):
            return answers.said(410, "The 1.0 API is no longer available; use /MAAS/api/2.0/.")
        if path == "accounts/authenticate/":
            return await self._authenticated(request)
        if path == "api/2.0/describe/" and request.method == "GET":
            base = f"{request.url.scheme}://{request.url.netloc}"
            return replace(answers.json(describe.described(base)), kind=describe.MEDIA_TYPE)
        asked = asked_of(path.removeprefix("api/2.0/")) if path.startswith("api/2.0/") else None
        return answers.said(404, "Not Found") if asked is None else await self._called(request, asked)

    async def _authenticated(self, request: Request) -> Answer:
        if request.method != "POST":
            return answers.said(405, "Method Not Allowed")
        body = await self._body(request, MOST_UNSIGNED)
        if body is None:
            return _too_big(MOST_UNSIGNED)
        said = form.of_body(request.headers.get("content-type", ""), body)
        return await run_in_threadpool(people.authenticate, replace(self._call(request), form=said))

    async def _called(self, request: Request, asked: Asked) -> Answer:
        """
        Known by the header (or the query): the whole body is read. Else, at most a form that may be signed.
        """
        call = replace(self._call(request), names=asked.names)
        signed = oauth.signed(request.headers.get("authorization", ""), call.query.pairs)
        if signed is not None:
            call = await run_in_threadpool(self._admitted, call, signed)
        elif not asked.is_anonymous and not _may_sign_inside(request):
            return answers.unsigned()
        most = MOST_UNSIGNED if signed is None else MOST_BODY
        async with self._room:
            body = await self._body(request, most) if request.method in _WITH_BODY else b""
            if body is None:
                return _too_big(most)
            work = partial(self._worked, replace(call, body=body), asked, request.method)
            return await run_in_threadpool(work, request.headers.get("content-type", ""))

    def _worked(self, call: Call, asked: Asked, method: str, content_type: str) -> Answer:
        if method in _WITH_BODY:
            said = Form() if asked.takes_bytes else form.of_body(content_type, call.body)
        else:
            said = call.query
        call = replace(call, form=said)
        if not call.actor.name and not asked.is_anonymous:
            signed = oauth.signed("", said.pairs)
            if signed is None:
                return answers.unsigned()
            call = self._admitted(call, signed)
        inside = said.text("op") if method == "POST" else None
        op = asked.op or call.query.text("op") or inside or None
        handler = asked.handlers.get((method, op))
        if handler is None:
            return answers.said(400, f"Unrecognised signature: method={method[:20]} op={(op or 'None')[:80]}")
        return handler(call)

    def _call(self, request: Request) -> Call:
        """
        A request of which the body is not read, by nobody.
        """
        length = request.headers.get("content-length", "")
        address = request.client.host if request.client else ""
        return Call(
            app=self._app,
            admission=self._admission,
            actor=Actor("", (), "maas", address),
            names={},
            query=form.of_query(request.url.query),
            form=Form(),
            content_range=request.headers.get("content-range", ""),
            length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None,
        )

    def _admitted(self, call: Call, signed: Signed) -> Call:
        actor = self._admission.maas(
            signed.consumer,
            signed.key,
            signed.secret,
            nonce=signed.nonce,
            timestamp=signed.timestamp,
            address=call.actor.address,
        )
        return call.as_(actor)

    async def _body(self, request: Request, most: int) -> bytes | None:
        """
        The body; None if it is more than that.
        """
        body = bytearray()
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    return None
        return bytes(body)


def maas_mount(app: App, admission: Admission) -> Mount:
    """
    The door as a route of the control door.
    """
    return Mount(PREFIX, app=MaasDoor(app, admission))


def _may_sign_inside(request: Request) -> bool:
    """
    Whether a request without a signature in header and query can have one in its body.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = kind in {"application/x-www-form-urlencoded", "multipart/form-data"}
    return request.method in _WITH_BODY and is_form and "authorization" not in request.headers


def _too_big(most: int) -> Answer:
    return answers.said(
        413, f"a body may have {most} bytes; send an upload in pieces of 4 MiB", Connection="close"
    )


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    if answer.body:
        response.headers["Content-Type"] = answer.kind
    response.headers.update(
        {
            "Vary": "Authorization",
            "X-MAAS-API-Hash": describe.HASH,
            "X-Trace-Id": uuid4().hex,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **answer.headers,
        }
    )
    return response
