"""
A real HTTP server on loopback that behaves as told, and remembers what it was asked.

    with HostileServer({"a/b": b"..."}) as server:
        server.behave("a/b", cut(100), good)    # the first request is cut, all later ones are served
        server.url + "a/b"                      # server.url ends with a slash
        server.requests                         # what came: path, range, if_range, ...
        server.files["c"] = b"..."              # may be changed at any time

Without `behave` a file is served well: keep-alive, strong ETag, Last-Modified, Range, If-Range and 304 for
what the client has; what is not in `files` is a 404. Behaviours are used up one per request, and the last
one stays. It also answers requests made through it as a proxy. Leaving the context ends every thread and
connection.
"""

import gzip
import hashlib
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias
from urllib.parse import unquote, urlsplit

DATE = "Wed, 01 Jan 2025 00:00:00 GMT"
LONGEST_SILENCE = 20.0  # seconds, should a client never give up


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request, as it came. `connection` is the same number for requests over one connection.
    """

    path: str
    range: str | None
    if_range: str | None
    authorization: str | None
    proxy_authorization: str | None
    host: str | None
    connection: int


class HostileServer:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._behaviours: dict[str, list[Behaviour]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def behave(self, path: str, *behaviours: "Behaviour") -> None:
        """
        How the next requests for `path` are answered, in turn; the last behaviour stays.
        """
        with self._lock:
            self._behaviours[path] = list(behaviours)

    def count(self, path: str) -> int:
        """
        How often `path` was asked for.
        """
        return sum(request.path == path for request in list(self.requests))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def next_behaviour(self, request: Request) -> "Behaviour":
        with self._lock:
            self.requests.append(request)
            queue = self._behaviours.get(request.path, [])
            if not queue:
                return good
            return queue.pop(0) if len(queue) > 1 else queue[0]


class Exchange(BaseHTTPRequestHandler):
    """
    One request and its answer. A behaviour is a function of it.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        owner = self.server.owner
        target = self.path if self.path.startswith("/") else urlsplit(self.path).path  # as a proxy
        name = unquote(target.partition("?")[0]).removeprefix("/")
        says = self.headers.get
        request = Request(
            name,
            says("Range"),
            says("If-Range"),
            says("Authorization"),
            says("Proxy-Authorization"),
            says("Host"),
            self.client_address[1],
        )
        self.content = owner.files.get(name)
        self.closing = owner.closing
        owner.next_behaviour(request)(self)

    def log_message(self, *_: object) -> None:
        """
        Nothing: what came is in `requests`.
        """

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content or b"").hexdigest()[:16]}"'

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def body(self, data: bytes) -> None:
        self.wfile.write(data)

    def whole(self, data: bytes, headers: Mapping[str, str], *, status: int = 200) -> None:
        self.head(status, {"Content-Length": str(len(data)), **headers})
        self.body(data)

    def wait(self) -> None:
        """
        Say nothing until the client has gone or the server closes.
        """
        self.close_connection = True
        self.connection.settimeout(0.02)
        for _ in range(int(LONGEST_SILENCE / 0.02)):
            if self.closing.is_set():
                return
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue

    def is_known(self) -> bool:
        """
        Whether the client has this state of the file already, by its own words.
        """
        tag, date = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        return tag == self.etag if tag is not None else date == DATE

    def wanted(self, *, etag: str | None = None) -> int:
        """
        The offset asked for that may be honoured; 0 for the whole file.
        """
        asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
        if asked is None or condition not in {None, etag or self.etag, DATE}:
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))


Behaviour: TypeAlias = Callable[[Exchange], None]


def _part(exchange: Exchange) -> tuple[int, dict[str, str], bytes]:
    """
    The right answer: status, headers and body.
    """
    content = exchange.content
    if content is None:
        return 404, {}, b"no such file"
    facts = {"ETag": exchange.etag, "Last-Modified": DATE, "Accept-Ranges": "bytes"}
    if exchange.is_known():
        return 304, facts, b""
    start = exchange.wanted()
    if start == 0:
        return 200, facts, content
    if start >= len(content):
        return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
    return (
        206,
        {**facts, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"},
        content[start:],
    )


def good(exchange: Exchange) -> None:
    """
    As a good server does.
    """
    status, headers, body = _part(exchange)
    exchange.whole(body, headers, status=status)


def status(code: int, *, retry_after: str | None = None) -> Behaviour:
    """
    An error page with this status.
    """
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return lambda exchange: exchange.whole(b"<html>no</html>", headers, status=code)


def error_page(exchange: Exchange) -> None:
    """
    An error page that claims to be the file (200).
    """
    exchange.whole(b"<html>out of order</html>", {"Content-Type": "text/html"})


def other(content: bytes) -> Behaviour:
    """
    Serve other bytes than the file's, well: shorter, longer or different.
    """

    def behaviour(exchange: Exchange) -> None:
        exchange.content = content
        good(exchange)

    return behaviour


def silent(exchange: Exchange) -> None:
    """
    Take the request and never answer.
    """
    exchange.wait()


def stall(after: int) -> Behaviour:
    """
    Fall silent after `after` bytes of the body.
    """

    def behaviour(exchange: Exchange) -> None:
        code, headers, body = _part(exchange)
        exchange.head(code, {**headers, "Content-Length": str(len(body))})
        exchange.body(body[:after])
        exchange.wait()

    return behaviour


def cut(after: int) -> Behaviour:
    """
    Close the connection after `after` bytes of the body, short of the promised length.
    """

    def behaviour(exchange: Exchange) -> None:
        code, headers, body = _part(exchange)
        exchange.head(code, {**headers, "Content-Length": str(len(body))})
        exchange.body(body[:after])
        exchange.close_connection = True

    return behaviour


def reset(after: int | None = None) -> Behaviour:
    """
    Reset the connection: before any answer, or after `after` bytes of the body.
    """

    def behaviour(exchange: Exchange) -> None:
        if after is not None:
            cut(after)(exchange)
        exchange.close_connection = True
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        exchange.connection.close()

    return behaviour


def no_ranges(exchange: Exchange) -> None:
    """
    Ignore Range: always the whole file.
    """
    exchange.whole(exchange.content or b"", {"ETag": exchange.etag})


def weak_etag(exchange: Exchange) -> None:
    """
    The whole file with a weak ETag and no date.
    """
    exchange.whole(exchange.content or b"", {"ETag": f"W/{exchange.etag}"})


def dated(exchange: Exchange) -> None:
    """
    The whole file with a weak ETag and a date.
    """
    exchange.whole(exchange.content or b"", {"ETag": f"W/{exchange.etag}", "Last-Modified": DATE})


def wrong_range(exchange: Exchange) -> None:
    """
    A part that begins one byte before what was asked for.
    """
    content = exchange.content or b""
    start = max(0, exchange.wanted() - 1)
    exchange.whole(
        content[start:],
        {"ETag": exchange.etag, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"},
        status=206,
    )


def unnamed_range(exchange: Exchange) -> None:
    """
    A part that does not say which (no Content-Range).
    """
    exchange.whole((exchange.content or b"")[exchange.wanted() :], {"ETag": exchange.etag}, status=206)


def other_part(exchange: Exchange) -> None:
    """
    Ignore If-Range: the part asked for, but of a file that has another ETag by now.
    """
    content = exchange.content or b""
    start = int((exchange.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    exchange.whole(
        content[start:],
        {"ETag": '"other"', "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"},
        status=206,
    )


def half_a_part(exchange: Exchange) -> None:
    """
    Less than the rest that was asked for: 10 bytes, honestly labelled.
    """
    content = exchange.content or b""
    start = exchange.wanted()
    exchange.whole(
        content[start : start + 10],
        {"ETag": exchange.etag, "Content-Range": f"bytes {start}-{start + 9}/{len(content)}"},
        status=206,
    )


def redirect(to: str, code: int = 302) -> Behaviour:
    """
    Send elsewhere. Sent to itself, it is a loop.
    """
    return lambda exchange: exchange.whole(b"moved", {"Location": to}, status=code)


def gzipped(exchange: Exchange) -> None:
    """
    The file gzip-encoded, whether or not that was asked for.
    """
    exchange.whole(gzip.compress(exchange.content or b""), {"Content-Encoding": "gzip"})


def chunked(exchange: Exchange) -> None:
    """
    The whole file in chunks, without a length.
    """
    exchange.head(200, {"Transfer-Encoding": "chunked"})
    content = exchange.content or b""
    for start in range(0, len(content), 1000):
        piece = content[start : start + 1000]
        exchange.body(b"%x\r\n%s\r\n" % (len(piece), piece))
    exchange.body(b"0\r\n\r\n")


def chunked_cut(exchange: Exchange) -> None:
    """
    One chunk of the file, and half of the next.
    """
    exchange.head(200, {"Transfer-Encoding": "chunked"})
    exchange.body(b"5\r\n12345\r\n5\r\n12")
    exchange.close_connection = True


def chunked_longer(exchange: Exchange) -> None:
    """
    A part in chunks that goes on behind the end it named.
    """
    content = exchange.content or b""
    start = exchange.wanted()
    exchange.head(
        206,
        {
            "Transfer-Encoding": "chunked",
            "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}",
        },
    )
    body = content[start:] + b"and more"
    exchange.body(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def endless(exchange: Exchange) -> None:
    """
    A body without a length and without an end.
    """
    exchange.head(200, {"Connection": "close"})
    while not exchange.closing.is_set():
        exchange.body(b"\0" * 65536)


def dripping(exchange: Exchange) -> None:
    """
    A body that comes byte by byte, one every 10 ms.
    """
    exchange.head(200, {"Content-Length": "1000000"})
    while not exchange.closing.wait(0.01):
        exchange.body(b"x")


def slow_headers(exchange: Exchange) -> None:
    """
    Headers that come byte by byte, one every 10 ms, and never end.
    """
    exchange.body(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not exchange.closing.wait(0.01):
        exchange.body(b"x")


def for_ever_continue(exchange: Exchange) -> None:
    """
    Nothing but interim answers, as fast as they are taken.
    """
    while not exchange.closing.is_set():
        exchange.body(b"HTTP/1.1 100 Continue\r\n\r\n")


def garbage(exchange: Exchange) -> None:
    """
    An answer that is not HTTP.
    """
    exchange.body(b"SSH-2.0-OpenSSH_9.2\x1b[31m\r\n")
    exchange.close_connection = True


def two_lengths(exchange: Exchange) -> None:
    """
    Two lengths that contradict each other.
    """
    exchange.body(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\n12345")
    exchange.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, owner: HostileServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """
        End idle connections, so that their threads end.
        """
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        A client that leaves early is no news; anything else is a fault of this file.
        """
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
