"""
An image file as what is really in it: the holes of a disk of hundreds of MiB take no memory.
"""

import os
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

Part = tuple[int, bytes]


@dataclass(frozen=True)
class Sparse:
    """
    Readable; zeros between its parts, which are in order. Changes lie above them.
    """

    size: int
    parts: tuple[Part, ...]
    changes: tuple[Part, ...] = ()

    @classmethod
    def of(cls, path: Path) -> Self:
        """
        The data of a file, its holes left out.
        """
        with path.open("rb") as file:
            size, at, parts = os.fstat(file.fileno()).st_size, 0, []
            while at < size:
                try:
                    start = os.lseek(file.fileno(), at, os.SEEK_DATA)
                except OSError:  # nothing but a hole to the end
                    break
                at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                parts.append((start, os.pread(file.fileno(), at - start, start)))
        return cls(size, tuple(parts))

    def read_at(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset < 0 or end <= offset:
            return b""
        found = bytearray(end - offset)
        row = max(0, bisect_right(self.parts, offset, key=_start) - 1)
        while row < len(self.parts) and self.parts[row][0] < end:
            _put(found, offset, self.parts[row])
            row += 1
        for change in self.changes:
            _put(found, offset, change)
        return bytes(found)

    def write(self, path: Path) -> None:
        """
        Put it into a file, holes as holes.
        """
        with path.open("wb") as file:
            for start, data in (*self.parts, *self.changes):
                file.seek(start)
                file.write(data)
            file.truncate(self.size)

    def cut(self, size: int) -> Self:
        return replace(self, size=min(size, self.size))

    def changed(self, at: int, new: bytes) -> Self:
        """
        The same with other bytes at a place.
        """
        return replace(self, changes=(*self.changes, (at, new)))

    def flipped(self, flips: Iterable[tuple[float, int]]) -> Self:
        """
        The same with some bytes of its data changed; a place is a share of all data.
        """
        total, changed = sum(len(data) for _, data in self.parts), self
        for share, value in flips:
            at = int(share * (total - 1))
            for start, data in self.parts:
                if at < len(data):
                    changed = changed.changed(start + at, bytes([data[at] ^ value]))
                    break
                at -= len(data)
        return changed

    def find(self, text: bytes) -> int:
        """
        Where some bytes are for the first time; they must be there.
        """
        for start, data in self.parts:
            if text in data:
                return start + data.index(text)
        raise AssertionError(f"{text!r} is nowhere")


def _start(part: Part) -> int:
    return part[0]


def _put(found: bytearray, offset: int, part: Part) -> None:
    """
    What of a part lies within some bytes that begin at an offset.
    """
    start, data = part
    first, last = max(start, offset), min(start + len(data), offset + len(found))
    if first < last:
        found[first - offset : last - offset] = data[first - start : last - start]
