"""
The bytes of a body on their way into an upload: gathered piece by piece, so that no thread and no lock waits
for a client, and memory stays small however many send.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tundish.app.deeds import uploads
from tundish.app.opened import App
from tundish.core.clock import monotonic
from tundish.core.errors import Busy, InputError
from tundish.core.people import Actor
from tundish.core.upload import Upload

PIECE = 1024 * 1024  # bytes
FLUSH = 64 * 1024 * 1024  # bytes that may come before they are made to last
SOON = 5.0  # seconds that may pass before
WRITERS = 8  # threads that write at once; more only wait for the disk, and the door has other work
TRIES = 20  # while another request writes a piece of the same upload
PAUSE = 0.05  # seconds

_Words = ParamSpec("_Words")
_T = TypeVar("_T")
_WRITERS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(slots=True)
class Pouring:
    """
    One body. `offset` is where its next byte belongs, `end` where it says that its last one stands before.
    """

    app: App
    actor: Actor
    number: int
    offset: int
    end: int | None = None

    async def take(self, body: AsyncIterator[bytes]) -> Upload:
        """
        Take a body to its end. What came before it broke off is kept.

        Raises:
            ClientDisconnect: it broke off.
            InputError: it has more or fewer bytes than it says.
            Conflict and others: see `app.deeds.uploads.append`.
        """
        waiting, unsynced, since = bytearray(), 0, monotonic()
        await self._put(waiting, lasting=False)  # who may not is told before a byte is read
        try:
            async for chunk in body:
                if len(waiting) >= PIECE and chunk:
                    unsynced += len(waiting)
                    lasting = unsynced >= FLUSH or monotonic() - since >= SOON
                    await self._put(waiting, lasting=lasting)
                    if lasting:
                        unsynced, since = 0, monotonic()
                waiting += chunk
                self._must_end_at(self.offset + len(waiting), is_over=False)
        except ClientDisconnect:
            await self._put(waiting, lasting=True)
            raise
        upload = await self._put(waiting, lasting=True)
        self._must_end_at(self.offset, is_over=True)
        return upload

    def _must_end_at(self, place: int, *, is_over: bool) -> None:
        if self.end is not None and (place > self.end or (is_over and place < self.end)):
            where = "behind" if place > self.end else "before"
            raise InputError(
                f"the body ends {where} byte {self.end}, where its Content-Range does; ask where it is"
            )

    async def _put(self, waiting: bytearray, *, lasting: bool) -> Upload:
        pieces = [bytes(waiting)] if waiting else []
        waiting.clear()
        act = partial(uploads.append, lasting=lasting, by_job=True)
        upload = await patiently(act, self.app, self.actor, self.number, self.offset, pieces)
        self.offset += sum(map(len, pieces))
        return upload


async def patiently(act: Callable[_Words, _T], *words: _Words.args, **more: _Words.kwargs) -> _T:
    """
    Do on a thread what writes; while somebody else writes the same upload, ask again.

    Raises:
        Busy: for too long.
    """
    for _ in range(TRIES):
        with suppress(Busy):
            async with _writers():
                return await run_in_threadpool(act, *words, **more)
        await asyncio.sleep(PAUSE)
    async with _writers():
        return await run_in_threadpool(act, *words, **more)


def _writers() -> asyncio.Semaphore:
    return _WRITERS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(WRITERS))
