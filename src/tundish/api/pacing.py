"""
Nobody asks the control door more often than a machine can answer others beside: per address, and per token.

A token counts with its secret half, so that nobody uses up what is another's. Bytes of images and of uploads
are not counted: their pieces are many, and each is long. Nor is what monitors ask.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from tundish.access.policy import origin
from tundish.api.bounds import Asgi, Message, Receive, Send
from tundish.core.clock import monotonic
from tundish.core.pace import Pace
from tundish.core.problem import MEDIA_TYPE, refusal

_FREE = re.compile(
    r".*/api/v1/(?:uploads/[^/]+/content|images/[^/]+/files/.+)|.*/MAAS/.*/upload/.*"
    r"|.*/(?:health|ready)z?|.*/metrics"
)
_SESSION = re.compile(rb"tundish-session=([^;]{1,200})")
_SIGNED = re.compile(rb"oauth_(?:token|signature)=\"?[^\",]{1,200}")
_home = lru_cache(maxsize=4096)(origin)


@dataclass(frozen=True, slots=True)
class Paced:
    """
    An application that is asked at most so often. For one loop.
    """

    inner: Asgi
    addresses: Pace
    tokens: Pace

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        wait = self._wait(scope) if scope["type"] == "http" else 0.0
        if wait:
            await _refuse(send, wait)
        else:
            await self.inner(scope, receive, send)

    def _wait(self, scope: Message) -> float:
        if _FREE.fullmatch(scope["path"]):
            return 0.0
        now, client = monotonic(), scope.get("client")
        wait = self.addresses.wait(_home(client[0]), now) if client else 0.0
        token = token_of(scope["headers"])
        return wait or (self.tokens.wait(token, now) if token else 0.0)


def token_of(headers: list[tuple[bytes, bytes]]) -> str:
    """
    What stands for the token, key or session of a request; empty: it has none.
    """
    said = dict(headers)
    given = said.get(b"authorization", b"")
    if given[:6].lower() == b"oauth ":  # the rest is new at every request
        given = b",".join(_SIGNED.findall(given))
    elif not given and (session := _SESSION.search(said.get(b"cookie", b""))):
        given = session[1]
    return hashlib.blake2b(given, digest_size=16).hexdigest() if given else ""


async def _refuse(send: Send, wait: float) -> None:
    body = refusal(429, "too many requests from this address or with this token; come again later").document()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(math.ceil(wait)).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
