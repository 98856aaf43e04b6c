"""
A stream of pieces as something one reads on in: so many bytes now, and never back.
"""

from collections.abc import Iterable, Iterator

from tundish.anatomy.readable import Readable


class Feed:
    """
    `at` is the place in the stream that comes next.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece, self._next = b"", 0
        self.at = 0

    def take(self, length: int) -> bytes:
        """
        The next bytes in one piece; fewer only at the end. For short ones: the caller has bounded the length.
        """
        end = self._next + length
        if end <= len(self._piece):
            taken = self._piece[self._next : end]
            self._next, self.at = end, self.at + length
            return taken
        return b"".join(self.passing(length))

    def passing(self, length: int) -> Iterator[bytes | memoryview]:
        """
        The next bytes as they come, however many; fewer only at the end.
        """
        while length > 0:
            left = len(self._piece) - self._next
            if left == 0:
                self._piece, self._next = next(self._pieces, b""), 0
                if not self._piece:
                    return
                continue
            count = min(left, length)
            part = memoryview(self._piece)[self._next : self._next + count]
            self._next, self.at, length = self._next + count, self.at + count, length - count
            yield part

    def skip(self, length: int) -> int:
        """
        Go past the next bytes; answers how many there were.
        """
        return sum(map(len, self.passing(length)))


class PlacedFeed(Feed):
    """
    The same of something that can be read anywhere: what is skipped is not read.
    """

    PIECE = 1024 * 1024

    def __init__(self, readable: Readable) -> None:
        super().__init__(())
        self._readable = readable

    def take(self, length: int) -> bytes:
        taken = self._readable.read_at(self.at, length)
        self.at += len(taken)
        return taken

    def passing(self, length: int) -> Iterator[bytes | memoryview]:
        while length > 0 and (piece := self.take(min(length, self.PIECE))):
            length -= len(piece)
            yield piece

    def skip(self, length: int) -> int:
        skipped = max(0, min(length, self._readable.size - self.at))
        self.at += skipped
        return skipped
