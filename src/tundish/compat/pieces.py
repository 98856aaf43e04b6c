"""
Where in an upload a piece belongs that says nothing of its place, as MAAS's clients send them. Pure.

MAAS appends whatever comes, so a piece that is sent again spoils the upload. Here a piece that is the same as
what stands before the end has come again, unless it repeats itself: runs of zeros are not worth a guess, and
what a wrong one does is found by the digest of the whole.
"""

import re
from dataclasses import dataclass

from tundish.core.errors import InputError

WORTH = 4096  # bytes; shorter pieces may well stand twice in a row
_HEAD = 1024
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


def can_be_again(piece: bytes, came: int) -> bool:
    """
    Whether a piece may be taken for one that came before, if it is the same as that.
    """
    return WORTH <= len(piece) <= came and not repeats_itself(piece)


def repeats_itself(piece: bytes) -> bool:
    """
    Whether a piece is the same pattern again and again.
    """
    period = piece.find(piece[:_HEAD], 1)
    return period > 0 and piece[period:] == piece[:-period]
