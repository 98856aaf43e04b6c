"""
Requests that say something, against a server that says what it heard.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tundish.core.errors import BadStatus, InputError, Stalled, TooLong, Unreachable
from tundish.fetch.fetcher import Limits
from tundish.fetch.sending import Sender

IMPATIENT = Limits(connect=2, stall=0.3)


class Echo(BaseHTTPRequestHandler):
    """
    Answers with what it was asked.
    """

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        said = {
            "method": self.command,
            "path": self.path,
            "body": body.decode(),
            "key": self.headers["x-key"],
        }
        if self.path == "/silent":
            threading.Event().wait(1)
        answer = json.dumps(said).encode()
        self.send_response(302 if self.path == "/moved" else 409)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Location", "http://elsewhere.example/")
        self.end_headers()
        self.wfile.write(answer)

    def do_PATCH(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender(IMPATIENT)
    yield made
    made.close()


def test_what_is_said_arrives_and_the_answer_comes_back(url: str, sender: Sender) -> None:
    """
    Method, path, header and body arrive; any status is an answer.
    """
    found = sender.send("PATCH", f"{url}/a/b?c=d", headers={"x-key": "k"}, body=b"hello", limit=1000)

    assert (409, {"method": "PATCH", "path": "/a/b?c=d", "body": "hello", "key": "k"}) == (
        found.status,
        json.loads(found.body),
    )


def test_a_body_in_pieces_is_sent_as_one(url: str, sender: Sender) -> None:
    """
    Pieces with a promised length arrive as they were cut.
    """
    found = sender.send("POST", url, headers={"Content-Length": "5"}, body=iter([b"he", b"llo"]), limit=1000)

    assert "hello" == json.loads(found.body)["body"]


def test_no_redirect_is_followed(url: str, sender: Sender) -> None:
    """
    Where the server leads elsewhere, that is an error which says where.
    """
    with pytest.raises(BadStatus, match="elsewhere"):
        sender.send("POST", f"{url}/moved", headers={}, limit=1000)


def test_a_long_answer_is_not_held(url: str, sender: Sender) -> None:
    """
    More than the limit is refused.
    """
    with pytest.raises(TooLong):
        sender.send("POST", url, headers={}, body=b"x" * 100, limit=50)


def test_a_silent_server_is_left(url: str, sender: Sender) -> None:
    """
    Nothing within the time limit is an error.
    """
    with pytest.raises(Stalled):
        sender.send("POST", f"{url}/silent", headers={}, limit=1000)


def test_nobody_there_is_said(sender: Sender) -> None:
    """
    A closed port is no connection.
    """
    with pytest.raises(Unreachable):
        sender.send("POST", "http://127.0.0.1:1/", headers={}, limit=1000)


def test_what_is_no_address_is_refused(sender: Sender) -> None:
    """
    Only http and https are asked.
    """
    with pytest.raises(InputError):
        sender.send("POST", "ftp://x.example/", headers={}, limit=1000)
