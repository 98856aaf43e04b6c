"""
One table of an SQLite file in memory, read only: pages, b-tree, overflow, and what its write-ahead log adds.

Follows the file format as sqlite.org describes it. No SQL, no index, no file is opened; every page is read
at most once, so a circle or a shared page is damage.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from tundish.core.errors import BadImage

MAX_ROWS = 200_000
MAX_COLUMNS = 64
MAGIC = b"SQLite format 3\0"
_WAL_MAGIC = {0x377F0682, 0x377F0683}
_WAL_HEADER, _FRAME = Struct(">IIIIIIII"), Struct(">IIIIII")
_LEAF, _INTERIOR = 0x0D, 0x05
_WIDTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}  # bytes by serial type

Value = int | bytes | None


@dataclass(slots=True)
class Pages:
    """
    The pages of a file, those of its log in their place. `taken` are the pages that were read.
    """

    data: bytes
    size: int
    usable: int
    newer: dict[int, bytes]
    taken: set[int] = field(default_factory=set)
    left: int = 0  # bytes that rows may still have

    def page(self, number: int) -> bytes:
        if number in self.taken:
            raise BadImage(f"page {number} of an SQLite file is used twice")
        self.taken.add(number)
        page = self.newer.get(number) or self.data[(number - 1) * self.size : number * self.size]
        if number < 1 or len(page) != self.size:
            raise BadImage(f"page {number} of an SQLite file is beyond its end")
        return page


def rows(data: bytes, table: str, log: bytes = b"") -> Iterator[tuple[Value, ...]]:
    """
    The rows of a table, each a tuple of its columns; text is bytes, an integer key is None.

    Raises:
        BadImage: it is no such file, has no such table, or is damaged.
    """
    pages = _opened(data, log)
    root = next((row[3] for row in _walk(pages, 1) if row[:2] == (b"table", table.encode())), None)
    if not isinstance(root, int):
        raise BadImage(f"an SQLite file has no table {table}")
    yield from _walk(pages, root)


def _opened(data: bytes, log: bytes) -> Pages:
    if len(data) < 100 or not data.startswith(MAGIC):
        raise BadImage("not an SQLite file: its first bytes are others")
    size = int.from_bytes(data[16:18], "big")
    size = 65_536 if size == 1 else size
    if size < 512 or size & (size - 1) or size - data[20] < 480:
        raise BadImage(f"an SQLite file has pages of {size} bytes, {data[20]} of them kept back")
    return Pages(data, size, size - data[20], _newer(log, size), left=len(data) + len(log))


def _newer(log: bytes, size: int) -> dict[int, bytes]:
    """
    The pages of a log up to its last commit; a log of another file or another round adds nothing.
    """
    if len(log) < _WAL_HEADER.size:
        return {}
    magic, _, page_size, _, *salts = _WAL_HEADER.unpack_from(log)[:6]
    if magic not in _WAL_MAGIC or page_size != size:
        return {}
    done: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    for at in range(_WAL_HEADER.size, len(log) - size - _FRAME.size + 1, size + _FRAME.size):
        number, commit, *found = _FRAME.unpack_from(log, at)[:4]
        if found != salts:
            break
        pending[number] = log[at + _FRAME.size : at + _FRAME.size + size]
        if commit:
            done |= pending
            pending = {}
    return done


def _walk(pages: Pages, root: int) -> Iterator[tuple[Value, ...]]:
    todo, count = [root], 0
    while todo:
        number = todo.pop()
        page = pages.page(number)
        start = 100 if number == 1 else 0
        kind, cells = page[start], int.from_bytes(page[start + 3 : start + 5], "big")
        if kind not in {_LEAF, _INTERIOR}:
            raise BadImage(f"page {number} of an SQLite file is no page of a table")
        first = start + (12 if kind == _INTERIOR else 8)
        if first + 2 * cells > len(page):
            raise BadImage(f"page {number} of an SQLite file counts {cells} cells, more than fit")
        places = [int.from_bytes(page[at : at + 2], "big") for at in range(first, first + 2 * cells, 2)]
        if kind == _INTERIOR:
            children = [int.from_bytes(page[at : at + 4], "big") for at in (*places, start + 8)]
            todo.extend(reversed(children))
            continue
        count += cells
        if count > MAX_ROWS:
            raise BadImage(f"a table of an SQLite file has more than {MAX_ROWS} rows")
        for at in places:
            yield _record(_payload(pages, page, at))


def _payload(pages: Pages, page: bytes, at: int) -> bytes:
    length, at = _varint(page, at)
    _, at = _varint(page, at)
    pages.left -= length
    if pages.left < 0:
        raise BadImage(f"a row of an SQLite file claims {length} bytes, more than there are")
    local = _local(length, pages.usable)
    piece = page[at : at + local]
    if len(piece) != local:
        raise BadImage("a row of an SQLite file leads beyond its page")
    if local == length:
        return piece
    pieces, missing = [piece], length - local
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while missing > 0:
        more = pages.page(following)
        pieces.append(more[4 : min(pages.usable, 4 + missing)])
        missing -= len(pieces[-1])
        following = int.from_bytes(more[:4], "big")
    return b"".join(pieces)


def _local(length: int, usable: int) -> int:
    """
    How many bytes of a row stand on the page of its table.
    """
    most = usable - 35
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    return local if local <= most else least


def _record(payload: bytes) -> tuple[Value, ...]:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise BadImage("the head of a row of an SQLite file leads beyond the row")
    place, values = end, list[Value]()
    while at < end and len(values) < MAX_COLUMNS:
        kind, at = _varint(payload, at)
        width = _WIDTHS.get(kind, max(0, kind - 12) // 2)
        raw = payload[place : place + width]
        if len(raw) != width:
            raise BadImage("a column of an SQLite file leads beyond its row")
        place += width
        values.append(_value(kind, raw))
    return tuple(values)


def _value(kind: int, raw: bytes) -> Value:
    if kind == 0:
        return None
    if kind in {8, 9}:
        return kind - 8
    return raw if kind >= 12 else int.from_bytes(raw, "big", signed=True)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(at, at + 9):
        if place >= len(data):
            raise BadImage("a number in an SQLite file leads beyond its page")
        byte = data[place]
        if place == at + 8:
            return value << 8 | byte, place + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    raise AssertionError  # the ninth byte always ends it
