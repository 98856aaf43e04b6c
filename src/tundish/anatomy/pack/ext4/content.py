"""
Which blocks of a file hold something, and its bytes at the places that they were given.

Only files of many blocks are looked through for holes; those of a few are short whatever they hold.
"""

from collections.abc import Iterator, Sequence

from tundish.anatomy.index import Entry, Index
from tundish.anatomy.pack.ext4.inode import Extent
from tundish.anatomy.pack.ext4.shape import BLOCK
from tundish.anatomy.pack.laid import Pieces
from tundish.core.errors import BadImage

_LOOKED_THROUGH = 16 * BLOCK
_MAX_SIZE = 2**44 - BLOCK  # of a file of ext4
_ZERO = bytes(BLOCK)

Run = tuple[int, int]  # the first block, and how many


def runs(index: Index, entry: Entry) -> list[Run]:
    """
    The blocks of a file that are not all zeros.

    Raises:
        BadImage: the file is longer than any of ext4 may be, or its content is damaged.
    """
    if entry.size > _MAX_SIZE:
        raise BadImage(f"{entry.path} in {index.origin} has {entry.size} bytes; ext4 holds {_MAX_SIZE}")
    if entry.size < _LOOKED_THROUGH:
        return [(0, -(-entry.size // BLOCK))] if entry.size else []
    found: list[Run] = []
    for number in _filled(index.stream(entry.path)):
        if found and sum(found[-1]) == number:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 1))
    return found


def placed(index: Index, entry: Entry, extents: Sequence[Extent]) -> Pieces:
    """
    The content of a file where its extents say.

    Raises:
        BadImage: it is damaged, or has another length than its entry says.
    """
    at, todo = 0, list(reversed(extents))
    for piece in index.stream(entry.path) if entry.size else ():
        end = at + len(piece)
        if end > entry.size:
            at = end
            break
        while todo:
            first, count, block = todo[-1]
            start, stop = first * BLOCK, (first + count) * BLOCK
            low, high = max(at, start), min(end, stop)
            if low < high:
                yield block * BLOCK + low - start, piece[low - at : high - at]
            if stop > end:
                break
            todo.pop()
        at = end
    if at != entry.size:
        raise BadImage(
            f"{entry.path} in {index.origin} has not the {entry.size} bytes that it is said to have"
        )


def _filled(pieces: Iterator[bytes]) -> Iterator[int]:
    """
    The numbers of the blocks with something in them.
    """
    number, held = 0, b""
    for piece in pieces:
        data = held + piece if held else piece
        whole = len(data) - len(data) % BLOCK
        for at in range(0, whole, BLOCK):
            if data[at : at + BLOCK] != _ZERO:
                yield number
            number += 1
        held = data[whole:]
    if held.strip(b"\0"):
        yield number
