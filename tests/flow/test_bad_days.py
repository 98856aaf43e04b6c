"""
Clients that are slow, greedy or malicious at the control door; each is refused or cut off, and nothing falls.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.flow.test_serve import door
from tests.unit.boot.door import OneBoot, answer, furnished, get
from tundish.api.front import Front
from tundish.boot.listener import Limits
from tundish.core.answered import Answered, RequestIds
from tundish.core.errors import NoSpace, Overloaded, TundishError
from tundish.core.machine import Asker, BootScript
from tundish.core.proxies import DIRECT
from tundish.serve import serve

HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /api/v1/sources HTTP/1.1\r\n" + HOST
TWO = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"


def told(state: Path, *requests: bytes, heard: list[Answered] | None = None) -> list[bytes]:
    """
    Everything that the control door says to each of these clients, until it ends the connection.
    """

    async def ask() -> list[bytes]:
        stop, opened = asyncio.Event(), asyncio.get_running_loop().create_future()
        with door(state) as control:
            records: list[Answered] = [] if heard is None else heard
            serving = asyncio.create_task(
                serve(
                    control=Front(control, DIRECT, RequestIds("t"), records.append),
                    files=furnished(state),
                    host="127.0.0.1",
                    control_port=0,
                    file_port=0,
                    ready=lambda *real: opened.set_result(real),
                    stop=stop,
                    limits=Limits(idle=1.0),
                )
            )
            port = (await opened)[0]
            async with asyncio.timeout(20):
                said = await asyncio.gather(*(one(port, request) for request in requests))
            stop.set()
            await serving
            return list(said)

    return asyncio.run(ask())


async def one(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    said = b""
    with suppress(ConnectionError):
        while part := await reader.read(65536):
            said += part
    writer.close()
    return said


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said else 0


def test_slow_and_silent_clients_are_cut_off(tmp_path: Path) -> None:
    """
    No head, half a head and a body that does not come end with 408; one that was answered just ends.
    """
    body = POST + b"Content-Length: 900\r\n\r\n{"
    said = told(tmp_path, b"", b"GET /healthz HTTP/1.1\r\nHost: 12", body, TWO)

    assert [408, 408, True, 200] == [
        status(said[0]),
        status(said[1]),
        status(said[2]) in {401, 408},  # it may be refused before its body has come
        status(said[3]),
    ]


BAD = {
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n": {400},
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n": {400},
    b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * 20_000 + b"\r\n": {400},
    b"GET / HTTP/1.1\r\n\r\n": {400},  # for no host
    b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n": {400},
    b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n": {400},
    b"GET / HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n": {400},
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n": {400},
    b"GET / HTTP/9.9\r\n" + HOST + b"\r\n": {505},
    POST + b"Connection: close\r\nContent-Length: 99999999999\r\n\r\n": {413},
    POST + b"Content-Length: -1\r\n\r\n": {400},
    POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n": {400},
    POST + b"Transfer-Encoding: gzip\r\n\r\n": {400, 501},
    POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n": {400, 401},
}


def test_what_is_no_request_is_refused(tmp_path: Path) -> None:
    """
    Heads without end, lengths that contradict each other and other protocols get an error and the end.
    """
    said = told(tmp_path, *BAD)

    assert [] == [
        (request[:60], status(answered))
        for request, answered in zip(BAD, said, strict=True)
        if status(answered) not in BAD[request]
    ]


def test_a_request_hidden_in_a_body_is_not_answered(tmp_path: Path) -> None:
    """
    With two ways to read its length, a request is refused, or is the last of its connection.
    """
    hidden = b"GET /api/v1/openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
    both = b"POST /healthz HTTP/1.1\r\n%sContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s"
    (said,) = told(tmp_path, both % (HOST, 5 + len(hidden), hidden))

    assert (True, 0) == (status(said) in {400, 405}, said.count(b'"openapi"'))


PATHS = (
    b"/../../../../etc/passwd",
    b"/static/../../../../etc/passwd",
    b"/static/..%2f..%2f..%2fetc%2fpasswd",
    b"/static/%2e%2e/%2e%2e/etc/passwd",
    b"/static/%00",
    b"/static/..\\..\\etc\\passwd",
    b"//etc/passwd",
    b"/api/v1/sources/..%2f..%2fetc%2fpasswd",
    b"/api/v1/images/%0d%0aSet-Cookie:x=1",
    b"/%ff%fe",
    b"/MAAS/..%2f..%2fetc/passwd",
)


def test_a_path_leads_nowhere_else(tmp_path: Path) -> None:
    """
    Whatever stands in a path, nothing but an answer of ours comes, and no header of the client's making.
    """
    ends = b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
    said = told(tmp_path, *(b"GET " + path + ends for path in PATHS))

    assert [] == [
        (path, answered[:200])
        for path, answered in zip(PATHS, said, strict=True)
        if status(answered) not in {303, 307, 400, 401, 404, 405}
        or b"root:" in answered
        or b"\r\nset-cookie:x" in answered.lower()
    ]


def test_a_line_of_the_log_cannot_be_made_up(tmp_path: Path) -> None:
    """
    What is heard of a request has no control character, and no query.
    """
    heard: list[Answered] = []
    request = b"GET /a%0d%0ab%1b[31m?token=secret HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
    told(tmp_path, request, heard=heard)

    assert ["/a%0D%0Ab%1B%5B31m"] == [each.path for each in heard]


@dataclass(frozen=True)
class Failing(OneBoot):
    """
    A catalog on a bad day.
    """

    error: TundishError = field(default_factory=TundishError)

    def script_for(self, _asker: Asker) -> BootScript | None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status_code", "wait"), [(Overloaded(), 503, "5"), (NoSpace("the catalog"), 507, None)]
)
def test_a_catalog_without_time_or_room_is_said(
    tmp_path: Path, error: TundishError, status_code: int, wait: str | None
) -> None:
    """
    While the catalog is locked machines are told when to come again; while its disk is full, that it is.
    """
    said = answer(furnished(tmp_path, boots=Failing(error=error)), get("/ipxe.cfg-52:54:00:12:34:56"))

    assert (status_code, wait) == (said.status, said.headers.get("retry-after"))
