"""
What stands around files on the wire: answers of servers, headers, addresses, requests of machines.
"""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fuzz.mutation import of_json
from fuzz.target import KIB, MIB, Failed, target, text
from tundish import settings
from tundish.boot import asked, http, ipxe
from tundish.boot.asked import Face
from tundish.core import machine
from tundish.core.errors import InputError, UpstreamError
from tundish.fetch import folder, headers, wire
from tundish.sync import schedule

_FACE = Face(1000, "abc", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
_DATE = b"Fri, 02 Jan 2026 03:04:05 GMT"
_HEADER_WORDS = (b"bytes=", b"bytes ", b'"abc"', b'W/"abc"', b"*", b", ", _DATE, b"-", b"/1000")
_POOL: Any = wire.pools(1, "http://proxy.test:1").pool_classes_by_scheme["http"]
_ANSWER: Any = _POOL.ConnectionCls.response_class
_URL = "https://name:secret@host.test:8443/a/b?c=d"


def _fields(data: bytes) -> dict[str, str]:
    """
    Lines `Name: value` as a server of ours or a client sees them.
    """
    lines = (line.partition(":") for line in data.decode("latin-1").split("\n") if ":" in line)
    return {name.strip().title().replace("Etag", "ETag"): value.strip() for name, _, value in lines}


@target(
    UpstreamError,
    seeds=lambda: (
        b'ETag: "abc"\nLast-Modified: ' + _DATE + b"\nDate: " + _DATE + b"\nContent-Range: bytes 5-9/10",
        b"Date: " + _DATE + b"\nLast-Modified: Thu, 01 Jan 2026 03:04:05 GMT\nRetry-After: 120",
        b'ETag: W/"a"\nContent-Range: bytes 0-0/*\nRetry-After: ' + _DATE,
    ),
    longest=4 * KIB,
    words=(b"ETag: ", b"Date: ", b"Last-Modified: ", b"Content-Range: ", b"Retry-After: ", *_HEADER_WORDS),
)
def headers_of_answers(data: bytes) -> None:
    """
    A header is of its form or counts as absent.
    """
    found = _fields(data)
    validator = headers.validator_of(found)
    headers.unless(validator)
    headers.renewal(found)
    headers.is_other_file(found, '"abc"')
    part = headers.part_of(found.get("Content-Range"))
    assert part is None or part.start <= part.end
    wait = headers.refused("fuzz", 503, found).retry_after
    assert wait is None or wait >= 0


@target(
    InputError,
    UpstreamError,
    seeds=lambda: (
        _URL.encode(),
        b"http://[::1]:80/",
        b"//other.test/x",
        b"../up",
        b"file:///a%20b",
        b"/a/b",
    ),
    longest=2 * KIB,
    words=(b"http://", b"https://", b"file://", b"@", b"?", b"#", b"%2F", b"[", b"]", b":"),
)
def addresses(data: bytes) -> None:
    """
    An address is taken apart, followed and shown, without its password, or refused.
    """
    word = text(data)
    assert headers.shown(word).isprintable()
    for read in (folder.path_of, lambda each: headers.redirected(headers.address(_URL), 302, each)):
        try:
            read(word)
        except (InputError, UpstreamError):
            continue
    url = headers.address(word)
    headers.origin(url)
    headers.is_direct(url, ("host.test", ".test:80", "*", "[::1]:80"))
    headers.basic(url.auth or "")


class _Socket:
    """
    A connection on which a whole answer has come already.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))

    def gettimeout(self) -> float:
        return 10.0


@target(
    UpstreamError,
    seeds=lambda: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 206 Partial\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nel\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\nA: b\r\n c\r\n\r\n",
    ),
    words=(b"HTTP/1.1 ", b"Content-Length: ", b"Transfer-Encoding: chunked", b"\r\n\r\n", b"ffffffffff\r\n"),
)
def answers_of_servers(data: bytes) -> None:
    """
    Whatever a server sends is an answer with a body, or an error of ours.
    """
    with wire.translated("fuzz", begun=True):
        answer = _ANSWER(_Socket(data), method="GET")
        answer.begin()
        while piece := answer.read(64 * KIB):
            if len(piece) > MIB:
                raise Failed("more bytes than were asked for")


@target(
    seeds=lambda: (
        b"Range: bytes=0-99,200-299,-5\nIf-Range: " + _DATE,
        b'If-None-Match: W/"x", "abc"\nRange: bytes=5-',
        b"If-Modified-Since: " + _DATE + b'\nIf-Match: "abc"\nIf-Unmodified-Since: ' + _DATE,
    ),
    longest=4 * KIB,
    words=(b"Range: ", b"If-Range: ", b"If-None-Match: ", b"If-Modified-Since: ", *_HEADER_WORDS),
)
def requests_of_clients(data: bytes) -> None:
    """
    Any request gets a status, and parts that lie in the file and are no more than it.
    """
    answer = asked.reply("GET", _fields(data), _FACE)
    assert answer.status in {200, 206, 304, 412, 416}
    assert all(0 <= part.start <= part.start + part.length <= _FACE.size for part in answer.parts)
    assert sum(part.length for part in answer.parts) <= _FACE.size


@target(
    InputError,
    seeds=lambda: (
        b'{"token": "abc", "machine_id": "' + b"a" * 32 + b'", "version": "1", "root": "' + b"b" * 64 + b'"}',
    ),
    mutation=of_json,
    longest=4 * KIB,
)
def reports_of_machines(data: bytes) -> None:
    """
    What a booted machine sends is a report or refused.
    """
    http.read_report(data)


@target(
    InputError,
    seeds=lambda: (
        b"52:54:00:12:34:56",
        b"10.0.0.2:5248",
        b"[fe80::1]:80",
        b"console=ttyS0 quiet",
        b"a" * 32,
    ),
    longest=2 * KIB,
)
def words_of_machines(data: bytes) -> None:
    """
    Each word that ends in a boot script has its form, or is refused.
    """
    word = text(data)
    for read in (machine.mac_address, machine.hardware_uuid, machine.machine_id, ipxe.authority, ipxe.token):
        try:
            read(word)
        except InputError:
            continue
    for argument in ipxe.kernel_arguments(word):
        assert not {"$", "{", "\n", " "}.intersection(argument)


def _environment(data: bytes) -> Mapping[str, str]:
    lines = (line.partition("=") for line in text(data).split("\n"))
    return {name: value for name, _, value in lines}


@target(
    InputError,
    seeds=lambda: (
        b"\n".join(f"{each.variable}={each.default or 'x'}".encode() for each in settings.TABLE.values()),
        b"TUNDISH_STATE=~nobody-here/x\nSOURCE_DATE_EPOCH=1\nTUNDISH_PARALLEL=9999999999999",
    ),
    longest=4 * KIB,
    words=tuple(each.variable.encode() + b"=" for each in settings.TABLE.values()),
)
def environments(data: bytes) -> None:
    """
    Any environment gives settings, or an error that names the variable.
    """
    settings.load(_environment(data), root=False)


@target(InputError, seeds=lambda: (b"22:00-06:00", b"00:00-23:59", b""), longest=KIB, words=(b":", b"-"))
def windows_of_time(data: bytes) -> None:
    """
    A text is a window of the day, or refused.
    """
    for each in schedule.window(text(data)):
        assert each.opens != each.closes
