"""
Requests without a proxy, and answers taken in as few steps as HTTP allows: urllib3 makes the connections,
but of a small file its layers cost more than the file.

The head of an answer is parsed by llhttp, in C. One that came in one piece and is followed by a body of
known length is read here; any other is left, with not a byte of it consumed, to `http.client` and urllib3.
"""

import io
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from httptools import HttpParserError, HttpResponseParser
from urllib3 import HTTPHeaderDict, HTTPResponse, exceptions
from urllib3.connection import HTTPConnection
from urllib3.util import Url

from tundish.core.errors import InputError
from tundish.fetch.guard import Guard
from tundish.fetch.headers import PORTS
from tundish.fetch.wire import MAX_HOSTS, Paced, Pool, PromptResponse, TlsPool

BUFFER = 16 * 1024  # bytes: the head and the whole of a small file in one read
_END = b"\r\n\r\n"  # of a head
_MAX_HEADERS = 40
_LENGTH = re.compile(r"[0-9]{1,18}")
_TARGET = re.compile(r"[\x21-\x7e]+")
_Origin: TypeAlias = tuple[str, str, int]


class Reply(Protocol):
    """
    An answer whose head was read, as urllib3 has it.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def read1(self, amount: int) -> bytes:
        """
        What has come of the body, at most `amount` bytes; nothing at its end.
        """

    def close(self) -> None: ...

    def release_conn(self) -> None:
        """
        Let the connection be used again, if the answer was read to its end.
        """


class Direct:
    """
    Connections to the hosts themselves, of which `idle` are kept for each. Safe to share between threads.
    """

    def __init__(self, idle: int, *, connect: float, stall: float, guard: Guard | None = None) -> None:
        self._idle, self._connect, self._stall, self._guard = idle, connect, stall, guard
        self._places: dict[_Origin, _Place] = {}
        self._lock = threading.Lock()

    def sent(self, target: Url, headers: Mapping[str, str]) -> Reply:
        """
        Ask, and read the head of the answer.

        Raises:
            InputError: the address holds what no request can.
            OSError, HTTPException, HTTPError: as they come from the libraries.
        """
        place = self._place(target)
        request = _request(target, place.host, headers)
        connection = place.lend()
        try:
            if connection.sock is None:
                connection.timeout = self._connect
                _open(connection)
            return _asked(connection, request, _Loan(connection, place), self._stall)
        except BaseException:
            connection.close()
            raise

    def clear(self) -> None:
        """
        Let go of all idle connections.
        """
        with self._lock:
            places, self._places = self._places, {}
        for place in places.values():
            place.clear()

    def _place(self, target: Url) -> "_Place":
        scheme, host = target.scheme or "", target.host or ""
        origin = (scheme, host, target.port or PORTS[scheme])
        place = self._places.get(origin)
        if place is None:
            with self._lock:
                while len(self._places) >= MAX_HOSTS:
                    self._places.pop(next(iter(self._places))).clear()
                place = self._places.setdefault(origin, _Place(origin, self._idle, self._guard))
        return place


class _Place:
    """
    One host and port, and its idle connections: the one used last is lent first.
    """

    def __init__(self, origin: _Origin, idle: int, guard: Guard | None) -> None:
        scheme, host, port = origin
        self.host = host if port == PORTS[scheme] else f"{host}:{port}"
        self._pool = (TlsPool if scheme == "https" else Pool)(host, port)
        self._pool.guard = guard
        self._most, self._idle = idle, deque[HTTPConnection]()

    def lend(self) -> HTTPConnection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if connection.is_connected:
                return connection
            connection.close()
        return self._pool.new()

    def take_back(self, connection: HTTPConnection) -> None:
        if len(self._idle) < self._most:
            self._idle.append(connection)
        else:
            connection.close()

    def clear(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._pool.close()


class _Heads(Mapping[str, str]):
    """
    Headers by name, whatever the case.
    """

    def __init__(self, found: dict[str, str]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class _Plain:
    """
    An answer of a length that was said, over a connection that stays open.
    """

    def __init__(
        self, status: int, headers: dict[str, str], loan: "_Loan", body: "io.BufferedReader[Any]"
    ) -> None:
        self.status, self.headers = status, _Heads(headers)
        length = int(headers["content-length"])
        loan.is_whole = not length
        self._length = self._left = length
        self._loan, self._body = loan, body

    def read1(self, amount: int) -> bytes:
        if not self._left:
            return b""
        piece = self._body.read1(min(amount, self._left))
        if not piece:
            raise exceptions.IncompleteRead(self._length - self._left, self._left)
        self._left -= len(piece)
        self._loan.is_whole = not self._left
        return piece

    def close(self) -> None:
        self._body.close()

    def release_conn(self) -> None:
        self._loan.end()


class _Other:
    """
    An answer of any other kind.
    """

    def __init__(self, answer: PromptResponse, loan: "_Loan") -> None:
        self._answer, self._loan = answer, loan
        self.status, self.headers = answer.status, HTTPHeaderDict(answer.headers.items())
        self._reply = HTTPResponse(
            body=answer,
            headers=self.headers,
            status=answer.status,
            version=answer.version,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            request_method="GET",
        )

    def read1(self, amount: int) -> bytes:
        piece = self._reply.read1(amount)
        self._loan.is_whole = self._answer.isclosed() and not self._answer.will_close
        return piece

    def close(self) -> None:
        self._reply.close()

    def release_conn(self) -> None:
        self._loan.end()


class _Loan:
    """
    A connection that is in use. It goes back once, and is closed if its answer was not read to the end.
    """

    def __init__(self, connection: HTTPConnection, place: _Place) -> None:
        self._connection: HTTPConnection | None = connection
        self._place, self.is_whole = place, False

    def end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self.is_whole:
            self._place.take_back(connection)
        elif connection is not None:
            connection.close()


def _request(target: Url, host: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if not _TARGET.fullmatch(target.request_uri) or not all(line.isprintable() for line in lines):
        raise InputError("the address holds signs that no request can; check its form")
    return "\r\n".join([f"GET {target.request_uri} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def _open(connection: HTTPConnection) -> None:
    try:
        connection.connect()
    except ValueError as error:  # urllib3's word for a certificate of another host is one
        raise exceptions.SSLError(error) from error


def _asked(connection: HTTPConnection, request: bytes, loan: "_Loan", stall: float) -> Reply:
    sock = connection.sock
    if sock is None:
        raise exceptions.ProtocolError("there is no connection")
    sock.settimeout(stall)
    sock.sendall(request)
    paced = Paced(sock.makefile("rb", buffering=0), stall)
    body: io.BufferedReader[Any] = io.BufferedReader(paced, BUFFER)
    try:
        head, end, _ = body.peek(1).partition(_END)
        plain = _plain(head + end) if end else None
        if plain is not None:
            body.read(len(head + end))
            paced.headers_came()
            return _Plain(*plain, loan, body)
        answer = PromptResponse(sock, method="GET", reader=body, paced=paced)
        answer.begin()
        return _Other(answer, loan)
    except BaseException:
        body.close()
        raise


class _Head:
    """
    What the parser tells of a head.
    """

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


def _plain(head: bytes) -> tuple[int, dict[str, str]] | None:
    """
    Status and headers of an answer with a body of known length; None if it is of another kind.
    """
    told = _Head()
    parser = HttpResponseParser(told)
    try:
        parser.feed_data(head)
    except HttpParserError:  # `http.client` says what is wrong with it
        return None
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in told.headers}
    is_plain = (
        parser.get_status_code() in {200, 206}
        and parser.get_http_version() == "1.1"
        and parser.should_keep_alive()
        and len(found) == len(told.headers) <= _MAX_HEADERS
        and "transfer-encoding" not in found
        and _LENGTH.fullmatch(found.get("content-length", ""))
    )
    return (parser.get_status_code(), found) if is_plain else None
