"""
A virtual disk kept in blocks: most of them somewhere in a file, some packed, many nowhere at all.

Each form of such a disk tells where a block is; the rest is the same for all: ranges are put together of
blocks, neighbours in the file are read at once, and what was unpacked last is kept, within `KEPT` bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from tundish.anatomy.paged import Recent
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAX_SIZE = 1 << 62  # bytes of a disk
MAX_BLOCK = 256 * 1024 * 1024
KEPT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """
    A block that is a part of something packed: where that is in the file, and where in it the block begins.
    """

    at: int
    length: int
    skip: int = 0


Place: TypeAlias = int | Packed | None  # an offset in the file, or packed, or zeros


class Layout(Protocol):
    """
    What is particular to a form.
    """

    @property
    def size(self) -> int: ...

    @property
    def block(self) -> int: ...

    def place(self, number: int) -> Place:
        """
        Where a block is.

        Raises:
            BadImage: a table is damaged, or leads beyond the end.
        """
        ...

    def unpack(self, data: bytes, number: int) -> bytes:
        """
        The bytes of what is packed, of a length that the form knows.

        Raises:
            BadImage: it is damaged.
        """
        ...


class Unpacked:
    """
    For the forms that pack nothing.
    """

    def unpack(self, data: bytes, number: int) -> bytes:
        raise BadImage(f"block {number} of {len(data)} bytes is packed in a form that packs nothing")


class Blocks:
    """
    The disk as the machine sees it.
    """

    def __init__(self, file: Readable, layout: Layout, subject: str) -> None:
        if not 0 < layout.size <= MAX_SIZE:
            raise BadImage(f"{subject}: a disk of {layout.size} bytes; it must be 1 to {MAX_SIZE}")
        self._file, self._layout, self._subject = file, layout, subject
        self._recent = Recent(KEPT)

    @property
    def size(self) -> int:
        return self._layout.size

    def read_at(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        return b"".join(self._pieces(offset, length)) if offset >= 0 and length > 0 else b""

    def _pieces(self, offset: int, length: int) -> Iterator[bytes]:
        for place, start, count in self._runs(offset, offset + length):
            if place is None:
                yield bytes(count)
            elif isinstance(place, Packed):
                yield self._part(place, start, count)
            else:
                yield exactly(self._file, place, count, self._subject)

    def _runs(self, at: int, end: int) -> Iterator[tuple[Place, int, int]]:
        """
        Place, offset on the disk and length, with what lies side by side taken together.
        """
        held: tuple[Place, int, int] | None = None
        while at < end:
            number, skip = divmod(at, self._layout.block)
            count = min(self._layout.block - skip, end - at)
            place = self._layout.place(number)
            place = place + skip if isinstance(place, int) else place
            if held is not None and _follows(held, place):
                held = (held[0], held[1], held[2] + count)
            else:
                if held is not None:
                    yield held
                held = (place, at, count)
            at += count
        if held is not None:
            yield held

    def _part(self, packed: Packed, start: int, count: int) -> bytes:
        number, skip = divmod(start, self._layout.block)
        whole = self._recent.get(packed.at, lambda: self._unpacked(packed, number))
        part = whole[packed.skip + skip : packed.skip + skip + count]
        if len(part) != count:
            raise BadImage(f"{self._subject}: the packed block {number} holds only {len(whole)} bytes")
        return part

    def _unpacked(self, packed: Packed, number: int) -> bytes:
        data = self._file.read_at(packed.at, packed.length)
        if not data:
            raise BadImage(f"{self._subject}: the packed block {number} lies beyond the end")
        return self._layout.unpack(data, number)


def _follows(held: tuple[Place, int, int], place: Place) -> bool:
    before, _, count = held
    if before is None or place is None:
        return before is place
    return isinstance(before, int) and isinstance(place, int) and before + count == place
