"""
The feed: what changes, as it changes, as server-sent events.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from tundish.api.asking import Opened, Who
from tundish.app.changes import KINDS, message
from tundish.app.feed import Feed
from tundish.core.people import Actor

ROUTER = APIRouter(tags=["feed"])
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@ROUTER.get("/feed", response_class=StreamingResponse)
async def listen(
    app: Opened,
    actor: Who,
    kinds: Annotated[
        list[str] | None, Query(max_length=20, description="repeatable; of " + ", ".join(KINDS))
    ] = None,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> StreamingResponse:
    """
    Changes that the asker may see, as they happen. With `Last-Event-ID` it goes on behind that one.
    """
    wanted = [each for each in kinds or KINDS if each in KINDS]
    return StreamingResponse(
        _told(app.feed, actor, wanted, last_event_id), media_type="text/event-stream", headers=_HEADERS
    )


async def _told(feed: Feed, actor: Actor, kinds: list[str], after: str) -> AsyncIterator[bytes]:
    yield b": here\n\n"
    async for change in feed.listen(
        after=after, kinds=kinds, may=lambda each: each.is_for(actor), actor=actor
    ):
        yield message(change)
