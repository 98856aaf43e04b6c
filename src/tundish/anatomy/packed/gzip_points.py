"""
Places where a gzip can be entered: copies of the state of zlib, taken while it is read the first time.
"""

from bisect import bisect_right
from collections.abc import Iterator

from tundish.anatomy.image import Compression
from tundish.anatomy.packed.gzip_member import GzipAgain
from tundish.anatomy.packed.unpackers import unpacked
from tundish.anatomy.packed.unwrapping import PIECE, Unwrapping
from tundish.anatomy.readable import Readable, Slice

MAX_POINTS = 512  # a state takes about 50 KiB
FIRST_SPACING = 4 * 1024 * 1024  # bytes of what comes out between two points; doubled when there are too many
_READ = 64 * 1024


class GzipPoints:
    """
    `made` is the unpacker of the first reading; `note` is called when something has come out of it.
    """

    def __init__(self, readable: Readable) -> None:
        self._readable = readable
        self._spacing = FIRST_SPACING
        self._current = GzipAgain()
        self._offsets: list[int] = []
        self._points: list[tuple[int, GzipAgain]] = []  # place in the file, state

    def made(self) -> GzipAgain:
        self._current = GzipAgain()
        return self._current

    def note(self, offset: int, at: int) -> None:
        """
        So much came out, and so much of the file was given to the unpacker: perhaps a point.
        """
        if self._current.eof or (self._offsets and offset - self._offsets[-1] < self._spacing):
            return
        state, ahead = self._current.emptied()
        self._offsets.append(offset + ahead)
        self._points.append((at - self._current.waiting, state))
        if len(self._points) > MAX_POINTS:
            self._offsets, self._points = self._offsets[::2], self._points[::2]
            self._spacing *= 2

    def enter(self, offset: int) -> tuple[int, Iterator[bytes]]:
        number = bisect_right(self._offsets, offset) - 1
        if number < 0:
            return 0, iter(Unwrapping(self._readable, Compression.GZIP, unpacker=GzipAgain))
        at, state = self._points[number]
        return self._offsets[number], self._from(at, state.copy())

    def _from(self, at: int, state: GzipAgain) -> Iterator[bytes]:
        while not state.eof:
            data = self._readable.read_at(at, _READ) if state.needs_input else b""
            at += len(data)
            piece = unpacked(state, data, PIECE)
            if not piece and not data and not state.eof:
                return
            yield piece
        at -= len(state.unused_data)
        rest = Slice.of(self._readable, at, self._readable.size - at)
        yield from Unwrapping(rest, Compression.GZIP, unpacker=GzipAgain)
