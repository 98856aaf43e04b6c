"""
How much of the free space of XFS holds only zeros, by a bounded sample.

Each allocation group has a tree of its free extents; of a few groups the first leaf is taken.
"""

import struct
from collections.abc import Iterator

from tundish.anatomy.filesystem.xfs_inodes import Volume

_GROUPS, _EXTENTS, _IN_EXTENT, _PROBED = 64, 16, 8, 512  # the last: bytes of each block
_MAX_LEVELS = 9
_MAGICS = (b"ABTB", b"AB3B")
_HEAD = {4: 16, 5: 56}


def zeroed(volume: Volume) -> float | None:
    """
    The share of the sampled free blocks that hold only zeros; None where none is known.
    """
    layout = volume.layout
    probed = zeros = 0
    for group in range(0, layout.groups, max(1, layout.groups // _GROUPS)):
        start = group * layout.group
        for first, count in _extents(volume, group):
            for block in range(first, first + count, max(1, count // _IN_EXTENT)):
                data = volume.readable.read_at((start + block) * layout.block, _PROBED)
                probed += bool(data)
                zeros += bool(data) and not any(data)
    return zeros / probed if probed else None


def _extents(volume: Volume, group: int) -> Iterator[tuple[int, int]]:
    layout, readable = volume.layout, volume.readable
    begin = group * layout.group * layout.block
    sector = int.from_bytes(readable.read_at(102, 2), "big")
    head = readable.read_at(begin + sector, 64)
    if head[:4] != b"XAGF" or len(head) < 64:
        return
    block, size = int.from_bytes(head[16:20], "big"), _HEAD[layout.version]
    for _ in range(_MAX_LEVELS):
        raw = readable.read_at(begin + block * layout.block, layout.block)
        if block >= layout.group or raw[:4] not in _MAGICS or len(raw) < layout.block:
            return
        level, count = struct.unpack_from(">HH", raw, 4)
        if not level:
            count = min(count, (layout.block - size) // 8)
            rows = list(struct.iter_unpack(">II", raw[size : size + count * 8]))
            step = max(1, len(rows) // _EXTENTS)
            yield from ((at, min(length, layout.group)) for at, length in rows[::step][:_EXTENTS])
            return
        room = (layout.block - size) // 12
        (block,) = struct.unpack_from(">I", raw, size + room * 8)
