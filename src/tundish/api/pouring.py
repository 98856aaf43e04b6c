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

PIECE = 4 * 1024 * 1024  # bytes that are gathered of a body, if there is room
LEAST = 1024 * 1024  # bytes, if there is none
ROOM = 64 * 1024 * 1024  # bytes that all bodies together may wait in, `LEAST` for each apart
SMALL = 16 * 1024  # bytes; shorter chunks are joined, for each costs memory of its own
FLUSH = 64 * 1024 * 1024  # bytes that may come before they are made to last
SOON = 5.0  # seconds that may pass before
WRITERS = 8  # threads that write at once; more only wait for the disk, and the door has other work
TRIES = 20  # while another request writes a piece of the same upload
PAUSE = 0.05  # seconds

_Words = ParamSpec("_Words")
_T = TypeVar("_T")
_GATES: WeakKeyDictionary[asyncio.AbstractEventLoop, "_Gate"] = WeakKeyDictionary()


class _Gate:
    """
    What the bodies of one loop share.
    """

    def __init__(self) -> None:
        self.writers = asyncio.Semaphore(WRITERS)
        self.bodies = 0


def piece_of(bodies: int) -> int:
    """
    How many bytes are gathered of a body, where so many come at once.
    """
    return max(LEAST, min(PIECE, ROOM // max(bodies, 1)))


class Gathered:
    """
    What came of a body and is not in the store yet.
    """

    def __init__(self) -> None:
        self.size = 0
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._chunks and len(chunk) < SMALL and len(self._chunks[-1]) < SMALL:
            self._chunks[-1] += chunk
        elif chunk:
            self._chunks.append(chunk)

    def taken(self) -> list[bytes]:
        """
        All of it, which is forgotten here.
        """
        taken, self._chunks, self.size = self._chunks, [], 0
        return taken


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
        waiting, gate = Gathered(), _gate()
        await self._put(waiting, lasting=False)  # who may not is told before a byte is read
        gate.bodies += 1
        try:
            await self._gather(body, waiting, gate)
        except ClientDisconnect:
            await self._put(waiting, lasting=True)
            raise
        finally:
            gate.bodies -= 1
        upload = await self._put(waiting, lasting=True)
        self._must_end_at(self.offset, is_over=True)
        return upload

    async def _gather(self, body: AsyncIterator[bytes], waiting: Gathered, gate: _Gate) -> None:
        unsynced, since = 0, monotonic()
        async for chunk in body:
            if waiting.size >= piece_of(gate.bodies) and chunk:
                unsynced += waiting.size
                lasting = unsynced >= FLUSH or monotonic() - since >= SOON
                await self._put(waiting, lasting=lasting)
                if lasting:
                    unsynced, since = 0, monotonic()
            waiting.add(chunk)
            self._must_end_at(self.offset + waiting.size, is_over=False)

    def _must_end_at(self, place: int, *, is_over: bool) -> None:
        if self.end is not None and (place > self.end or (is_over and place < self.end)):
            where = "behind" if place > self.end else "before"
            raise InputError(
                f"the body ends {where} byte {self.end}, where its Content-Range does; ask where it is"
            )

    async def _put(self, waiting: Gathered, *, lasting: bool) -> Upload:
        count, pieces = waiting.size, waiting.taken()
        act = partial(uploads.append, lasting=lasting, by_job=True)
        upload = await patiently(act, self.app, self.actor, self.number, self.offset, pieces)
        self.offset += count
        return upload


async def patiently(act: Callable[_Words, _T], *words: _Words.args, **more: _Words.kwargs) -> _T:
    """
    Do on a thread what writes; while somebody else writes the same upload, ask again.

    Raises:
        Busy: for too long.
    """
    for _ in range(TRIES):
        with suppress(Busy):
            async with _gate().writers:
                return await run_in_threadpool(act, *words, **more)
        await asyncio.sleep(PAUSE)
    async with _gate().writers:
        return await run_in_threadpool(act, *words, **more)


def _gate() -> _Gate:
    return _GATES.setdefault(asyncio.get_running_loop(), _Gate())
