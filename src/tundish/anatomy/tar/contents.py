"""
The content of files in a tar: from memory where it was kept as it passed, else from the tar itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from tundish.anatomy.index import Entry, Keep
from tundish.anatomy.readable import Readable
from tundish.anatomy.tar.feed import Feed, PlacedFeed
from tundish.anatomy.tar.sparse import filled
from tundish.core.errors import BadImage

KEPT = 64 * 1024 * 1024  # bytes of all files kept
KEPT_FILE = 16 * 1024 * 1024

Parts = tuple[tuple[int, int], ...]


class Kept:
    """
    What is kept of the files that pass, within `KEPT`; the same content twice takes memory once.
    """

    def __init__(self, wanted: Keep, limit: int = KEPT) -> None:
        self._wanted, self._left = wanted, limit
        self._by_digest: dict[str, bytes] = {}
        self._by_place: dict[int, bytes] = {}

    def wants(self, entry: Entry, stored: int) -> bool:
        return stored <= min(KEPT_FILE, self._left) and entry.size == stored and self._wanted(entry)

    def take(self, place: int, digest: str, data: bytes) -> None:
        if digest not in self._by_digest:
            self._by_digest[digest] = data
            self._left -= len(data)
        self._by_place[place] = self._by_digest[digest]

    def get(self, place: int) -> bytes | None:
        return self._by_place.get(place)


@dataclass(frozen=True, slots=True)
class Passes:
    """
    How a tar is read again: from its beginning, piece by piece, or, for more memory or time, at any place.
    """

    anywhere: Callable[[], Readable]
    again: Callable[[], Iterable[bytes]] | None = None  # None where any place costs nothing


class TarContents:
    """
    The first few files that were not kept are looked for in a reading from the beginning each; after those
    the tar is made readable at any place.
    """

    MAX_READINGS = 2

    def __init__(self, passes: Passes, kept: Kept, parts: Mapping[int, Parts]) -> None:
        self._passes, self._kept, self._parts = passes, kept, parts
        self._whole: Readable | None = None
        self._readings = 0
        self._lock = Lock()

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        Raises:
            BadImage: the tar is damaged there, or ends before.
        """
        if entry.size == 0:
            return
        if (data := self._kept.get(entry.place)) is not None:
            yield data
            return
        parts = self._parts.get(entry.place)
        if parts is None:
            yield from map(bytes, self._stored(entry, entry.size))
            return
        stored = sum(length for _, length in parts)
        yield from map(bytes, filled(parts, entry.size, self._stored(entry, stored)))

    def _stored(self, entry: Entry, length: int) -> Iterator[bytes | memoryview]:
        feed = self._feed()
        feed.skip(entry.place)
        for piece in feed.passing(length):
            length -= len(piece)
            yield piece
        if length:
            raise BadImage(f"the tar ends in the middle of {entry.path}")

    def _feed(self) -> Feed:
        with self._lock:
            if self._whole is None and self._passes.again is not None and self._readings < self.MAX_READINGS:
                self._readings += 1
                return Feed(self._passes.again())
            if self._whole is None:
                self._whole = self._passes.anywhere()
            return PlacedFeed(self._whole)
