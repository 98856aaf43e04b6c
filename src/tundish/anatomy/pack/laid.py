"""
What is written at which place: pieces in rising order, and holes where there is none.

So a disk streams from its beginning to its end, is written sparse, and no file is held as a whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Pieces = Iterator[tuple[int, bytes]]  # where, and what; they do not overlap
_ZEROS = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Laid:
    """
    `size` bytes, zero but for the pieces, which are made anew at each call.
    """

    size: int
    pieces: Callable[[], Pieces]

    def filled(self) -> Iterator[bytes]:
        """
        Every byte in its turn, holes as zeros.
        """
        at = 0
        for place, data in self.pieces():
            yield from _zeros(place - at)
            yield data
            at = place + len(data)
        yield from _zeros(self.size - at)


def shifted(laid: Laid, by: int) -> Pieces:
    """
    The pieces as they lie in a larger whole.
    """
    return ((at + by, data) for at, data in laid.pieces())


def _zeros(length: int) -> Iterator[bytes]:
    for _ in range(length // len(_ZEROS)):
        yield _ZEROS
    if rest := length % len(_ZEROS):
        yield _ZEROS[:rest]
