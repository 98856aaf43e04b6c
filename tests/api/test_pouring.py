"""
Bodies that break off, and many that come at once, each as slowly as its client likes.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from starlette.requests import ClientDisconnect

from tests.api.door import Door
from tests.support.roots import tar_of
from tundish.api.pouring import PIECE, Pouring
from tundish.app.deeds import uploads
from tundish.core.people import EVERYTHING, Actor
from tundish.core.upload import Upload, UploadState
from tundish.intake.naming import asked

ME = Actor("me", EVERYTHING, "api")
ROOT = gzip.compress(tar_of().getvalue(), mtime=0)
MANY = 30


def begun(door: Door, size: int, name: str = "custom/lab") -> int:
    return uploads.begin(door.app, ME, asked(name, filetype="tgz"), size, None).id


async def broken(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    raise ClientDisconnect


@pytest.mark.parametrize("size", [10, PIECE, PIECE + 10, 3 * PIECE], ids=str)
def test_what_came_before_a_client_was_gone_lasts(door: Door, size: int) -> None:
    """
    To the byte, and the catalog knows.
    """
    number = begun(door, 4 * PIECE)
    content = ROOT + bytes(size)
    body = broken(*(content[at : min(at + 65_536, size)] for at in range(0, size, 65_536)))

    with pytest.raises(ClientDisconnect):
        asyncio.run(Pouring(door.app, ME, number, 0).take(body))

    assert size == door.app.catalog.uploads.get(number).came


def test_clients_that_are_slow_wait_for_nobody(door: Door) -> None:
    """
    All of them are half-way when the first ends, and none keeps another question from its answer.
    """
    bodies = [ROOT + bytes([number]) for number in range(MANY)]
    numbers = [begun(door, len(body), f"custom/i{at}") for at, body in enumerate(bodies)]
    waiting: list[int] = []
    met: list[int] = []

    async def halves(body: bytes, gate: asyncio.Event) -> AsyncIterator[bytes]:
        yield body[:100]
        waiting.append(len(body))
        if len(waiting) == MANY:
            met.append(len(door.app.catalog.uploads.arriving()))
            gate.set()
        await gate.wait()
        yield body[100:]

    async def all_at_once() -> list[Upload]:
        gate = asyncio.Event()
        pourings = [Pouring(door.app, ME, number, 0) for number in numbers]
        bodies_ = [halves(body, gate) for body in bodies]
        return await asyncio.gather(*(one.take(body) for one, body in zip(pourings, bodies_, strict=True)))

    done = asyncio.run(all_at_once())

    assert ([MANY], {UploadState.CHECKING}) == (met, {each.state for each in done})


def test_two_who_send_the_same_upload_both_end(door: Door) -> None:
    """
    A client that came back while its first request was not known to be dead: what is there is compared.
    """
    number = begun(door, len(ROOT))

    async def whole() -> AsyncIterator[bytes]:
        yield ROOT

    async def twice() -> list[Upload]:
        return await asyncio.gather(*(Pouring(door.app, ME, number, 0).take(whole()) for _ in range(2)))

    assert [UploadState.CHECKING] * 2 == [each.state for each in asyncio.run(twice())]
