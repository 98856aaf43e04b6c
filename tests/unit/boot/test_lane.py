import asyncio
import socket
from pathlib import Path

import pytest

from tests.unit.boot.door import DATA, IMAGE, ROOT, Answer, answer, furnished, get, parsed, sent
from tundish.boot.http import FileDoor
from tundish.boot.listener import LIMITS, Limits, listening
from tundish.boot.pumping import Pace
from tundish.core.answered import Answered


def kept(target: str = IMAGE, *headers: str, method: str = "GET") -> bytes:
    return get(target, *headers, method=method).replace(b"Connection: close\r\n", b"")


async def one(reader: asyncio.StreamReader) -> Answer:
    """
    The next answer on a connection that goes on.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    said = parsed(head)
    return Answer(said.status, said.headers, await reader.readexactly(int(said.headers["content-length"])))


def along(door: FileDoor, *requests: bytes, limits: Limits = LIMITS) -> list[Answer]:
    """
    What the door answers to requests sent in turn on one connection, each when the last was answered.
    """

    async def ask() -> list[Answer]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener, limits):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                said = []
                for request in requests:
                    writer.write(request)
                    said.append(await one(reader))
                writer.close()
                return said

    return asyncio.run(ask())


def shown(said: Answer) -> tuple[int, dict[str, str], bytes]:
    names = set(said.headers) - {"date", "x-request-id", "connection"}
    return said.status, {name: said.headers[name] for name in names}, said.body


@pytest.mark.parametrize("headers", [(), ("Range: bytes=5-99",), ("Range: bytes=-7",), ('If-Match: "no"',)])
def test_quick_and_slow_answer_alike(tmp_path: Path, headers: tuple[str, ...]) -> None:
    """
    Status, fields and bytes are the same, by the quick lane or not.
    """
    door = furnished(tmp_path / "state")
    (quick,) = along(door, kept(IMAGE, *headers))

    assert shown(answer(furnished(tmp_path / "other"), get(IMAGE, *headers))) == shown(quick)


def test_a_connection_may_ask_for_anything_after_an_image(tmp_path: Path) -> None:
    """
    Images and other things come in the order in which they were asked for on one connection.
    """
    asked = (kept(), kept("/healthz"), kept(IMAGE, "Range: bytes=1-2"), kept("/images/no"), kept())

    assert [DATA, b"ok\n", DATA[1:3], 404, DATA] == [
        said.body if said.status < 300 else said.status for said in along(furnished(tmp_path), *asked)
    ]


@pytest.mark.parametrize("second", [kept(IMAGE, "Range: bytes=0-0"), kept("/healthz")])
def test_who_asks_ahead_gets_the_answers_in_turn(tmp_path: Path, second: bytes) -> None:
    """
    A request that comes while another is answered waits for it.
    """

    async def ahead() -> list[int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener):
                with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
                    file.truncate(1 << 25)
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(kept())
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(second)
                await writer.drain()
                await reader.readexactly(int(parsed(head).headers["content-length"]))
                got = [parsed(head).status, (await one(reader)).status]
                writer.close()
                return got

    assert [200, 206 if b"Range" in second else 200] == asyncio.run(ahead())


def test_who_says_no_more_still_gets_all(tmp_path: Path) -> None:
    """
    A client that closes its half of the connection after the request gets the whole file, and then the end.
    """

    async def halved() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener):
                with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
                    file.truncate(1 << 25)
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(kept())
                writer.write_eof()
                got = len(await reader.read())
                writer.close()
                return got

    assert (1 << 25) < asyncio.run(halved())


def test_a_blob_that_went_is_not_there(tmp_path: Path) -> None:
    """
    What was sent before and was removed since is answered 404.
    """

    async def removed() -> list[int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(kept())
                before = await one(reader)
                (tmp_path / "blobs" / ROOT.hex).unlink()
                writer.write(kept())
                after = await one(reader)
                writer.close()
                return [before.status, after.status]

    assert [200, 404] == asyncio.run(removed())


def test_who_asks_nothing_more_is_cut_off(tmp_path: Path) -> None:
    """
    A connection that was answered and then is silent ends when the limit has passed.
    """

    async def silent() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener, Limits(idle=0.2)):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(kept())
                await one(reader)
                async with asyncio.timeout(5):
                    rest = await reader.read()
                writer.close()
                return rest

    assert b"" == asyncio.run(silent())


@pytest.mark.parametrize("taken", [False, True])
def test_a_quick_answer_that_ends_early_is_heard_of(tmp_path: Path, taken: bool) -> None:
    """
    A client that takes nothing is cut off; one that leaves is noticed. Either way less than all was sent.
    """
    heard: list[Answered] = []

    async def early() -> None:
        over = asyncio.Event()

        def hear(answered: Answered) -> None:
            heard.append(answered)
            over.set()

        door = furnished(tmp_path, heard=hear, pace=Pace(wait=10.0 if taken else 0.2, least=1 << 40))
        with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
            file.truncate(1 << 30)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener):
                client = socket.create_connection(listener.getsockname())
                client.sendall(kept())
                if taken:
                    await asyncio.to_thread(client.recv, 1)
                    client.close()
                async with asyncio.timeout(5):
                    await over.wait()
                client.close()

    asyncio.run(early())

    assert [True] == [each.status == 200 and each.sent < (1 << 30) for each in heard]


def test_closing_the_door_lets_a_quick_answer_end(tmp_path: Path) -> None:
    """
    A client in the middle of a file gets all of it while the door closes; an idle one is let go at once.
    """

    async def closing() -> tuple[int, bytes]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener):
                with (tmp_path / "blobs" / ROOT.hex).open("r+b") as file:
                    file.truncate(1 << 25)
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                idle, idler = await asyncio.open_connection(*listener.getsockname())
                writer.write(kept())
                await reader.readuntil(b"\r\n\r\n")
                rest = asyncio.create_task(reader.read())
            got = len(await rest), await idle.read()
            writer.close()
            idler.close()
            return got

    assert (1 << 25, b"") == asyncio.run(closing())


def test_requests_hidden_in_another_are_not_answered(tmp_path: Path) -> None:
    """
    Two lengths for one body are refused, and what stands in the body is not taken for a request.
    """
    hidden = kept("/healthz")
    smuggled = (
        kept(IMAGE, f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + hidden
    )

    async def smuggle() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(furnished(tmp_path), listener, Limits(idle=0.3)):
                return (await sent(listener.getsockname()[1], smuggled)).body

    assert b"ok\n" not in asyncio.run(smuggle())
