"""
A hive of the registry with one value at the end of a path, as small as it can be.
"""

import struct

_CELLS = 4096


class _Cells:
    def __init__(self) -> None:
        self.data = bytearray(32)  # the head of the first block of cells

    def add(self, body: bytes) -> int:
        at = len(self.data)
        size = -(-(len(body) + 4) // 8) * 8
        self.data += struct.pack("<i", -size) + body.ljust(size - 4, b"\0")
        return at


def _key(name: str, below: tuple[int, int], values: tuple[int, int]) -> bytes:
    raw = name.encode("latin-1")
    head = struct.pack("<2sHQIIIIII", b"nk", 0x20, 0, 0, 0, below[0], 0, below[1], 0xFFFF_FFFF)
    return (head + struct.pack("<II", *values)).ljust(72, b"\0") + struct.pack("<HH", len(raw), 0) + raw


def hive(path: str, name: str, value: str | int, *, nested: bool = False) -> bytes:
    """
    The key of a path such as `Microsoft\\Windows` with one value; with `nested` its lists have two levels.
    """
    cells = _Cells()
    if isinstance(value, int):
        kind, size, place = 4, 4 | 0x8000_0000, value
    else:
        raw = value.encode("utf-16-le") + b"\0\0"
        kind, size, place = 1, len(raw), cells.add(raw)
    raw_name = name.encode("latin-1")
    one = cells.add(struct.pack("<2sHIIIHH", b"vk", len(raw_name), size, place, kind, 1, 0) + raw_name)
    values = (1, cells.add(struct.pack("<I", one)))
    at = cells.add(_key(path.rsplit("\\", maxsplit=1)[-1], (0, 0), values))
    for segment in ["", *path.split("\\")][-2::-1]:
        other = cells.add(_key("Another", (0, 0), (0, 0)))
        rows = cells.add(struct.pack("<2sHIIII", b"lh", 2, other, 0, at, 0))
        if nested:
            rows = cells.add(struct.pack("<2sHI", b"ri", 1, rows))
        at = cells.add(_key(segment or "ROOT", (2, rows), (0, 0)))
    head = b"regf".ljust(36, b"\0") + struct.pack("<I", at)
    return head.ljust(_CELLS, b"\0") + bytes(cells.data)
