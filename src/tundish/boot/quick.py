"""
The plainest of requests, read and answered without a framework: one image, whole or one part of it.

Pure. Whatever is not exactly of this form is None: somebody slower answers it, who knows all forms.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tundish.boot.asked import Face, Part, reply
from tundish.core.digest import Digest

LONGEST = 4096  # bytes of a head
# In no place could two parts of it take the same sign: else a head could be made that takes forever.
_HEAD = re.compile(
    rb"GET (/images/([0-9a-f]{64})(?:/[A-Za-z0-9][A-Za-z0-9._~-]{0,127}){6}) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z][A-Za-z0-9-]{0,63}:[\t\x20-\x7e]{0,1024}\r\n){1,32})\r\n"
)
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):([^\r]*)\r\n")
# They change what a request is, or how long: not a matter for the quick.
_NOT_PLAIN = frozenset({"Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Te", "Trailer"})

_CONDITIONS = frozenset({"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"})
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Plain:
    """
    A request that is all head, for the bytes of one digest. `fields` have names like `If-Range`.
    """

    path: str
    digest: Digest
    fields: Mapping[str, str]
    length: int  # of the head


def plain(seen: bytes) -> Plain | None:
    """
    The request that a connection begins with, if it is one and nothing comes after it.
    """
    head = _HEAD.fullmatch(seen)
    if head is None:
        return None
    pairs = [(name.title(), value.strip()) for name, value in _FIELD.findall(head[3])]
    fields = {name.decode(): value.decode() for name, value in pairs}
    if len(fields) != len(pairs) or "Host" not in fields or not _NOT_PLAIN.isdisjoint(fields):
        return None
    if fields.get("Connection", "keep-alive").lower() != "keep-alive":
        return None
    return Plain(head[1].decode(), Digest(head[2].decode()), fields, len(seen))


def chosen(asked: Plain, face: Face) -> tuple[int, Part] | None:
    """
    Status and part of the file, if the answer is 200, or 206 with one part of some length.
    """
    if (simple := _simple(asked.fields, face.size)) is not None:
        return 206, simple
    answer = reply("GET", asked.fields, face)
    if answer.status not in {200, 206} or len(answer.parts) != 1 or not answer.parts[0].length:
        return None
    return answer.status, answer.parts[0]


def _simple(fields: Mapping[str, str], size: int) -> Part | None:
    """
    The one part that is asked for without conditions, and lies in the file: as `reply` cuts it, but sooner.
    """
    if not _CONDITIONS.isdisjoint(fields) or (found := _RANGE.fullmatch(fields.get("Range", ""))) is None:
        return None
    first, last = int(found[1]), int(found[2])
    return Part(first, last - first + 1) if first <= last < size else None


def head_of(status: int, part: Part, face: Face, *, constant: bytes, date: str, request_id: str) -> bytes:
    """
    The head of an answer; `constant` are the fields that all have.
    """
    first = "200 OK" if status == 200 else "206 Partial Content"
    where = f"Content-Range: {content_range(part, face.size)}\r\n" if status == 206 else ""
    return b"".join(
        (
            f"HTTP/1.1 {first}\r\n".encode(),
            constant,
            f'ETag: "{face.tag}"\r\nContent-Length: {part.length}\r\n{where}'
            f"X-Request-Id: {request_id}\r\nDate: {date}\r\n\r\n".encode(),
        )
    )


def content_range(part: Part, size: int) -> str:
    return f"bytes {part.start}-{part.start + part.length - 1}/{size}"
