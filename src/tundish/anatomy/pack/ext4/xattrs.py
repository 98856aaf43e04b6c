"""
Extended attributes of a new inode: behind its fields where they fit, else all in one block of their own.

Access control lists go into their short form; the reader brings them back.
"""

import struct
from collections.abc import Sequence

from tundish.anatomy.pack.ext4.shape import BLOCK
from tundish.core.errors import BadImage

MAGIC = 0xEA02_0000
ROOM = 92  # bytes in an inode of 256, behind fields and magic
_HEADER = 32
_ACLS = {"system.posix_acl_access": 2, "system.posix_acl_default": 3}
_PREFIXES = (("user.", 1), ("trusted.", 4), ("security.", 6), ("system.", 7))
_NAMED = {2, 8}  # tags of a list's entries that carry an id
_32 = 0xFFFF_FFFF

Pair = tuple[int, bytes, bytes]  # the number of the prefix, the rest of the name, the value


def stored(path: str, xattrs: Sequence[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """
    What goes into the inode, and what into a block; empty where nothing does.

    Raises:
        BadImage: an attribute that ext4 cannot hold, or all of them are too long.
    """
    pairs = sorted((_pair(path, *one) for one in xattrs), key=lambda one: (one[0], len(one[1]), one[1]))
    if not pairs:
        return b"", b""
    if _length(pairs) <= ROOM:
        return struct.pack("<I", MAGIC) + _table(pairs, 0, ROOM, hashes=False), b""
    if _length(pairs) > BLOCK - _HEADER:
        # Linux could keep them in inodes of their own (ea_inode); GRUB refuses to read such a filesystem.
        raise BadImage(
            f"the extended attributes of {path} take {_length(pairs)} bytes, and an ext4 that GRUB can read "
            f"has {BLOCK - _HEADER} for each path; take some away (setfattr -x), or pack the root as tgz"
        )
    head = struct.pack("<IIIII12x", MAGIC, 1, 1, _joint_hash(pairs), 0)
    return b"", head + _table(pairs, _HEADER, BLOCK - _HEADER, hashes=True)


def _pair(path: str, name: str, value: bytes) -> Pair:
    if name in _ACLS:
        return _ACLS[name], b"", _short(path, value)
    for prefix, number in _PREFIXES:
        if name.startswith(prefix) and len(rest := name[len(prefix) :].encode()) < 256:
            return number, rest, value
    raise BadImage(f"ext4 cannot hold the attribute {name[:80]} of {path}; remove it first")


def _length(pairs: Sequence[Pair]) -> int:
    return 4 + sum(16 + _padded(len(name)) + _padded(len(value)) for _, name, value in pairs)


def _padded(length: int) -> int:
    return length + 3 & ~3


def _table(pairs: Sequence[Pair], before: int, room: int, *, hashes: bool) -> bytes:
    """
    Entries from the beginning, values from the end, zeros between.
    """
    entries, values = b"", b""
    for number, name, value in pairs:
        values = value.ljust(_padded(len(value)), b"\0") + values
        place = before + room - len(values) if value else 0
        check = _hash(name, value) if hashes else 0
        entries += struct.pack("<BBHIII", len(name), number, place, 0, len(value), check)
        entries += name.ljust(_padded(len(name)), b"\0")
    return entries + bytes(room - len(entries) - len(values)) + values


def _hash(name: bytes, value: bytes) -> int:
    made = 0
    for byte in name:
        made = (made << 5 ^ made >> 27 ^ byte) & _32
    for (word,) in struct.iter_unpack("<I", value.ljust(_padded(len(value)), b"\0")):
        made = (made << 16 ^ made >> 16 ^ word) & _32
    return made


def _joint_hash(pairs: Sequence[Pair]) -> int:
    made = 0
    for _, name, value in pairs:
        one = _hash(name, value)
        if not one:
            return 0
        made = (made << 16 ^ made >> 16 ^ one) & _32
    return made


def _short(path: str, value: bytes) -> bytes:
    if len(value) % 8 != 4 or value[:4] != b"\2\0\0\0":
        raise BadImage(f"the access control list of {path} is damaged")
    made = struct.pack("<I", 1)
    for tag, rights, who in struct.iter_unpack("<HHI", value[4:]):
        made += struct.pack("<HH", tag, rights) + (struct.pack("<I", who) if tag in _NAMED else b"")
    return made
