"""
The front of the control door: who really asks, the name of each request, and one record of its answer.

It stands before every part of the door, so that none of them can forget.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tundish.api.bounds import Asgi, Message, Receive, Send
from tundish.core.answered import Answered, Heard, RequestIds, asker
from tundish.core.clock import monotonic
from tundish.core.problem import MEDIA_TYPE, Problem, refusal
from tundish.core.proxies import Origin, Proxies

LOG = logging.getLogger("tundish.requests")
MOST_PATH = 1_024  # characters


@dataclass(frozen=True, slots=True)
class Front:
    """
    An application with this front before it.
    """

    inner: Asgi
    proxies: Proxies
    ids: RequestIds
    heard: Heard

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began, said = monotonic(), _fields(scope)
        peer = scope["client"][0] if scope.get("client") else ""
        origin = self.proxies.origin(peer, said, scheme=scope["scheme"])
        request_id = self.ids.of(said.get("x-request-id"))
        status, sent, names = 500, 0, asker()

        async def named(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"x-request-id"]
                message = {**message, "headers": [*kept, (b"x-request-id", request_id.encode())]}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        refused = refusal_of(scope["http_version"], said)
        try:
            if refused is not None:
                await _refuse(refused, named)
            else:
                await self.inner(_seen(scope, origin), receive, named)
        finally:
            path = quote(str(scope["path"]), safe="/:@!$&'()*+,;=~")[:MOST_PATH]
            seconds = monotonic() - began
            method = scope["method"][:16] if scope["method"].isalpha() else "?"
            actor = names[0] if names else ""
            self.heard(
                Answered("control", method, path, status, sent, seconds, origin.address, request_id, actor)
            )


def refusal_of(version: str, fields: Mapping[str, str]) -> Problem | None:
    """
    What is wrong with a head that somebody before us may have read in another way (RFC 9112 §6.1).
    """
    if version not in {"1.0", "1.1"}:
        return refusal(505)
    if "transfer-encoding" in fields and ("content-length" in fields or version == "1.0"):
        return refusal(400, "a body has a length or is in chunks, never both")
    return None


async def _refuse(said: Problem, send: Send) -> None:
    """
    Answer, and end the connection: what comes after it is no request of anybody we know.
    """
    body = said.document()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def log_of(answered: Answered) -> None:
    """
    One line of the log for a request.
    """
    LOG.info(
        "%s %s %s %s %d %d B %.1f ms %s %s",
        answered.door,
        answered.address,
        answered.method,
        answered.path,
        answered.status,
        answered.sent,
        answered.seconds * 1000,
        answered.actor or "-",
        answered.request_id,
        extra={"answered": answered},
    )


def _fields(scope: Message) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def _seen(scope: Message, origin: Origin) -> Message:
    """
    The scope as if there were no proxy, without the headers that only proxies may set.
    """
    headers = [pair for pair in scope["headers"] if not pair[0].lower().startswith(b"x-forwarded-")]
    if origin.host:
        headers = [(b"host", origin.host.encode()), *(pair for pair in headers if pair[0].lower() != b"host")]
    port = scope["client"][1] if scope.get("client") else 0
    return {
        **scope,
        "client": (origin.address, port),
        "scheme": origin.scheme,
        "headers": headers,
        "root_path": origin.prefix,
        "path": origin.prefix + scope["path"] if origin.prefix else scope["path"],
    }
