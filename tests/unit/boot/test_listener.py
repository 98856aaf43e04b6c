import asyncio
import gc
import os
import socket
from pathlib import Path

import pytest

from tests.unit.boot.door import DATA, IMAGE, ROOT, answers, furnished, get, parsed, sent
from tundish.boot.listener import Limits, listening
from tundish.boot.pumping import Pace


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


async def silent(door_limits: Limits, state: Path, request: bytes) -> bytes:
    """
    What a client gets, until it is cut off, that says `request` and then nothing more.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with listening(furnished(state), listener, door_limits):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(request)
            everything = await reader.read()
            writer.close()
            return everything


@pytest.mark.parametrize("request_bytes", [b"", b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow"])
def test_a_client_that_does_not_finish_its_request_is_cut_off(tmp_path: Path, request_bytes: bytes) -> None:
    """
    Silence, or half a head, ends the connection when the limit has passed.
    """
    assert b"" == asyncio.run(silent(Limits(idle=0.2), tmp_path, request_bytes))


def test_a_head_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """
    A header line over the limit is a bad request.
    """
    (said,) = answers(furnished(tmp_path), get("/healthz", "X-Long: " + "x" * 5000))

    assert 400 == said.status


def test_too_many_headers_are_refused(tmp_path: Path) -> None:
    """
    More header fields than the limit are a bad request.
    """
    (said,) = answers(furnished(tmp_path), get("/healthz", *(f"X-{n}: 1" for n in range(100))))

    assert 400 == said.status


def test_one_client_too_many_is_told_to_come_back(tmp_path: Path) -> None:
    """
    With all connections taken the next client gets 503.
    """

    async def crowd() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener, Limits(connections=1)):
                first, second = (socket.create_connection(listener.getsockname()) for _ in range(2))
                with first, second:
                    reader, writer = await asyncio.open_connection(sock=second)
                    said = parsed(await reader.read()).status
                    writer.close()
                    return said

    assert 503 == asyncio.run(crowd())


def test_a_client_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    """
    A client that asks for a large file and does not read it loses its connection after a while.
    """

    async def stall() -> int:
        over = asyncio.Event()
        door = furnished(tmp_path, pace=Pace(wait=0.2, least=1 << 40), heard=lambda _: over.set())
        with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
            file.truncate(1 << 30)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener):
                client = socket.create_connection(listener.getsockname())
                client.sendall(get(IMAGE))
                async with asyncio.timeout(10):
                    await over.wait()
                reader, writer = await asyncio.open_connection(sock=client)
                got = len(await reader.read())
                writer.close()
        return got

    assert (1 << 30) > asyncio.run(stall())


def test_a_file_that_gets_shorter_is_not_mistaken_for_a_whole_one(tmp_path: Path) -> None:
    """
    If bytes are missing at the end, the connection breaks before the promised length.
    """
    door = furnished(tmp_path, pace=Pace(slice=1 << 20))
    blob = tmp_path / "blobs" / ROOT.hex
    with blob.open("r+b") as file:
        file.truncate(1 << 28)

    async def shrink() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(get(IMAGE))
                got = len(await reader.readexactly(1 << 20))
                os.truncate(blob, 1 << 20)
                try:
                    while chunk := await reader.read(1 << 20):
                        got += len(chunk)
                except ConnectionError:
                    pass
                writer.close()
                return got

    assert (1 << 28) > asyncio.run(shrink())


def test_nothing_is_left_open(tmp_path: Path) -> None:
    """
    After many answers of every kind the process has as many open files as before.
    """
    door = furnished(tmp_path)
    requests = [
        get(IMAGE),
        get(IMAGE, method="HEAD"),
        get(IMAGE, "Range: bytes=0-0,5-6"),
        get(IMAGE, "Range: bytes=99999999-"),
        get(IMAGE, f'If-None-Match: "{ROOT.hex}"'),
    ]

    async def many() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener):
                before = open_files()
                for request in requests * 4:
                    await sent(listener.getsockname()[1], request)
                return open_files() - before

    assert 0 == asyncio.run(many())


def test_a_transfer_under_way_may_end_when_the_door_closes(tmp_path: Path) -> None:
    """
    A client in the middle of a file still gets all of it while the door closes.
    """
    door = furnished(tmp_path)
    with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
        file.truncate(1 << 25)

    async def close_early() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(get(IMAGE))
                await reader.readexactly(len(DATA))
                rest = asyncio.create_task(reader.read())
            got = len(await rest)
            writer.close()
            return got

    assert (1 << 25) < asyncio.run(close_early()) + len(DATA)
