"""
What is laid out as a qcow2 of version 3: clusters in their order, those of zeros left out, tables after them.

Packed clusters lie close together, byte by byte; one that packing does not shorten lies as it is, aligned.
The packers are those whose bytes are the same on every processor.
"""

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum

import zstandard

from tundish.anatomy.pack.compress import side_by_side
from tundish.anatomy.pack.laid import Laid, Pieces

_CLUSTER = 65536
_SECTOR = 512
_TABLE = _CLUSTER // 8  # entries of a table of clusters
_COUNTS = _CLUSTER // 2  # clusters that one block of counts speaks of
_OWN = 1 << 63  # nobody else has this cluster
_PACKED = 1 << 62
_SPLIT = 62 - (16 - 8)  # bits of the place of a packed cluster; above them the sectors that follow its first
_ZSTD = 8  # of the features that a reader must know


class Packing(StrEnum):
    """
    How clusters are compressed; older programs know zlib alone.
    """

    NONE = "none"
    ZLIB = "zlib"
    ZSTD = "zstd"


def qcow2(laid: Laid, packing: Packing = Packing.NONE, threads: int = 2) -> Pieces:
    """
    The file in pieces; the header, which says where the tables are, comes last.
    """
    entries: dict[int, int] = {}
    shared: dict[int, int] = {}  # how many packed clusters lie in a cluster of the file
    at = _CLUSTER
    for number, data in _packed(laid, packing, threads):
        if len(data) < _CLUSTER:
            sectors = (at + len(data) - 1) // _SECTOR - at // _SECTOR
            entries[number] = _PACKED | sectors << _SPLIT | at
            last = ((at // _SECTOR + sectors + 1) * _SECTOR - 1) // _CLUSTER
            for one in range(at // _CLUSTER, last + 1):
                shared[one] = shared.get(one, 0) + 1
        else:
            at = _aligned(at)
            entries[number] = at | _OWN
        yield at, data
        at += len(data)
    yield from _tables(_aligned(at), laid.size, entries, shared, zstd=packing is Packing.ZSTD)


def _tables(at: int, size: int, entries: dict[int, int], shared: dict[int, int], *, zstd: bool) -> Pieces:
    """
    Where each cluster is, how often each is used, and the header.
    """
    seconds: dict[int, list[int]] = {}
    for number, entry in entries.items():
        seconds.setdefault(number // _TABLE, [0] * _TABLE)[number % _TABLE] = entry
    firsts = [0] * max(1, -(-size // (_CLUSTER * _TABLE)))
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
        each = range(number * _COUNTS, min(counted, (number + 1) * _COUNTS))
        counts = struct.pack(f">{len(each)}H", *(shared.get(one, 1) for one in each))
        yield row, counts.ljust(_CLUSTER, b"\0")
    head = (b"QFI\xfb", 3, 0, 0, 16, size, 0, len(firsts), first_at, at, tables, 0, 0)
    more = struct.pack(">QQQIIB7x", _ZSTD if zstd else 0, 0, 0, 4, 112, 1 if zstd else 0)
    yield 0, struct.pack(">4sIQIIQIIQQIIQ", *head) + more


def _packed(laid: Laid, packing: Packing, threads: int) -> Iterator[tuple[int, bytes]]:
    """
    The clusters with their numbers, packed where that makes them shorter.
    """
    if packing is Packing.NONE:
        yield from _clusters(laid)
        return
    numbers: deque[int] = deque()

    def told() -> Iterator[bytes]:
        for number, data in _clusters(laid):
            numbers.append(number)
            yield data

    for data in side_by_side(told(), _PACKERS[packing], threads):
        yield numbers.popleft(), data


def _deflated(cluster: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -12)
    made = packer.compress(cluster) + packer.flush()
    return made if len(made) < _CLUSTER else cluster


def _zstd(cluster: bytes) -> bytes:
    made = zstandard.ZstdCompressor(level=3).compress(cluster)
    return made if len(made) < _CLUSTER else cluster


_PACKERS: dict[Packing, Callable[[bytes], bytes]] = {Packing.ZLIB: _deflated, Packing.ZSTD: _zstd}


def _aligned(at: int) -> int:
    return -(-at // _CLUSTER) * _CLUSTER


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
