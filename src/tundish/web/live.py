"""
The stream of events that open pages listen to: which kinds of things changed and are to be asked for again.

No content is sent, so nobody learns by it what they may not see.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from tundish.app.opened import App

LOOK = 1.0  # seconds between two looks
QUIET = 15  # looks without a change until a line says that we are still there
LIFE = 600  # looks; then the browser comes again, and shows its session again
MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What two looks differ in, by the name of its event.
    """

    jobs: tuple[tuple[int, str], ...]
    progress: tuple[str, ...]
    images: tuple[int, int]
    notices: tuple[int, ...]


def look(app: App) -> Seen:
    """
    A few rows, each found by an index.
    """
    catalog = app.catalog
    last = catalog.jobs.list(limit=5)
    deeds, events = catalog.audit.list(limit=1), catalog.events.list(limit=1)
    return Seen(
        tuple((job.id, job.outcome) for job in last),
        tuple(job.detail for job in last),
        (deeds[0].id if deeds else 0, events[0].id if events else 0),
        tuple(each.id for each in catalog.notices.list()),
    )


def changed(before: Seen, after: Seen) -> tuple[str, ...]:
    """
    The events that tell what changed. A job that began or ended may have changed images, too.
    """
    found = [name for name in ("jobs", "progress", "images", "notices") if _is_other(before, after, name)]
    return tuple(dict.fromkeys([*found, "images"] if "jobs" in found else found))


def _is_other(before: Seen, after: Seen, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


async def events(app: App) -> AsyncIterator[str]:
    """
    Events as they are sent, until the life of the stream is over.
    """
    seen, quiet = await run_in_threadpool(look, app), 0
    yield "retry: 3000\n\n"
    for _ in range(LIFE):
        await asyncio.sleep(LOOK)
        before, seen = seen, await run_in_threadpool(look, app)
        told = changed(before, seen)
        for name in told:
            yield f"event: {name}\ndata: 1\n\n"
        quiet = 0 if told else quiet + 1
        if quiet == QUIET:
            quiet = 0
            yield ": still here\n\n"
