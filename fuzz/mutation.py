"""
Inputs made of others by chance, where chance is handed in: the same chance gives the same input.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_NUMBERS = (b"0", b"-1", b"255", b"65536", b"4294967296", b"9" * 19, b"9" * 30, b"1e309")
_SIGNS = (b"\x00", b"\xff", b"\n", b'"', b"\\", b"/", b"..", b"\xed\xa0\x80", "²".encode(), "ä".encode())
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**44, 10**18, 0.5, 1e300),
    *("", " ", "..", "../../x", "a/b", "/", "ä", "\x00", "\ud800", "²", "x" * 300, "20260101"),
    *([], {}, [[]], [{}], {"": None}),
)
_BLOCK = 512
# name, size, kind, link, format and version, prefix, what GNU says of sparse files
_FIELDS = ((0, 100), (124, 136), (124, 136), (156, 157), (157, 257), (257, 265), (345, 500), (386, 512))
_OCTALS = (
    *(b"0" * 11, b"7" * 11, b"00000001000", b"00000000777", b"77777777777\0", b"-0000000001"),
    *(b"\x80" + b"\xff" * 11, b"\xff" * 12, b"\xff" * 10 + b"\xfe\0", b"\x80" + bytes(10) + b"\x01"),
    *(b"K", b"L", b"x", b"g", b"S", b"1", b"2", b"3", b"5", b"V"),
)
_MOST = 40_000  # nodes of a document that are looked at


def of_bytes(data: bytes, chance: Random, words: Sequence[bytes] = ()) -> bytes:
    """
    A few changes anywhere, none of which knows the form of the input.
    """
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.choice((1, 1, 2, 8, 64)))
        _CHANGES[chance.randrange(len(_CHANGES))](found, at, end, chance, words)
    return bytes(found)


def of_json(data: bytes, chance: Random) -> bytes:
    """
    One value of a JSON document changed, dropped, copied or wrapped; any other input as it is.
    """
    try:
        document = json.loads(data)
        places = _places(document)
        if not places:
            return data
        holder, key = places[chance.randrange(len(places))]
        _change(holder, key, places, chance)
        return json.dumps(document).encode()
    except (ValueError, RecursionError):
        return data


def of_tar(data: bytes, chance: Random) -> bytes:
    """
    One field of one header changed, and its checksum put right; sometimes a block moved or dropped.
    """
    blocks = [data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK)]
    if not blocks:
        return data
    at = chance.randrange(len(blocks))
    if chance.random() < 0.2:
        blocks.insert(chance.randrange(len(blocks)), blocks.pop(at))
        return b"".join(blocks)
    start, end = chance.choice(_FIELDS)
    block = bytearray(blocks[at].ljust(_BLOCK, b"\0"))
    value = chance.choice((*_OCTALS, of_bytes(bytes(block[start:end]), chance)))
    block[start:end] = value[: end - start].ljust(end - start, b"\0")
    if block[257:262] == b"ustar":
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    blocks[at] = bytes(block)
    return b"".join(blocks)


def _places(document: Any) -> list[tuple[Any, Any]]:
    """
    Every value below the top, as what holds it and its key there.
    """
    todo: list[Any] = [document]
    found: list[tuple[Any, Any]] = []
    while todo and len(found) < _MOST:
        holder = todo.pop()
        keys: Any = ()
        if isinstance(holder, dict):
            keys = [*holder]
        elif isinstance(holder, list):
            keys = range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                todo.append(holder[key])
    return found


def _change(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], chance: Random) -> None:
    kind = chance.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[_odd_key(chance)] = holder.pop(key)
    elif kind == 2:
        other, its_key = places[chance.randrange(len(places))]
        value = json.dumps(other[its_key])
        holder[key] = json.loads(value)  # a copy, or the document could come to hold itself
    elif kind == 3:
        holder[key] = {key: holder[key]} if isinstance(key, str) else [holder[key]]
    elif kind == 4 and isinstance(holder[key], str):
        holder[key] = of_bytes(holder[key].encode("utf-8", "surrogatepass"), chance).decode(
            "utf-8", "replace"
        )
    else:
        holder[key] = json.loads(json.dumps(chance.choice(_VALUES)))


def _odd_key(chance: Random) -> str:
    names = [value for value in _VALUES if isinstance(value, str)]
    return chance.choice(
        [*names, "path", "sha256", "size", "ftype", "items", "versions", "_aliases", "index"]
    )


def _flip(found: bytearray, at: int, _end: int, chance: Random, _words: Sequence[bytes]) -> None:
    if at < len(found):
        found[at] ^= 1 << chance.randrange(8)


def _noise(found: bytearray, at: int, end: int, chance: Random, _words: Sequence[bytes]) -> None:
    found[at:end] = chance.randbytes(end - at)


def _drop(found: bytearray, at: int, end: int, _chance: Random, _words: Sequence[bytes]) -> None:
    del found[at:end]


def _cut(found: bytearray, at: int, _end: int, _chance: Random, _words: Sequence[bytes]) -> None:
    del found[at:]


def _double(found: bytearray, at: int, end: int, _chance: Random, _words: Sequence[bytes]) -> None:
    found[at:at] = found[at:end]


def _word(found: bytearray, at: int, end: int, chance: Random, words: Sequence[bytes]) -> None:
    word = chance.choice([*words, *_NUMBERS, *_SIGNS])
    found[at : end if chance.random() < 0.5 else at] = word


_CHANGES: tuple[Callable[[bytearray, int, int, Random, Sequence[bytes]], None], ...] = (
    _flip,
    _noise,
    _drop,
    _cut,
    _double,
    _word,
    _word,
)
