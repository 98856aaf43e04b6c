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
from tundish.api.pouring import LEAST, PIECE, ROOM, SMALL, Gathered, Pouring, piece_of
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


def test_bytes_that_come_one_by_one_are_joined() -> None:
    """
    Each chunk costs memory of its own, so there are few, and none of the bytes is lost.
    """
    gathered, content = Gathered(), bytes(range(256)) * 256
    for at in range(len(content)):
        gathered.add(content[at : at + 1])
    size, taken = gathered.size, gathered.taken()

    assert (len(content), content, True, 0) == (
        size,
        b"".join(taken),
        len(taken) <= len(content) // SMALL + 1,
        gathered.size,
    )


def test_long_chunks_stay_as_they_came() -> None:
    """
    Nothing of them is copied.
    """
    gathered, chunks = Gathered(), [bytes(SMALL), b"a", b"b", bytes(SMALL)]
    for chunk in chunks:
        gathered.add(chunk)

    assert [chunks[0], b"ab", chunks[3]] == gathered.taken()


@pytest.mark.parametrize(("bodies", "piece"), [(0, PIECE), (1, PIECE), (32, ROOM // 32), (200, LEAST)])
def test_pieces_are_smaller_where_many_send(bodies: int, piece: int) -> None:
    """
    Two hundred wait in no more memory than they did at a MiB each.
    """
    assert piece == piece_of(bodies)
