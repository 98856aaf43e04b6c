"""
A hive of the Windows registry, read for the few values that tell how an image was prepared.

Keys and values are looked up whatever the case of their letters, as Windows does. Every cell is held
against the hive; lists of keys are followed one level deep, as the format has them, within a bound.
"""

import struct
from collections.abc import Iterator
from itertools import islice

from tundish.core.errors import BadImage

MAX_HIVE = 256 * 1024 * 1024
_CELLS = 4096  # where the cells begin
_MAX_KEYS = 100_000  # below one key
_MAX_VALUES = 10_000  # of one key
_MAX_TEXT = 64 * 1024
_INLINE = 0x8000_0000  # the data stands in the value itself
_ASCII_KEY, _ASCII_VALUE = 0x20, 1
_TEXT, _EXPANDED, _NUMBER = 1, 2, 4


class Hive:
    """
    A hive in memory.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """
        Raises:
            BadImage: it is no hive.
        """
        if data[:4] != b"regf" or len(data) < _CELLS:
            raise BadImage(f"{name}: no hive of a registry")
        self._data, self._name = data, name
        self._root = int.from_bytes(data[36:40], "little")

    def text(self, key: str, value: str) -> str:
        """
        A text or number of a key, segments parted by backslashes; empty if there is none.

        Raises:
            BadImage: the hive is damaged on the way.
        """
        at = self._root
        for segment in key.split("\\"):
            wanted = segment.casefold()
            found = next((one for one in self._below(at) if self._key_name(one).casefold() == wanted), None)
            if found is None:
                return ""
            at = found
        return self._value(at, value.casefold())

    def _cell(self, offset: int) -> bytes:
        """
        The bytes of a cell in use, from its mark on.
        """
        at = _CELLS + offset
        size = -int.from_bytes(self._data[at : at + 4], "little", signed=True)
        if size < 8 or at + size > len(self._data):
            raise BadImage(f"{self._name}: the cell at {offset} is none, or leads beyond the end")
        return self._data[at + 4 : at + size]

    def _key(self, offset: int) -> bytes:
        cell = self._cell(offset)
        if cell[:2] != b"nk" or len(cell) < 76:
            raise BadImage(f"{self._name}: the cell at {offset} is no key")
        return cell

    def _key_name(self, offset: int) -> str:
        cell = self._key(offset)
        length = int.from_bytes(cell[72:74], "little")
        is_ascii = bool(int.from_bytes(cell[2:4], "little") & _ASCII_KEY)
        return cell[76 : 76 + length].decode("latin-1" if is_ascii else "utf-16-le", "replace")

    def _below(self, offset: int) -> Iterator[int]:
        cell = self._key(offset)
        count, _, lists = struct.unpack_from("<III", cell, 20)
        if count > _MAX_KEYS:
            raise BadImage(f"{self._name}: {count} keys below one")
        if count:
            yield from islice(self._listed(lists, nested=True), count)

    def _listed(self, offset: int, *, nested: bool) -> Iterator[int]:
        cell = self._cell(offset)
        mark, count = cell[:2], int.from_bytes(cell[2:4], "little")
        step = {b"lf": 8, b"lh": 8, b"li": 4, b"ri": 4}.get(mark, 0)
        if not step or 4 + count * step > len(cell) or (mark == b"ri" and not nested):
            raise BadImage(f"{self._name}: the cell at {offset} is no list of keys")
        for number in range(count):
            at = 4 + number * step
            one = int.from_bytes(cell[at : at + 4], "little")
            if mark == b"ri":
                yield from self._listed(one, nested=False)
            else:
                yield one

    def _value(self, key: int, wanted: str) -> str:
        count, lists = struct.unpack_from("<II", self._key(key), 36)
        if not count:
            return ""
        cell = self._cell(lists)
        if count > _MAX_VALUES or count * 4 > len(cell):
            raise BadImage(f"{self._name}: a key with {count} values")
        for (offset,) in struct.iter_unpack("<I", cell[: count * 4]):
            value = self._cell(offset)
            if value[:2] != b"vk" or len(value) < 20:
                raise BadImage(f"{self._name}: the cell at {offset} is no value")
            length, size, place, kind, flags = struct.unpack_from("<HIIIH", value, 2)
            name = value[20 : 20 + length].decode(
                "latin-1" if flags & _ASCII_VALUE else "utf-16-le", "replace"
            )
            if name.casefold() == wanted:
                return self._told(kind, size, place)
        return ""

    def _told(self, kind: int, size: int, place: int) -> str:
        if size & _INLINE:
            data = place.to_bytes(4, "little")[: size & 7]
        else:
            data = self._cell(place)[: min(size, _MAX_TEXT)]
        if kind in {_TEXT, _EXPANDED}:
            return data.decode("utf-16-le", "replace").partition("\0")[0]
        return str(int.from_bytes(data[:4], "little")) if kind == _NUMBER else ""
