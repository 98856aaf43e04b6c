"""
What a request asks of a file: only if it is (not) the one I hold, only these parts (RFC 9110 §13 and §14).

Pure. A header that is malformed, or greedy, is ignored, and the whole file is the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_PARTS = 16

_PART = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W/)?"[\x21\x23-\x7e]*")*')


@dataclass(frozen=True, slots=True)
class Face:
    """
    What a client can compare of a file. `tag` is strong and without its quotes; `modified` in whole seconds.
    """

    size: int
    tag: str
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Reply:
    """
    The status that answers a request, and which parts of the file go with it (none but for 200 and 206).
    """

    status: int
    parts: tuple[Part, ...] = ()


def reply(method: str, headers: Mapping[str, str], face: Face) -> Reply:
    """
    Weigh the conditions in the order of RFC 9110 §13.2.2, then cut the file into the parts asked for.
    """
    if not _is_expected(headers, face):
        return Reply(412)
    if _is_known(headers, face):
        return Reply(304)
    whole = Reply(200, (Part(0, face.size),))
    asked = headers.get("Range")
    if asked is None or method != "GET" or not _is_still_the_one(headers.get("If-Range"), face):
        return whole
    parts = cut(asked, face.size)
    if parts is None:
        return whole
    return Reply(206, parts) if parts else Reply(416)


def cut(header: str, size: int) -> tuple[Part, ...] | None:
    """
    The parts a Range header names, as far as they lie in the file: () if none does.

    None means: ignore the header, because it is malformed or asks for more than the whole file.
    """
    unit, _, text = header.partition("=")
    specs = [spec.strip(" \t") for spec in text.split(",")] if len(header) <= 1024 else []
    if unit.strip().lower() != "bytes" or not 0 < len(specs) <= MAX_PARTS:
        return None
    parts: list[Part] = []
    for spec in specs:
        match = _PART.fullmatch(spec)
        if match is None or spec == "-" or (match[1] and match[2] and int(match[1]) > int(match[2])):
            return None
        part = _part(match[1], match[2], size)
        if part.length > 0:
            parts.append(part)
    if len(parts) > 1 and sum(part.length for part in parts) > size:
        return None
    return tuple(parts)


def _part(first: str, last: str, size: int) -> Part:
    if not first:
        length = min(int(last), size)
        return Part(size - length, length)
    end = min(int(last) + 1, size) if last else size
    return Part(int(first), end - int(first))


def _is_expected(headers: Mapping[str, str], face: Face) -> bool:
    """
    Whether If-Match, or else If-Unmodified-Since, lets the request through.
    """
    if (wanted := headers.get("If-Match")) is not None:
        return wanted.strip() == "*" or (False, face.tag) in _tags(wanted)
    since = _date(headers.get("If-Unmodified-Since"))
    return since is None or face.modified is None or face.modified <= since


def _is_known(headers: Mapping[str, str], face: Face) -> bool:
    """
    Whether If-None-Match, or else If-Modified-Since, says that the client holds this very file.
    """
    if (held := headers.get("If-None-Match")) is not None:
        return held.strip() == "*" or face.tag in {tag for _, tag in _tags(held)}
    since = _date(headers.get("If-Modified-Since"))
    return since is not None and face.modified is not None and face.modified <= since


def _is_still_the_one(held: str | None, face: Face) -> bool:
    """
    If-Range compares strongly: a weak tag, or a date that is not exactly ours, gets the whole file.
    """
    if held is None:
        return True
    if (tag := _TAG.fullmatch(held.strip())) is not None:
        return not tag[1] and tag[2] == face.tag
    return face.modified is not None and _date(held) == face.modified


def _tags(header: str) -> set[tuple[bool, str]]:
    """
    The tags in a list, each with whether it is weak; none if the list is malformed.
    """
    if not _TAGS.fullmatch(header.strip()):
        return set()
    return {(bool(weak), tag) for weak, tag in _TAG.findall(header)}


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
