"""
The values of a Berkeley DB hash file, `Packages` of older rpm: pages of keys and values, long ones in chains.

Numbers are in the order of the machine that wrote them; the magic tells which. A page of a chain belongs to
one value only, so a circle or a shared page is damage.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from tundish.core.errors import BadImage

MAX_VALUES = 200_000
_HASH_MAGIC = 0x061561
_HASH_PAGES = {2, 13}  # unsorted and sorted
_OVERFLOW = 7
_INLINE, _OFF_PAGE = 1, 3
_PAGE_HEAD = 26


@dataclass(slots=True)
class File:
    data: bytes
    order: str  # "<" or ">", as struct has it
    page: int
    head: Struct
    chained: set[int] = field(default_factory=set)


def values(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """
    The keys and values that the file holds.

    Raises:
        BadImage: it is no such file, or is damaged.
    """
    file = _opened(data)
    count = taken = 0
    for at in range(file.page, len(data) - file.page + 1, file.page):
        entries, kind = file.head.unpack_from(data, at)[4], file.head.unpack_from(data, at)[7]
        if kind not in _HASH_PAGES:
            continue
        places = _places(file, at, entries)
        count += len(places) // 2
        if count > MAX_VALUES:
            raise BadImage(f"a Berkeley DB file holds more than {MAX_VALUES} values")
        ends = [file.page, *places]  # items are laid down from the end of the page
        for number in range(0, len(places) - 1, 2):
            key = data[at + places[number] : at + ends[number]]
            if not key or key[0] != _INLINE:
                raise BadImage(f"a key on the page at {at} of a Berkeley DB file is of no known kind")
            value = _value(file, data[at + places[number + 1] : at + ends[number + 1]])
            taken += len(key) + len(value)
            if taken > len(data):
                raise BadImage("values of a Berkeley DB file lie over each other")
            yield key[1:], value


def _opened(data: bytes) -> File:
    magic = data[12:16] if len(data) >= 512 else b""
    order = {_HASH_MAGIC.to_bytes(4, "little"): "<", _HASH_MAGIC.to_bytes(4, "big"): ">"}.get(magic)
    if not order:
        raise BadImage("not a Berkeley DB hash file: its first bytes are others")
    page = int(Struct(order + "I").unpack_from(data, 20)[0])
    if not 512 <= page <= 65_536 or page & (page - 1):
        raise BadImage(f"a Berkeley DB file has pages of {page} bytes")
    return File(data, order, page, Struct(order + "QIIIHHBB"))


def _places(file: File, at: int, entries: int) -> tuple[int, ...]:
    end = _PAGE_HEAD + 2 * entries
    if end > file.page or entries % 2:
        raise BadImage(f"the page at {at} of a Berkeley DB file counts {entries} entries, which cannot be")
    places = Struct(f"{file.order}{entries}H").unpack_from(file.data, at + _PAGE_HEAD)
    if any(not end <= place < file.page for place in places):
        raise BadImage(f"an entry on the page at {at} of a Berkeley DB file leads out of the page")
    return places


def _value(file: File, item: bytes) -> bytes:
    if item[:1] == bytes([_INLINE]):
        return item[1:]
    if len(item) < 12 or item[0] != _OFF_PAGE:
        raise BadImage("a value of a Berkeley DB file is of no known kind")
    number, length = Struct(file.order + "II").unpack_from(item, 4)
    if length > len(file.data):
        raise BadImage(f"a value of a Berkeley DB file claims {length} bytes, more than there are")
    pieces, missing = list[bytes](), length
    while missing > 0:
        piece, number = _link(file, number)
        pieces.append(piece[:missing])
        missing -= len(piece)
    return b"".join(pieces)


def _link(file: File, number: int) -> tuple[bytes, int]:
    """
    What one page of a chain holds, and which page comes after it.
    """
    at = number * file.page
    if number in file.chained or not 0 < at <= len(file.data) - file.page:
        raise BadImage(f"page {number} of a Berkeley DB file is used twice, or beyond the end")
    file.chained.add(number)
    following, length, kind = (file.head.unpack_from(file.data, at)[field] for field in (3, 5, 7))
    if kind != _OVERFLOW or not 0 < length <= file.page - _PAGE_HEAD:
        raise BadImage(f"page {number} of a Berkeley DB file is no part of a long value")
    return file.data[at + _PAGE_HEAD : at + _PAGE_HEAD + length], following
