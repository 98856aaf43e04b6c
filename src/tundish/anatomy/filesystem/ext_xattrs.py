"""
Extended attributes of ext: in the inode behind its fields, in a block of their own, or in an inode each.

Access control lists are stored in a short form; they come out as the system call gives them, which is how
every other container carries them.
"""

import struct
from collections.abc import Iterator

from tundish.anatomy.filesystem.ext_inodes import Inode, Inodes
from tundish.core.errors import BadImage

MAX_VALUE = 64 * 1024  # as the kernel has it
_MAGIC = 0xEA02_0000
_HEADER = 32  # bytes of a block before its first attribute
_PREFIXES = {
    1: "user.",
    2: "system.posix_acl_access",
    3: "system.posix_acl_default",
    4: "trusted.",
    6: "security.",
    7: "system.",
    8: "system.richacl",
}
_INLINE_DATA = "system.data"
_NAMED_USER, _NAMED_GROUP = 2, 8  # tags of a list's entries that carry an id


def attributes(inodes: Inodes, inode: Inode) -> tuple[tuple[str, bytes], ...]:
    """
    Names and values, sorted; without the one that holds the content of a small file.

    Raises:
        BadImage: they are damaged.
    """
    found = dict(_all(inodes, inode))
    found.pop(_INLINE_DATA, None)
    return tuple(sorted(found.items()))


def inline_rest(inodes: Inodes, inode: Inode) -> bytes:
    """
    What of a small file's content did not fit beside its map.
    """
    return dict(_all(inodes, inode)).get(_INLINE_DATA, b"")


def _all(inodes: Inodes, inode: Inode) -> Iterator[tuple[str, bytes]]:
    at = 128 + inode.extra
    if inode.extra >= 4 and int.from_bytes(inode.raw[at : at + 4], "little") == _MAGIC:
        yield from _in(inodes, inode, inode.raw[at + 4 :], 0)
    if inode.attributes:
        raw = inodes.block(inode.attributes, f"attributes of inode {inode.number}")
        if int.from_bytes(raw[:4], "little") != _MAGIC:
            raise BadImage(f"{inodes.name}: the block of attributes of inode {inode.number} is none")
        yield from _in(inodes, inode, raw, _HEADER)


def _in(inodes: Inodes, inode: Inode, raw: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    while at + 16 <= len(raw):
        length, kind, offset, elsewhere, size, _ = struct.unpack_from("<BBHIII", raw, at)
        if not (length or kind or offset):
            return
        name = _PREFIXES.get(kind, f"unknown{kind}.") + raw[at + 16 : at + 16 + length].decode(
            "utf-8", "replace"
        )
        if size > MAX_VALUE or (not elsewhere and offset + size > len(raw)):
            raise BadImage(
                f"{inodes.name}: the attribute {name[:80]} of inode {inode.number} leads out of its place"
            )
        value = _elsewhere(inodes, elsewhere, size) if elsewhere else raw[offset : offset + size]
        yield name, _acl(value) if kind in {2, 3} else value
        at += 16 + (length + 3 & ~3)


def _elsewhere(inodes: Inodes, number: int, size: int) -> bytes:
    holder = inodes.get(number)
    pieces: list[bytes] = []
    for _, count, start in inodes.runs(holder):
        for block in range(count):
            if len(pieces) * inodes.layout.block >= size:
                break
            empty = bytes(inodes.layout.block)
            pieces.append(empty if start is None else inodes.block(start + block, f"inode {number}"))
    return b"".join(pieces)[:size]


def _acl(short: bytes) -> bytes:
    """
    A list as the system call gives it (version 2, an id in every entry), from the stored form (version 1).
    """
    entries, at = [], 4
    while at + 4 <= len(short):
        tag, rights = struct.unpack_from("<HH", short, at)
        at += 4
        who = 0xFFFF_FFFF
        if tag in {_NAMED_USER, _NAMED_GROUP}:
            who = int.from_bytes(short[at : at + 4], "little")
            at += 4
        entries.append(struct.pack("<HHI", tag, rights, who))
    return struct.pack("<I", 2) + b"".join(entries)
