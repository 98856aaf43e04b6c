"""
LZO1X as btrfs packs with it: segments, each of at most one sector when unpacked.

Source: the kernel's documentation of the stream format, staging/lzo. No library that reads it from Python
is kept up under a licence that suits.
"""

from tundish.core.errors import BadImage


class LzoError(BadImage):
    """
    The packed bytes are damaged.
    """


def unpack(data: bytes, length: int, sector: int) -> bytes:
    """
    What an extent unpacks to, at most so many bytes.

    Raises:
        LzoError: it is damaged, or unpacks to more than it may.
    """
    total = min(int.from_bytes(data[:4], "little"), len(data))
    at, made = 4, bytearray()
    while at < total and len(made) < length:
        size = int.from_bytes(data[at : at + 4], "little")
        if not size or at + 4 + size > total:
            raise LzoError("a segment of lzo leads out of its extent")
        made += segment(data[at + 4 : at + 4 + size], sector)
        at += 4 + size
        if sector - at % sector < 4:  # a length does not go over the edge of a sector
            at += sector - at % sector
    return bytes(made[:length])


def segment(data: bytes, most: int) -> bytes:
    """
    One stream of LZO1X.

    Raises:
        LzoError: it is damaged, or unpacks to more than it may.
    """
    stream = _Stream(data, most)
    try:
        return stream.unpacked()
    except IndexError as error:
        raise LzoError("a stream of lzo is cut short") from error


class _Stream:
    """
    `state` is how many single bytes the last instruction brought; 4: a run of them.
    """

    def __init__(self, data: bytes, most: int) -> None:
        self._data, self._most, self._at = data, most, 0
        self._made = bytearray()

    def unpacked(self) -> bytes:
        state, first = 0, self._data[0]
        if first > 17:
            self._at = 1
            self._singles(first - 17)
            state = min(first - 17, 4)
        while True:
            code = self._byte()
            if code < 16 and not state:
                self._singles(3 + self._length(code, 15))
                state = 4
                continue
            length, distance, state = self._match(code, state)
            if not length:
                return bytes(self._made)
            self._copy(length, distance)
            self._singles(state)

    def _match(self, code: int, state: int) -> tuple[int, int, int]:
        """
        Length and distance of what is copied, and the single bytes after it; length 0: the end.
        """
        if code >= 64:
            length = 5 + (code >> 5 & 3) if code >= 128 else 3 + (code >> 5 & 1)
            return length, (self._byte() << 3) + (code >> 2 & 7) + 1, code & 3
        if code < 16:
            near = 1 if state < 4 else 2049
            return (2 if state < 4 else 3), (self._byte() << 2) + (code >> 2) + near, code & 3
        if code >= 32:
            length, base = 2 + self._length(code & 31, 31), 1
        else:
            length, base = 2 + self._length(code & 7, 7), 16384 + ((code & 8) << 11)
        word = self._byte() | self._byte() << 8
        distance = base + (word >> 2)
        return (0 if distance == 16384 else length), distance, word & 3

    def _length(self, low: int, most: int) -> int:
        """
        A length that did not fit its bits goes on in bytes, of which each zero stands for 255.
        """
        if low:
            return low
        length = most
        while not (byte := self._byte()):
            length += 255
        return length + byte

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _singles(self, count: int) -> None:
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            raise LzoError("a stream of lzo is cut short")
        self._at += count
        self._add(piece)

    def _copy(self, length: int, distance: int) -> None:
        start = len(self._made) - distance
        if start < 0:
            raise LzoError("a stream of lzo refers to what is before its beginning")
        piece = bytes(self._made[start : start + length])
        while piece and len(piece) < length:  # what is copied overlaps with itself
            piece += piece[: length - len(piece)]
        self._add(piece)

    def _add(self, piece: bytes) -> None:
        if len(self._made) + len(piece) > self._most:
            raise LzoError(f"a stream of lzo unpacks to more than {self._most} bytes")
        self._made += piece
