"""
The stream of events that open pages listen to: which kinds of things changed and are to be asked for again.

No content is sent, so nobody learns by it what they may not see.
"""

from collections.abc import AsyncIterator

from tundish.app.changes import BEAT, KINDS, Change
from tundish.app.feed import Feed
from tundish.core.people import Actor

MEDIA_TYPE = "text/event-stream"
AGAIN = 3000  # milliseconds until a browser comes again
NAMES = {"job": "jobs", "transfer": "progress", "image": "images", "notice": "notices", "upload": "uploads"}


async def events(feed: Feed, actor: Actor) -> AsyncIterator[str]:
    """
    Events as they are sent, as long as somebody listens and may be told.
    """
    yield f"retry: {AGAIN}\n\n"
    async for change in feed.listen(kinds=KINDS, may=lambda change: change.is_for(actor), actor=actor):
        yield told(change)


def told(change: Change) -> str:
    """
    One change as an event. What is no change of its own makes every part look again.
    """
    if change.kind == BEAT:
        return ": still here\n\n"
    names = [name for kind, name in NAMES.items() if kind == change.kind or change.kind not in KINDS]
    return "".join(f"event: {name}\ndata: 1\n\n" for name in names)
