"""
One block of 512 bytes that begins a member of a tar: v7, ustar and GNU's own form.

Numbers are octal digits, or, with the first bit set, binary. Nothing negative but a time is taken.
"""

import struct
from dataclasses import dataclass

from tundish.core.errors import BadImage

BLOCK = 512
MAX_NUMBER = 2**63 - 1

_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
_SUM = slice(148, 156)


@dataclass(frozen=True, slots=True)
class Header:
    """
    The fields as they stand; `name` and `target` are bytes, since nothing says in which encoding.
    """

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    kind: bytes
    target: bytes
    device: tuple[int, int]
    gnu: bool
    block: bytes


def is_end(block: bytes) -> bool:
    return not block.strip(b"\0")


def parse(block: bytes, at: int) -> Header:
    """
    The header in a block.

    Raises:
        BadImage: it is none, or a number in it is; the message says at which place of the tar.
    """
    if not _sum_fits(block):
        raise BadImage(f"the tar has no header at {at}, where one should be")
    name, mode, uid, gid, size, mtime, _, kind, target, magic, _, _, _, major, minor, prefix = _FIELDS.unpack(
        block
    )
    try:
        name, prefix = name.partition(b"\0")[0], prefix.partition(b"\0")[0]
        is_gnu = magic == b"ustar "
        if prefix and magic.startswith(b"ustar") and not is_gnu:
            name = prefix + b"/" + name
        return Header(
            name,
            number(mode) & 0o7777,
            number(uid),
            number(gid),
            number(size),
            number(mtime, lowest=-MAX_NUMBER),
            kind,
            target.partition(b"\0")[0],
            (number(major), number(minor)) if kind in b"34" else (0, 0),
            is_gnu,
            block,
        )
    except ValueError as error:
        raise BadImage(f"the header of the tar at {at} holds {error}") from error


def number(field: bytes, lowest: int = 0) -> int:
    """
    Raises:
        ValueError: it is none, or not within its bounds.
    """
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=True) if field[0] & 0x40 else _positive(field)
    else:
        digits = field.partition(b"\0")[0].strip(b" ")
        if digits and not digits.isdigit():
            raise ValueError(f"{field!r} instead of a number")
        value = int(digits or b"0", 8)
    if not lowest <= value <= MAX_NUMBER:
        raise ValueError(f"the number {value}")
    return value


def _positive(field: bytes) -> int:
    return int.from_bytes(field, "big") & ~(0x80 << 8 * (len(field) - 1))


def _sum_fits(block: bytes) -> bool:
    if len(block) != BLOCK:
        return False
    try:
        stated = number(block[_SUM])
    except ValueError:
        return False
    fixed = sum(block) - sum(block[_SUM]) + 8 * 0x20
    if stated == fixed:
        return True
    return stated == fixed - 256 * sum(byte > 0x7F for byte in block[:148] + block[156:])  # signed, long ago
