"""
The stream of something packed, made readable at any place: its pages, held packed again but each by itself.

Pages of zeros take nothing. Beyond `HELD` pages are put aside, if the caller gives a place; else they are not
held: they are unpacked again from the place before them where the packed file can be entered, if it has such
places.
"""

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Protocol

import zstandard

from tundish.core.errors import BadImage

PAGE = 256 * 1024
HELD = 512 * 1024 * 1024  # bytes of packed pages
HELD_WITH_ASIDE = 32 * 1024 * 1024  # where the rest is put aside
RECENT = 32  # unpacked ones

_ZEROS = bytes(PAGE)


class Entrances(Protocol):
    """
    Where a packed file can be entered.
    """

    def enter(self, offset: int) -> tuple[int, Iterator[bytes]]:
        """
        The nearest place at or before an offset of the unpacked stream, and what follows there.

        Raises:
            BadImage: the packed data are damaged; while they are read, too.
        """
        ...


class Aside(Protocol):
    """
    A place for bytes beside memory.
    """

    def put(self, data: bytes, /) -> int:
        """
        Take bytes, and say where they are.
        """
        ...

    def get(self, at: int, length: int, /) -> bytes: ...


class Pages:
    """
    First `add` everything, then `close`, then read. A page asked for may be read by several threads.
    """

    def __init__(self, entrances: Entrances | None, limit: int = HELD, aside: Aside | None = None) -> None:
        self.size = 0
        self._entrances, self._aside = entrances, aside
        self._left = limit if aside is None else min(limit, HELD_WITH_ASIDE)
        self._pages: list[bytes | tuple[int, int] | None] = []  # empty: zeros; place and length: put aside
        self._begun = bytearray()
        self._packer = zstandard.ZstdCompressor(level=1)
        self._unpacker = zstandard.ZstdDecompressor()
        self._recent: OrderedDict[int, bytes] = OrderedDict()
        self._cursor: tuple[int, Iterator[bytes]] = (0, iter(()))
        self._lock = Lock()

    @property
    def is_full(self) -> bool:
        """
        Whether further pages are not held.
        """
        return self._left <= 0 and self._aside is None

    def add(self, piece: bytes) -> None:
        """
        Raises:
            BadImage: it is more than can be held, and what is packed cannot be entered in the middle.
        """
        self.size += len(piece)
        begun, at = self._begun, 0
        if begun:
            at = min(PAGE - len(begun), len(piece))
            begun += piece[:at]
            if len(begun) < PAGE:
                return
            self._hold(bytes(begun))
            begun.clear()
        while len(piece) - at >= PAGE:
            self._hold(piece[at : at + PAGE])
            at += PAGE
        begun += piece[at:]

    def close(self) -> None:
        """
        The stream is over.
        """
        if self._begun:
            self._hold(bytes(self._begun))
            self._begun.clear()

    def read_at(self, offset: int, length: int) -> bytes:
        """
        Raises:
            BadImage: the packed data changed since they were read first.
        """
        if not 0 <= offset < self.size or length <= 0:
            return b""
        end = min(offset + length, self.size)
        pieces = []
        while offset < end:
            number, within = divmod(offset, PAGE)
            piece = self._page(number)[within : within + end - offset]
            pieces.append(piece)
            offset += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _hold(self, page: bytes) -> None:
        if page == _ZEROS[: len(page)]:
            self._pages.append(b"")
            return
        if self._left <= 0 and self._aside is not None:
            packed = self._packer.compress(page)
            self._pages.append((self._aside.put(packed), len(packed)))
            return
        if self._left > 0:
            # A copy, because what the packer gives is cut from a longer piece, whose rest would be lost.
            packed = bytes(memoryview(self._packer.compress(page)))
            self._left -= len(packed)
            self._pages.append(packed)
            return
        if self._entrances is None:
            raise BadImage(
                f"what is packed takes more than {HELD} bytes of memory to look into, and cannot be entered "
                "in the middle; pack it with gzip or with xz in blocks (xz -T2), or unpack it first"
            )
        self._pages.append(None)

    def _page(self, number: int) -> bytes:
        with self._lock:
            held = self._pages[number]
            if held == b"":
                return _ZEROS[: min(PAGE, self.size - number * PAGE)]
            if (page := self._recent.get(number)) is None:
                page = self._again(number) if held is None else self._unpacked(held)
                self._remember(number, page)
            self._recent.move_to_end(number)
            return page

    def _unpacked(self, held: bytes | tuple[int, int]) -> bytes:
        packed = self._aside.get(*held) if self._aside is not None and isinstance(held, tuple) else held
        return self._unpacker.decompress(packed, PAGE) if isinstance(packed, bytes) else b""

    def _remember(self, number: int, page: bytes) -> None:
        self._recent[number] = page
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    def _again(self, number: int) -> bytes:
        """
        A page that is not held: read on from where the last such one ended, or enter anew.
        """
        if self._entrances is None:
            raise BadImage("a page of the packed data is not there")
        wanted = number * PAGE
        at, pieces = self._cursor
        if not at <= wanted < at + RECENT * PAGE or at == 0:
            at, pieces = self._entrances.enter(wanted)
        self._cursor = (0, iter(()))  # not to be gone on with, should the next lines fail
        buffer = bytearray()
        length = min(PAGE, self.size - wanted)
        for piece in pieces:
            buffer += piece[max(0, wanted - at) :] if at + len(piece) > wanted else b""
            at += len(piece)
            if len(buffer) >= length:
                break
        if len(buffer) < length:
            raise BadImage(f"the packed data end before {wanted + length}, where they did not before")
        self._cursor = (wanted + length, _chained(bytes(buffer[length:]), pieces))
        return bytes(buffer[:length])


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
