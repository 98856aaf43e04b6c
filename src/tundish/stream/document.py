"""
The JSON of a stream, bounded on the way in and plain on the way out.

In: size, depth, numbers and strings have bounds, a key stands once, the format is said. Out: what every
client reads and what gpg signs without changing it.
"""

import json
import math
import re
from typing import Never, TypeAlias

from tundish.core.errors import BadDocument, InputError
from tundish.core.image import Json
from tundish.core.payload import Payload

Object: TypeAlias = dict[str, Json]

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_LINE = 19_000  # bytes; a longer line cannot be signed
_MAX_INTEGER = 19  # characters
_MAX_FLOAT = 64  # characters

_LONG_LINE = re.compile(rb"[^\n]{%d,}" % (MAX_LINE + 1))
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read(payload: Payload, expected: str) -> Object:
    """
    The JSON object of a document that says to be of the expected format.

    Raises:
        BadDocument: it is not, or a bound is passed.
    """
    value = _parsed(payload)
    if not isinstance(value, dict):
        raise bad(payload, "the top level must be an object")
    if "format" not in value:
        raise bad(payload, f"it does not say its format; {expected!r} was expected")
    if value["format"] != expected:
        raise bad(payload, f"its format is {_short(value['format'])}; {expected!r} was expected")
    return value


def render(value: Object) -> bytes:
    """
    One attribute per line, sorted, indented by one, ASCII, ending with a line feed.

    Raises:
        InputError: a line would be too long to be signed.
    """
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode("ascii") + b"\n"
    if found := _LONG_LINE.search(text):
        key = found.group().strip()[:80].decode("ascii")
        raise InputError(
            f"a line of {len(found.group())} bytes cannot be signed ({key}...); shorten this value"
        )
    return text


def _parsed(payload: Payload) -> Json:
    if len(payload.text) > MAX_BYTES:
        raise bad(payload, f"it has over {MAX_BYTES} bytes")
    try:
        value: Json = json.loads(
            payload.text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
        if _ESCAPED_SURROGATE.search(payload.text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise bad(payload, f"it nests deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise bad(payload, _reason(error)) from None
    if _is_too_deep(value):
        raise bad(payload, f"it nests deeper than {MAX_DEPTH} levels")
    return value


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {error.start}"
    if isinstance(error, UnicodeEncodeError):
        return "it holds half a surrogate pair"
    return str(error)


def _is_too_deep(value: Json) -> bool:
    """
    Level by level rather than by recursion, which a deep document would exhaust.
    """
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def _object(pairs: list[tuple[str, Json]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {_short(twice)} stands twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_INTEGER:
        raise ValueError(f"a number has over {_MAX_INTEGER} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if len(text) > _MAX_FLOAT or not math.isfinite(value):
        raise ValueError(f"the number {_short(text)} is out of bounds")
    return value


def _constant(text: str) -> Never:
    raise ValueError(f"{text} is not a number of JSON")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def bad(payload: Payload, why: str) -> BadDocument:
    """
    The error for a document of which nothing can be used.
    """
    return BadDocument(f"{payload.origin}: {why}; nothing of it was used, tell the source's owner")
