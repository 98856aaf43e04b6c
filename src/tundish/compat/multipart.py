"""
Bodies of forms as MAAS's clients send them: parts in base64, boundaries in quotes, fields given repeatedly.

The body is here already, bounded by whoever read it; what is in it is bounded here.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, cast

from python_multipart import multipart
from python_multipart.exceptions import FormParserError

from tundish.core.errors import InputError

MOST_PARTS = 1_000
MOST_HEADER = 8 * 1024  # bytes of the headers of one part
MOST_BOUNDARY = 200  # RFC 2046 allows 70; some clients take more

Callback: TypeAlias = Callable[[], None] | Callable[[bytes, int, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """
    One field. `filename` is None where the client sent no file.
    """

    name: str
    value: bytes
    filename: str | None


class _Parser(Protocol):
    def write(self, data: bytes) -> int: ...

    def finalize(self) -> None: ...


def parts(content_type: str, body: bytes) -> tuple[Part, ...]:
    """
    The fields of a multipart/form-data body, in the order in which they came.

    Raises:
        InputError: no such body, cut short, or over the bounds.
    """
    kind, options = _options(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= MOST_BOUNDARY:
        raise InputError("the body is no multipart/form-data with a boundary")
    if _is_empty(boundary, body):
        return ()
    reader = _Reader()
    # The parser's own types allow callbacks that take none of its arguments and such that take all.
    make = cast("Callable[[bytes, dict[str, Callback]], _Parser]", multipart.MultipartParser)
    try:
        parser = make(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise InputError(f"the multipart body is malformed: {error}") from None
    if not reader.ended:
        raise InputError("the multipart body ends before its last boundary")
    return tuple(reader.found)


def _is_empty(boundary: bytes, body: bytes) -> bool:
    """
    Whether there are only boundaries, as Python's `email` writes a form without fields.
    """
    line = b"--" + boundary
    return len(body) < 4 * len(line) + 16 and body.strip() in {
        line + b"--",
        line + b"\r\n\r\n" + line + b"--",
    }


@dataclass(slots=True)
class _Reader:
    """
    What the parser has told so far.
    """

    found: list[Part] = field(default_factory=list)
    ended: bool = False
    headers: dict[str, bytes] = field(default_factory=dict)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    data: bytearray = field(default_factory=bytearray)

    def callbacks(self) -> dict[str, Callback]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._more,
            "on_part_end": self._finish,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.found) >= MOST_PARTS:
            raise InputError(f"more than {MOST_PARTS} fields in one form")
        self.headers, self.data = {}, bytearray()

    def _more(self, chunk: bytes, start: int, end: int) -> None:
        self.data += chunk[start:end]

    def _header_name(self, chunk: bytes, start: int, end: int) -> None:
        self.name += chunk[start:end]
        self._bounded()

    def _header_value(self, chunk: bytes, start: int, end: int) -> None:
        self.value += chunk[start:end]
        self._bounded()

    def _bounded(self) -> None:
        if len(self.headers) > 20 or len(self.name) + len(self.value) > MOST_HEADER:
            raise InputError(f"a field with more than {MOST_HEADER} bytes of headers")

    def _header_end(self) -> None:
        self.headers[self.name.decode("latin-1").lower()] = bytes(self.value)
        self.name, self.value = bytearray(), bytearray()

    def _finish(self) -> None:
        self.found.append(_part(self.headers, bytes(self.data)))

    def _end(self) -> None:
        self.ended = True


def _part(headers: dict[str, bytes], data: bytes) -> Part:
    kind, options = _options(headers.get("content-disposition", b"").decode("latin-1"))
    name = options.get(b"name")
    if kind != b"form-data" or name is None:
        raise InputError("a part of the multipart body has no name")
    encoding = headers.get("content-transfer-encoding", b"binary").strip().lower()
    filename = options.get(b"filename")
    return Part(
        name.decode("utf-8", "replace"),
        _decoded(encoding, data, name),
        None if filename is None else filename.decode("utf-8", "replace"),
    )


def _decoded(encoding: bytes, data: bytes, name: bytes) -> bytes:
    if encoding in {b"binary", b"7bit", b"8bit"}:
        return data
    if encoding != b"base64":
        raise InputError(f"the field {name[:80]!r} is encoded as {encoding[:40]!r}; send it as base64")
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        raise InputError(f"the field {name[:80]!r} is no base64") from None


def _options(header: str) -> tuple[bytes, dict[bytes, bytes]]:
    if len(header) > MOST_HEADER:
        raise InputError(f"a header of more than {MOST_HEADER} bytes")
    try:
        return multipart.parse_options_header(header)
    except (ValueError, LookupError, UnicodeError):  # what is in a header is anybody's
        raise InputError("a header of the form is malformed") from None
