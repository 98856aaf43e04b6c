"""
The file door in https: the same answers, and the same patience.
"""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from tests.support.certificates import certificate
from tests.unit.boot.door import DATA, IMAGE, ROOT, Answer, furnished, get, parsed
from tundish.boot.listener import Limits, listening
from tundish.boot.pumping import Pace
from tundish.core.answered import Answered
from tundish.serve.tls import Tls


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(*certificate(tmp_path_factory.mktemp("tls"), "server"))


async def asked(port: int, tls: Tls, request: bytes) -> Answer:
    context = ssl.create_default_context(cafile=str(tls.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(request)
    said = parsed(await reader.read())
    writer.close()
    return said


@pytest.mark.parametrize(("header", "body"), [("X: 1", DATA), ("Range: bytes=5-99", DATA[5:100])])
def test_bytes_come_encrypted(tmp_path: Path, tls: Tls, header: str, body: bytes) -> None:
    """
    A whole file and a part of it are the same bytes as without.
    """

    async def ask() -> Answer:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener, tls=tls.context):
                return await asked(listener.getsockname()[1], tls, get(IMAGE, header))

    assert body == asyncio.run(ask()).body


def test_who_does_not_shake_hands_is_cut_off(tmp_path: Path, tls: Tls) -> None:
    """
    Plain http, and silence, end without an answer; the door goes on.
    """

    async def ask() -> list[bytes]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener, Limits(idle=0.3), tls.context):
                said = []
                for request in (get(IMAGE), b""):
                    reader, writer = await asyncio.open_connection(*listener.getsockname())
                    writer.write(request)
                    async with asyncio.timeout(5):
                        said.append(await reader.read())
                    writer.close()
                said.append((await asked(listener.getsockname()[1], tls, get("/healthz"))).body)
                return said

    assert [False, False, b"ok\n"] == [
        b"HTTP" in said if said != b"ok\n" else said for said in asyncio.run(ask())
    ]


def test_a_client_that_takes_nothing_over_tls_is_cut_off(tmp_path: Path, tls: Tls) -> None:
    """
    What the client does not take ends the answer; not all of the file is held for it.
    """
    heard: list[Answered] = []

    async def stall() -> None:
        over = asyncio.Event()

        def hear(answered: Answered) -> None:
            heard.append(answered)
            over.set()

        door = furnished(tmp_path, heard=hear, pace=Pace(wait=0.2, least=1 << 40))
        with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
            file.truncate(1 << 28)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener, tls=tls.context):
                context = ssl.create_default_context(cafile=str(tls.certificate))
                reader, writer = await asyncio.open_connection(*listener.getsockname(), ssl=context)
                writer.write(get(IMAGE))
                async with asyncio.timeout(10):
                    await over.wait()
                writer.transport.abort()
                del reader

    asyncio.run(stall())

    assert [True] == [each.sent < (1 << 26) for each in heard]
