"""
A filesystem of hundreds of MiB as an input of some KiB: its size, then each sector that is not empty, with
its place. A changed place moves a structure; a read of what is left out gives zeros.
"""

from random import Random

from tests.support.sparse import Sparse

SECTOR, PLACE = 512, 4
ROW = PLACE + SECTOR
HEAD = 8  # the size of the whole
_MOST = 1 << 34  # bytes of an image
_ZEROS = bytes(SECTOR)
_VALUES = (0, 1, 2, 0x7F, 0xFF, 0x80, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40)


class Sectors:
    """
    Readable; sectors by their number.
    """

    def __init__(self, data: bytes) -> None:
        self.size = int.from_bytes(data[:HEAD], "little") % _MOST
        self._rows: dict[int, bytes] = {}
        for at in range(HEAD, len(data), ROW):
            row = data[at + PLACE : at + ROW]
            self._rows[int.from_bytes(data[at : at + PLACE], "little")] = row.ljust(SECTOR, b"\0")

    def read_at(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset < 0 or end <= offset:
            return b""
        first, last = offset // SECTOR, (end - 1) // SECTOR + 1
        if last - first > len(self._rows):
            return self._sparse(offset, end)
        get = self._rows.get
        found = b"".join([get(row, _ZEROS) for row in range(first, last)])
        return found[offset - first * SECTOR : end - first * SECTOR]

    def put(self, at: int, new: bytes) -> None:
        """
        Other bytes at a place, within one sector.
        """
        number, skip = divmod(at, SECTOR)
        row = self._rows.get(number, _ZEROS)
        self._rows[number] = row[:skip] + new + row[skip + len(new) :]

    def _sparse(self, offset: int, end: int) -> bytes:
        first = offset // SECTOR
        found = bytearray((end - 1) // SECTOR * SECTOR + SECTOR - first * SECTOR)
        for number, row in self._rows.items():
            at = (number - first) * SECTOR
            if 0 <= at < len(found):
                found[at : at + SECTOR] = row
        return bytes(found[offset - first * SECTOR : end - first * SECTOR])


def packed(image: Sparse) -> bytes:
    """
    The input that an image is.
    """
    rows = [image.size.to_bytes(HEAD, "little")]
    for start, data in image.parts:
        for at in range(0, len(data), SECTOR):
            if any(data[at : at + SECTOR]):
                place = (start + at) // SECTOR
                rows.append(place.to_bytes(PLACE, "little") + data[at : at + SECTOR].ljust(SECTOR, b"\0"))
    return b"".join(rows)


def changed(data: bytes, chance: Random) -> bytes:
    """
    A number somewhere in a sector becomes another, or one from elsewhere.
    """
    new = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4)) if len(data) > 2 * ROW else 0):
        row = HEAD + chance.randrange((len(data) - HEAD) // ROW) * ROW + PLACE
        width, order = chance.choice((1, 2, 4, 8)), chance.choice(("little", "big"))
        at = row + chance.randrange(SECTOR // width) * width
        value = chance.choice((*_VALUES, int.from_bytes(new[at : at + width], "little") + 1))
        there = chance.randrange(len(data) - 8)
        number = (value % (1 << 8 * width)).to_bytes(width, "big" if order == "big" else "little")
        new[at : at + width] = number if chance.random() < 0.7 else data[there : there + width]
    return bytes(new[: len(data)])
