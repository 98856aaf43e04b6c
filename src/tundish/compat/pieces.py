"""
Where in an upload a piece belongs that says nothing of its place, as MAAS's clients send them. Pure.

MAAS appends whatever comes, so a piece that is sent again spoils the upload. Here a piece that is the same as
what stands before the end has come again, unless it repeats itself: runs of zeros are not worth a guess, and
what a wrong one does is found by the digest of the whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.core.errors import InputError

WORTH = 4096  # bytes; shorter pieces are not worth a guess either
_ANCHOR = 256  # bytes
_TRIES = 8
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Range:
    """
    Where a client says that a piece belongs.
    """

    start: int
    end: int  # the last byte

    @property
    def length(self) -> int:
        return self.end - self.start + 1


def content_range(header: str) -> Range | None:
    """
    What a Content-Range says; None where there is none.

    Raises:
        InputError: it is malformed.
    """
    if not header:
        return None
    found = _RANGE.fullmatch(header)
    if found is None or int(found[1]) > int(found[2]):
        raise InputError(f"Content-Range {header[:60]!r} is not of the form bytes FIRST-LAST/TOTAL")
    return Range(int(found[1]), int(found[2]))


def repeats_itself(piece: bytes) -> bool:
    """
    Whether a piece is the same pattern again and again, so that it may well stand twice in a row.
    """
    if len(piece) < WORTH:
        return True
    return any(piece[period:] == piece[:-period] for period in _periods(piece))


def _periods(piece: bytes) -> Iterator[int]:
    """
    The distances after which what stands at some places of a piece comes again: a period is among them.
    """
    for start in range(0, len(piece) // 2, len(piece) // 16):
        anchor, at = piece[start : start + _ANCHOR], start
        for _ in range(_TRIES):
            at = piece.find(anchor, at + 1)
            if at < 0:
                break
            yield at - start
