"""
Names in a FAT: a short one for each, in capitals, and rows of sixteen-bit characters where that is not it.
"""

import re
import struct
from collections.abc import Iterable

from tundish.core.errors import BadImage

Names = dict[str, tuple[bytes, list[bytes]]]  # a name: its short one, and the rows before it
_PLAIN = re.compile(r"[A-Z0-9!#$%&'()@^_`{}~-]{1,8}(\.[A-Z0-9!#$%&'()@^_`{}~-]{1,3})?")
_ODD = re.compile(r"[^A-Z0-9!#$%&'()@^_`{}~-]")
_REFUSED = re.compile(r'[\x00-\x1f"*/:<>?\\|]|[. ]$')
_IN_ROW, _LAST_ROW, _LONG = 13, 0x40, 0x0F
_MAX_NAME = 255


def named(folder: str, names: Iterable[str]) -> Names:
    """
    The names of one folder as they are stored.

    Raises:
        BadImage: one that FAT cannot hold, or two that differ in case only.
    """
    made: Names = {}
    seen: dict[str, str] = {}
    taken: set[str] = set()
    ordered = sorted(names, key=lambda name: (_PLAIN.fullmatch(name.upper()) is None, name))
    for name in ordered:
        if _REFUSED.search(name) or not name.isprintable() or len(name.encode("utf-16-le")) > 2 * _MAX_NAME:
            raise BadImage(f"boot/efi/{folder}: an ESP cannot hold the name {name[:80]!r}")
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise BadImage(f"boot/efi/{folder}: {other} and {name} are one name in an ESP; remove one")
        short = _short(name, taken)
        taken.add(short)
        base, _, kind = short.partition(".")
        stored = base.ljust(8).encode() + kind.ljust(3).encode()
        made[name] = stored, [] if short == name else _rows(name, stored)
    return made


def _short(name: str, taken: set[str]) -> str:
    upper = name.upper()
    if _PLAIN.fullmatch(upper) and upper not in taken:
        return upper
    base, _, kind = upper.rpartition(".") if "." in upper.strip(".") else (upper, "", "")
    base, kind = _ODD.sub("", base), _ODD.sub("", kind)[:3]
    number = 1
    while True:
        tail = f"~{number}"
        short = base[: 8 - len(tail)] + tail + (f".{kind}" if kind else "")
        if short not in taken:
            return short
        number += 1


def _rows(name: str, short: bytes) -> list[bytes]:
    check = 0
    for byte in short:
        check = ((check >> 1 | check << 7) + byte) & 0xFF
    data = name.encode("utf-16-le")
    if len(data) % (2 * _IN_ROW):
        data = (data + b"\0\0").ljust(-(-len(data) // (2 * _IN_ROW)) * 2 * _IN_ROW, b"\xff")
    rows = []
    count = len(data) // (2 * _IN_ROW)
    for number in range(count, 0, -1):
        part = data[(number - 1) * 2 * _IN_ROW : number * 2 * _IN_ROW]
        order = number | (_LAST_ROW if number == count else 0)
        row = struct.pack("<B10sBBB12sH4s", order, part[:10], _LONG, 0, check, part[10:22], 0, part[22:])
        rows.append(row)
    return rows
