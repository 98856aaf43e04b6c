"""
What is laid out as a qcow2 of version 3: clusters in their order, those of zeros left out, tables after them.
"""

import struct
from collections.abc import Iterator

from tundish.anatomy.pack.laid import Laid, Pieces

_CLUSTER = 65536
_TABLE = _CLUSTER // 8  # entries of a table of clusters
_COUNTS = _CLUSTER // 2  # clusters that one block of counts speaks of
_OWN = 1 << 63  # nobody else has this cluster


def qcow2(laid: Laid) -> Pieces:
    """
    The file in pieces; the header, which says where the tables are, comes last.
    """
    places: dict[int, int] = {}
    at = _CLUSTER
    for number, data in _clusters(laid):
        places[number] = at
        yield at, data
        at += _CLUSTER
    seconds: dict[int, list[int]] = {}
    for number, place in places.items():
        seconds.setdefault(number // _TABLE, [0] * _TABLE)[number % _TABLE] = place | _OWN
    firsts = [0] * max(1, -(-laid.size // (_CLUSTER * _TABLE)))
    for number, table in sorted(seconds.items()):
        firsts[number] = at | _OWN
        yield at, struct.pack(f">{_TABLE}Q", *table)
        at += _CLUSTER
    first_at, first = at, _padded(struct.pack(f">{len(firsts)}Q", *firsts))
    yield first_at, first
    at += len(first)
    counted, blocks, tables = _counts(at // _CLUSTER)
    rows = [at + (tables + number) * _CLUSTER for number in range(blocks)]
    yield at, _padded(struct.pack(f">{blocks}Q", *rows))
    for number, row in enumerate(rows):
        ones = min(_COUNTS, counted - number * _COUNTS)
        yield row, (b"\0\1" * ones).ljust(_CLUSTER, b"\0")
    head = (b"QFI\xfb", 3, 0, 0, 16, laid.size, 0, len(firsts), first_at, at, tables, 0, 0)
    yield 0, struct.pack(">4sIQIIQIIQQIIQ", *head) + struct.pack(">QQQIIQ", 0, 0, 0, 4, 112, 0)


def _clusters(laid: Laid) -> Iterator[tuple[int, bytes]]:
    """
    The clusters that hold something, each once and whole.
    """
    held, current = bytearray(), 0
    for at, data in laid.pieces():
        done = 0
        while done < len(data):
            number, inside = divmod(at + done, _CLUSTER)
            if number != current:
                if held.strip(b"\0"):
                    yield current, bytes(held.ljust(_CLUSTER, b"\0"))
                held, current = bytearray(), number
            part = data[done : done + _CLUSTER - inside]
            held += bytes(inside - len(held)) + part
            done += len(part)
    if held.strip(b"\0"):
        yield current, bytes(held.ljust(_CLUSTER, b"\0"))


def _counts(before: int) -> tuple[int, int, int]:
    """
    All clusters, the blocks that count them, and the clusters of the table of these blocks.
    """
    blocks = tables = 1
    while (total := before + blocks + tables) > blocks * _COUNTS or blocks > tables * _TABLE:
        blocks, tables = -(-total // _COUNTS), -(-blocks // _TABLE)
    return total, blocks, tables


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _CLUSTER)
