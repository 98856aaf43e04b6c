"""
Bytes that can be read anywhere, of a known size: what every reader of images is handed.

Nobody here opens a path. A reader asks for ranges; beyond the end there is nothing, and a range that
leads out of a slice is cut at its edge, never taken from the neighbour.
"""

import io
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO, Protocol, Self

from tundish.core.errors import BadImage, InputError


class Readable(Protocol):
    """
    `read_at` answers fewer bytes than asked for only at the end. It may be called from several threads.
    """

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, length: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Bytes:
    """
    Bytes in memory.
    """

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length] if offset >= 0 and length > 0 else b""


class File:
    """
    A seekable file that somebody else opened and closes.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._lock = stream, Lock()
        self._size = stream.seek(0, io.SEEK_END)

    @property
    def size(self) -> int:
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self._size or length <= 0:
            return b""
        with self._lock:
            self._stream.seek(offset)
            return self._stream.read(min(length, self._size - offset))


@dataclass(frozen=True, slots=True)
class Slice:
    """
    A part of something readable, which begins at `start`.
    """

    whole: Readable
    start: int
    size: int

    @classmethod
    def of(cls, whole: Readable, start: int, size: int) -> Self:
        """
        A part, cut at the end of the whole.
        """
        return cls(whole, start, max(0, min(size, whole.size - start)))

    def read_at(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        return self.whole.read_at(self.start + offset, length) if offset >= 0 and length > 0 else b""


def exactly(readable: Readable, offset: int, length: int, subject: str) -> bytes:
    """
    A range that must be there as a whole.

    Raises:
        BadImage: it leads beyond the end; the message names the subject.
    """
    data = readable.read_at(offset, length)
    if len(data) != length:
        raise BadImage(f"{subject}: {length} bytes at {offset} lead beyond the end, {readable.size}")
    return data


class Stream(io.RawIOBase):
    """
    Something readable as a file with a position, for libraries that want one.
    """

    def __init__(self, readable: Readable) -> None:
        self._readable, self._at = readable, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._readable.size}[whence]
        if base + offset < 0:
            raise InputError(f"a position of {base + offset} is before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower, as BufferedReader calls it
        data = self._readable.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
