"""
Files with holes in a tar: the map of what is there, in each of the four ways that GNU tar has had.

A map is taken only if its parts follow each other, lie within the file, and add up to what is stored.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tundish.anatomy.readable import Readable
from tundish.anatomy.tar.feed import Feed
from tundish.anatomy.tar.header import BLOCK, Header, number
from tundish.anatomy.tar.pax import Records, whole
from tundish.core.errors import BadImage

MAX_PARTS = 250_000
ZEROS = bytes(1024 * 1024)

_OLD_PARTS, _OLD_MORE, _OLD_SIZE = 386, 482, slice(483, 495)
_MORE_PARTS, _MORE_MORE = 21, 504


@dataclass(frozen=True, slots=True)
class Map:
    """
    `parts` are offset and length in the file, one after the other in what is stored; `size` that of the file.
    """

    size: int
    parts: tuple[tuple[int, int], ...]

    @property
    def stored(self) -> int:
        return sum(length for _, length in self.parts)


def old(header: Header, feed: Feed) -> Map:
    """
    The map of a header of type S and of the blocks behind it.

    Raises:
        BadImage: it makes no sense.
    """
    try:
        numbers = _numbers(header.block, _OLD_PARTS, 4)
        more = header.block[_OLD_MORE]
        while more:
            block = feed.take(BLOCK)
            if len(block) < BLOCK:
                raise BadImage("the tar ends in the map of a file with holes")
            numbers += _numbers(block, 0, _MORE_PARTS)
            more = block[_MORE_MORE]
            if len(numbers) > 2 * MAX_PARTS:
                raise BadImage(f"a file in the tar has more than {MAX_PARTS} parts between holes")
        return _map(number(header.block[_OLD_SIZE]), numbers)
    except ValueError as error:
        raise BadImage(f"the map of a file with holes in the tar holds {error}") from error


def of_records(records: Records, listed: Sequence[tuple[str, bytes]], feed: Feed, size: int) -> Map | None:
    """
    The map that an extended header gives or announces; None if the file has no holes.

    Raises:
        BadImage: it makes no sense.
    """
    if records.get("GNU.sparse.major") == b"1":
        real = whole(records, "GNU.sparse.realsize", size)
        return _map(real, _before_the_data(feed, size))
    if "GNU.sparse.map" in records:
        numbers = _decimals(records["GNU.sparse.map"].split(b","))
    elif "GNU.sparse.offset" in records:
        keys = {"GNU.sparse.offset", "GNU.sparse.numbytes"}
        numbers = _decimals(value for key, value in listed if key in keys)
    else:
        return None
    return _map(whole(records, "GNU.sparse.size", size), numbers)


def filled(
    parts: Iterable[tuple[int, int]], size: int, data: Iterator[bytes | memoryview]
) -> Iterator[bytes | memoryview]:
    """
    The whole file, holes as zeros. `data` are the stored bytes, in pieces of any length.
    """
    at = 0
    piece = memoryview(b"")
    for offset, length in parts:
        yield from zeros(offset - at)
        left = length
        while left:
            if not piece and not (piece := memoryview(next(data, b""))):
                return
            yield piece[:left]
            taken = min(left, len(piece))
            piece, left = piece[taken:], left - taken
        at = offset + length
    yield from zeros(size - at)


def zeros(length: int) -> Iterator[memoryview]:
    view = memoryview(ZEROS)
    while length > 0:
        yield view[:length]
        length -= len(view[:length])


class Filled:
    """
    A file with holes as something readable: what is stored one after the other, put in its places.
    """

    def __init__(self, stored: Readable, parts: Sequence[tuple[int, int]], size: int) -> None:
        self.size = size
        self._stored, self._parts = stored, parts
        self._offsets = [offset for offset, _ in parts]
        self._places = [0]
        for _, length in parts:
            self._places.append(self._places[-1] + length)

    def read_at(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self.size or length <= 0:
            return b""
        data = bytearray(min(length, self.size - offset))
        number = max(0, bisect_right(self._offsets, offset) - 1)
        for (begin, count), place in zip(self._parts[number:], self._places[number:], strict=False):
            if begin >= offset + len(data):
                break
            first, last = max(offset, begin), min(offset + len(data), begin + count)
            if first < last:
                piece = self._stored.read_at(place + first - begin, last - first)
                data[first - offset : first - offset + len(piece)] = piece
        return bytes(data)


def _numbers(block: bytes, at: int, count: int) -> list[int]:
    found: list[int] = []
    for place in range(at, at + 24 * count, 24):
        if not block[place + 12]:
            break
        found += [number(block[place : place + 12]), number(block[place + 12 : place + 24])]
    return found


def _decimals(texts: Iterable[bytes]) -> list[int]:
    found: list[int] = []
    for text in texts:
        if not text.isdigit() or len(text) > 20:
            raise BadImage(f"the map of a file with holes in the tar holds {text[:40]!r}")
        found.append(int(text))
        if len(found) > 2 * MAX_PARTS:
            raise BadImage(f"a file in the tar has more than {MAX_PARTS} parts between holes")
    return found


def _before_the_data(feed: Feed, size: int) -> list[int]:
    """
    Version 1.0: a count, then the numbers, a line each, filled up to a block.
    """
    begin, text = feed.at, b""
    lines: list[bytes] = []
    wanted = 1
    while len(lines) < wanted:
        if feed.at - begin + BLOCK > size or len(text) > BLOCK:
            raise BadImage("the map of a file with holes in the tar is longer than the file")
        block = feed.take(BLOCK)
        if len(block) < BLOCK:
            raise BadImage("the tar ends in the map of a file with holes")
        *further, text = (text + block).split(b"\n")
        lines += further
        if wanted == 1 and lines:
            wanted = 1 + 2 * _decimals(lines[:1])[0]
            if wanted > 2 * MAX_PARTS:
                raise BadImage(f"a file in the tar has more than {MAX_PARTS} parts between holes")
    return _decimals(lines[1:wanted])


def _map(size: int, numbers: Sequence[int]) -> Map:
    parts = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    at = 0
    for offset, length in parts:
        if offset < at or offset + length > size:
            raise BadImage("the map of a file with holes in the tar leads back or out of the file")
        at = offset + length
    if len(numbers) % 2:
        raise BadImage("the map of a file with holes in the tar has half a part")
    return Map(size, tuple(part for part in parts if part[1]))
