"""
Extended attributes of XFS: in the inode, in a block, or in a tree of blocks with long values elsewhere.

Access control lists are stored as attributes of their own form; they come out as the system call gives
them, which is how every other container carries them.
"""

import struct
from collections.abc import Iterator

from tundish.anatomy.filesystem.xfs_inodes import LOCAL, Fork, Inode, Volume
from tundish.core.errors import BadImage

MAX_VALUE = 64 * 1024  # as the kernel has it
_PREFIXES = {0: "user.", 2: "trusted.", 4: "security."}
_SPACE, _IN_PLACE, _PARENT, _UNFINISHED = 0x0E, 0x01, 0x08, 0x80
_ACLS = {
    "trusted.SGI_ACL_FILE": "system.posix_acl_access",
    "trusted.SGI_ACL_DEFAULT": "system.posix_acl_default",
}
_NAMED_USER, _NAMED_GROUP = 2, 8  # tags of a list's entries that carry an id
_LEAF, _NODE = {4: 0xFBEE, 5: 0x3BEE}, {4: 0xFEBE, 5: 0x3EBE}
_LEAF_HEAD, _NODE_HEAD = {4: 32, 5: 80}, {4: 16, 5: 64}
_COUNT_AT = {4: 12, 5: 56}
_VALUE_HEAD = 56  # in every block of a value, version 5
_MAX_TREE = 16 * 1024 * 1024  # bytes of one file's attributes


def attributes(volume: Volume, inode: Inode) -> tuple[tuple[str, bytes], ...]:
    """
    Names and values, sorted.

    Raises:
        BadImage: they are damaged.
    """
    fork = inode.attributes
    if fork is None:
        return ()
    subject = f"the attributes of inode {inode.number}"
    found = _short(volume, fork.raw, subject) if fork.form == LOCAL else _Tree(volume, fork, subject).all()
    return tuple(sorted(_shown(flags, name, value) for flags, name, value in found if not flags & _PARENT))


def _shown(flags: int, raw: bytes, value: bytes) -> tuple[str, bytes]:
    name = _PREFIXES.get(flags & _SPACE, "unknown.") + raw.decode("utf-8", "replace")
    return (_ACLS[name], _acl(value)) if name in _ACLS else (name, value)


def _short(volume: Volume, raw: bytes, subject: str) -> Iterator[tuple[int, bytes, bytes]]:
    if len(raw) < 4:
        raise BadImage(f"{volume.name}: {subject} are cut short")
    total, count = struct.unpack_from(">HB", raw)
    at, total = 4, min(total, len(raw))
    for _ in range(count):
        if at + 3 > total or at + 3 + raw[at] + raw[at + 1] > total:
            raise BadImage(f"{volume.name}: {subject} are cut short")
        middle = at + 3 + raw[at]
        end = middle + raw[at + 1]
        yield raw[at + 2], raw[at + 3 : middle], raw[middle:end]
        at = end


class _Tree:
    """
    Attributes in blocks of their own.
    """

    def __init__(self, volume: Volume, fork: Fork, subject: str) -> None:
        self._volume, self._subject = volume, subject
        unit = volume.layout.block
        self._blocks = dict(volume.mapped(fork, unit, _MAX_TREE // unit, subject)) if fork.extents else {}

    def all(self) -> Iterator[tuple[int, bytes, bytes]]:
        version = self._volume.layout.version
        todo, seen = [0] if self._blocks else [], {0}
        while todo:
            block = self._block(todo.pop())
            magic = int.from_bytes(block[8:10], "big")
            (count,) = struct.unpack_from(">H", block, _COUNT_AT[version])
            if magic == _LEAF[version]:
                yield from self._in_leaf(block, count, _LEAF_HEAD[version])
            elif magic == _NODE[version] and _NODE_HEAD[version] + count * 8 <= len(block):
                below = struct.unpack_from(f">{count * 2}I", block, _NODE_HEAD[version])[1::2]
                todo.extend(one for one in reversed(below) if one not in seen)
                seen.update(below)
            else:
                raise self._damaged()

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            raise self._damaged()
        return block

    def _in_leaf(self, block: bytes, count: int, head: int) -> Iterator[tuple[int, bytes, bytes]]:
        if head + count * 8 > len(block):
            raise self._damaged()
        for _, at, flags, _ in struct.iter_unpack(">IHBB", block[head : head + count * 8]):
            if flags & _UNFINISHED:
                continue
            if at + (3 if flags & _IN_PLACE else 9) > len(block):
                raise self._damaged()
            if flags & _IN_PLACE:
                size, length = struct.unpack_from(">HB", block, at)
                if at + 3 + length + size > len(block):
                    raise self._damaged()
                name = block[at + 3 : at + 3 + length]
                yield flags, name, block[at + 3 + length : at + 3 + length + size]
            else:
                number, size, length = struct.unpack_from(">IIB", block, at)
                yield flags, block[at + 9 : at + 9 + length], self._elsewhere(number, size)

    def _elsewhere(self, number: int, size: int) -> bytes:
        head = _VALUE_HEAD if self._volume.layout.checked else 0
        if size > MAX_VALUE:
            raise self._damaged()
        value = b""
        while len(value) < size:
            block = self._block(number)
            if head and block[:4] != b"XARM":
                raise self._damaged()
            value += block[head:]
            number += 1
        return value[:size]

    def _damaged(self) -> BadImage:
        return BadImage(f"{self._volume.name}: {self._subject} are damaged")


def _acl(stored: bytes) -> bytes:
    """
    A list as the system call gives it (version 2), from the stored form: a count, then 12 bytes an entry.
    """
    made = [struct.pack("<I", 2)]
    for tag, who, rights in struct.iter_unpack(">IIHxx", stored[4 : 4 + (len(stored) - 4) // 12 * 12]):
        named = who if tag in {_NAMED_USER, _NAMED_GROUP} else 0xFFFF_FFFF
        made.append(struct.pack("<HHI", tag & 0xFFFF, rights, named))
    return b"".join(made)
