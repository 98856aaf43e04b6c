"""
Folders of XFS: names and inode numbers, in the inode, in one block, or in many with an index behind them.

The index is not needed: the blocks with names are read one after the other.
"""

import struct
from collections.abc import Iterator

from tundish.anatomy.filesystem.walk import named
from tundish.anatomy.filesystem.xfs_inodes import LOCAL, Inode, Volume
from tundish.core.errors import BadImage

_INDEX_AT = 32 * 1024 * 1024 * 1024  # bytes of the folder; names come before
_UNUSED = 0xFFFF
_ALONE, _OF_MANY = {4: b"XD2B", 5: b"XDB3"}, {4: b"XD2D", 5: b"XDD3"}
_HEAD = {4: 16, 5: 64}
_LONGEST = 255  # bytes of a name
_SELF = (b".", b"..")


def rows(volume: Volume, folder: Inode) -> Iterator[tuple[str, int]]:
    """
    What is in a folder, without `.` and `..`.

    Raises:
        BadImage: it is damaged.
    """
    subject = f"the folder of inode {folder.number}"
    if folder.content.form == LOCAL:
        yield from _short(volume, folder.content.raw[: folder.size], subject)
        return
    layout = volume.layout
    limit = _INDEX_AT // layout.block
    for _, block in volume.mapped(folder.content, layout.folder_block, limit, subject):
        yield from _in_block(volume, block, subject)


def _short(volume: Volume, raw: bytes, subject: str) -> Iterator[tuple[str, int]]:
    """
    A count, a count of those with long numbers, the parent; then length, place, name, kind, number of each.
    """
    if len(raw) < 6:
        raise BadImage(f"{volume.name}: {subject} is cut short")
    width = 8 if raw[1] else 4
    after = 1 if volume.layout.with_kind else 0
    at = 2 + width
    for _ in range(raw[0]):
        end = at + 3 + (raw[at] if at < len(raw) else len(raw))
        if end + after + width > len(raw):
            raise BadImage(f"{volume.name}: {subject} is cut short")
        number = int.from_bytes(raw[end + after : end + after + width], "big")
        yield named(raw[at + 3 : end], f"{volume.name}: {subject}"), number
        at = end + after + width


def _in_block(volume: Volume, block: bytes, subject: str) -> Iterator[tuple[str, int]]:
    version = volume.layout.version
    end = len(block)
    if block[:4] == _ALONE[version]:
        (count,) = struct.unpack_from(">I", block, end - 8)
        end -= 8 + count * 8
    elif block[:4] != _OF_MANY[version]:
        raise BadImage(f"{volume.name}: a block of {subject} is damaged")
    at, fixed = _HEAD[version], 11 + (1 if volume.layout.with_kind else 0)
    where = f"{volume.name}: {subject}"
    while at + 8 <= end:
        number = int.from_bytes(block[at : at + 8], "big")
        if number >> 48 == _UNUSED:
            length = number >> 32 & 0xFFFF
        else:
            size = block[at + 8] if at + 9 <= end else _LONGEST
            length = fixed + size + 7 & ~7
            name = block[at + 9 : at + 9 + size]
            if at + length <= end and name not in _SELF:
                yield named(name, where), number
        if length < 8 or length % 8 or at + length > end:
            raise BadImage(f"{volume.name}: a block of {subject} is damaged")
        at += length
