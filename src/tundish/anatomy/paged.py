"""
Something readable with its last used pages kept in memory: for tables and folders, read bit by bit.

The memory is bounded by `KEPT`, however long a table says it is.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Literal

from tundish.anatomy.readable import Readable, exactly

PAGE = 64 * 1024
KEPT = 8 * 1024 * 1024  # bytes


class Recent:
    """
    Pieces of bytes by key, the last used ones, together at most `limit` bytes. For several threads.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._limit, self._held = limit, 0
        self._pieces: OrderedDict[int, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: int, make: Callable[[], bytes]) -> bytes:
        """
        The piece of a key, made if it is not here any more.
        """
        with self._lock:
            if (found := self._pieces.get(key)) is not None:
                self._pieces.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._pieces:
                self._pieces[key] = made
                self._held += len(made)
            while self._held > self._limit:
                self._held -= len(self._pieces.popitem(last=False)[1])
        return made


class Paged:
    """
    The same bytes; short reads come from pages that are kept, long ones go past them.
    """

    def __init__(self, whole: Readable, limit: int = KEPT) -> None:
        self._whole, self._pages = whole, Recent(limit)
        self._last = (-1, b"")  # most reads are of the page that the one before was of

    @property
    def size(self) -> int:
        return self._whole.size

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0:
            return b""
        if length > PAGE:
            return self._whole.read_at(offset, length)
        number, skip = divmod(offset, PAGE)
        found = self._page(number)[skip : skip + length]
        if len(found) < length and skip + length > PAGE:
            found += self._page(number + 1)[: length - len(found)]
        return found

    def number(self, offset: int, width: int, order: Literal["little", "big"], subject: str) -> int:
        """
        An unsigned number of a table.

        Raises:
            BadImage: it lies beyond the end; the message names the subject.
        """
        return int.from_bytes(exactly(self, offset, width, subject), order)

    def _page(self, number: int) -> bytes:
        last, page = self._last
        if last != number:
            page = self._pages.get(number, lambda: self._whole.read_at(number * PAGE, PAGE))
            self._last = (number, page)
        return page
