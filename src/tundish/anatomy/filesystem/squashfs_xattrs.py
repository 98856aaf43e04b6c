"""
Extended attributes of squashfs: one list for all files, each file with its row.
"""

import struct

from tundish.anatomy.filesystem.squashfs_blocks import METADATA, Blocks, Cursor
from tundish.anatomy.readable import exactly
from tundish.core.errors import BadImage

_ABSENT = 0xFFFF_FFFF_FFFF_FFFF
_PREFIXES = {0: "user.", 1: "trusted.", 2: "security."}
_ELSEWHERE = 0x100  # the value stands at another place, shared with others
_MAX_VALUE = 64 * 1024
_MAX_COUNT = 1024


class Xattrs:
    """
    Names and values by the number of their row.
    """

    def __init__(self, blocks: Blocks, table: int) -> None:
        self._blocks, self._table = blocks, table
        self._made: dict[int, tuple[tuple[str, bytes], ...]] = {}
        self._start = self._count = 0
        if table != _ABSENT:
            raw = exactly(blocks.readable, table, 16, f"{blocks.name}: the table of attributes")
            self._start, self._count = struct.unpack_from("<QI", raw)

    def of(self, number: int) -> tuple[tuple[str, bytes], ...]:
        """
        The attributes of a row, sorted.

        Raises:
            BadImage: there is no such row, or it is damaged.
        """
        if number not in self._made:
            self._made[number] = tuple(sorted(self._read(number)))
        return self._made[number]

    def _read(self, number: int) -> list[tuple[str, bytes]]:
        if number >= self._count:
            raise BadImage(f"{self._blocks.name}: there is no row {number} of attributes")
        block, skip = divmod(number * 16, METADATA)
        place = exactly(
            self._blocks.readable, self._table + 16 + block * 8, 8, f"{self._blocks.name}: attributes"
        )
        rows = self._blocks.metadata(int.from_bytes(place, "little"))[0]
        if skip + 16 > len(rows):
            raise BadImage(f"{self._blocks.name}: the table of attributes ends before row {number}")
        ref, count, _ = struct.unpack_from("<QII", rows, skip)
        if count > _MAX_COUNT:
            raise BadImage(f"{self._blocks.name}: {count} attributes of one file")
        cursor = self._cursor(ref)
        return [self._one(cursor) for _ in range(count)]

    def _one(self, cursor: Cursor) -> tuple[str, bytes]:
        kind, size = struct.unpack("<HH", cursor.take(4))
        name = _PREFIXES.get(kind & 0xFF, "unknown.") + cursor.take(size).decode("utf-8", "replace")
        value = self._value(cursor)
        if kind & _ELSEWHERE:
            if len(value) != 8:
                raise BadImage(f"{self._blocks.name}: the attribute {name[:80]} has no place for its value")
            value = self._value(self._cursor(int.from_bytes(value, "little")))
        return name, value

    def _value(self, cursor: Cursor) -> bytes:
        size = int.from_bytes(cursor.take(4), "little")
        if size > _MAX_VALUE:
            raise BadImage(f"{self._blocks.name}: the value of an attribute has {size} bytes")
        return cursor.take(size)

    def _cursor(self, ref: int) -> Cursor:
        return Cursor(self._blocks, self._start + (ref >> 16), ref & 0xFFFF)
