"""
No body of a request is longer than it needs to be: what is too long is refused before it is held.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException

from tundish.core.problem import MEDIA_TYPE, refusal

MOST = 1024 * 1024
_FREE = re.compile(r"/api/v1/uploads/(?:[^/]+/content|tus)|/MAAS/.*")  # they have bounds of their own

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Asgi: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


def _path(scope: Message) -> str:
    """
    The path without what a proxy put before it.
    """
    path, before = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(before)


class Bounded:
    """
    An application whose requests have bodies of at most `most` bytes.
    """

    def __init__(self, app: Asgi, most: int = MOST) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _FREE.fullmatch(_path(scope)):
            await self._app(scope, receive, send)
            return
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said[:20]) > self._most:
            await self._refuse(send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                raise HTTPException(413, self._words)
            return message

        await self._app(scope, counted, send)

    @property
    def _words(self) -> str:
        return f"the body has more than {self._most} bytes"

    async def _refuse(self, send: Send) -> None:
        body = refusal(413, self._words).document()
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})
