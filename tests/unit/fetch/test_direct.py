"""
Answers taken in few steps, and those that are left to the libraries.
"""

from collections.abc import Iterator

import pytest

from tests.support.hostile_server import HostileServer
from tundish.core.errors import InputError
from tundish.fetch.direct import BUFFER, Direct
from tundish.fetch.headers import address

FILES = {"small": b"s" * 100, "long": bytes(range(256)) * (BUFFER // 64), "empty": b""}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer(FILES) as server:
        yield server


@pytest.fixture
def direct() -> Iterator[Direct]:
    direct = Direct(2, connect=2.0, stall=2.0)
    yield direct
    direct.clear()


def body(direct: Direct, url: str) -> bytes:
    reply = direct.sent(address(url), {})
    try:
        return b"".join(iter(lambda: reply.read1(1_000), b""))
    finally:
        reply.close()
        reply.release_conn()


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_whole(server: HostileServer, direct: Direct, name: str) -> None:
    """
    Also one that is longer than the buffer, and one of no bytes.
    """
    assert FILES[name] == body(direct, f"{server.url}{name}")


def test_a_header_is_found_whatever_its_case(server: HostileServer, direct: Direct) -> None:
    """
    The names of headers are compared without their case.
    """
    reply = direct.sent(address(f"{server.url}small"), {})
    found = (reply.headers.get("CONTENT-length"), reply.headers.get("content-Length"))
    reply.close()
    reply.release_conn()

    assert ("100", "100") == found


def test_what_no_request_can_hold_is_not_sent(direct: Direct) -> None:
    """
    A line break in a header would begin another one.
    """
    with pytest.raises(InputError, match="no request can"):
        direct.sent(address("http://127.0.0.1:1/f"), {"If-Range": "a\r\nX: y"})
