"""
A member of gzip, by ISA-L where it is read once, by zlib where its state must be copied.

The header is read here: ISA-L loses its place in one that comes in two pieces.
"""

import zlib
from typing import Protocol, Self

from isal import igzip_lib

from tundish.core.errors import BadImage

MAGIC = b"\x1f\x8b\x08"
MAX_HEADER = 256 * 1024  # a name and a comment may be of any length, an extra field of 64 KiB

_FIXED = 10
_CHECKED, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


def is_stamped(head: bytes) -> bool:
    """
    Whether a header holds a name or a time.
    """
    return len(head) >= _FIXED and (bool(head[3] & _NAME) or any(head[4:8]))


def header_length(data: bytes) -> int | None:
    """
    How long the header is; None if there is more of it to come.

    Raises:
        BadImage: it is none, or too long.
    """
    if len(data) < _FIXED:
        return None
    flags, at = data[3], _FIXED
    if not data.startswith(MAGIC) or flags & _RESERVED:
        raise BadImage("a member of the gzip begins with no header")
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for text in (_NAME, _COMMENT):
        if flags & text:
            end = data.find(b"\0", at)
            at = len(data) + 1 if end < 0 else end + 1
    end = at + 2 if flags & _CHECKED else at
    if end > MAX_HEADER:
        raise BadImage(f"a header of the gzip is longer than {MAX_HEADER} bytes")
    if end > len(data):
        return None
    if end > at and int.from_bytes(data[at:end], "little") != zlib.crc32(data[:at]) & 0xFFFF:
        raise BadImage("a header of the gzip has another checksum than it says")
    return end


class GzipOnce:
    """
    A member read from its beginning to its end.
    """

    def __init__(self) -> None:
        self._state = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP_NO_HDR_VER)
        self._header: bytes | None = b""  # what came of it; None once it is over

    @property
    def eof(self) -> bool:
        return bool(self._state.eof)

    @property
    def needs_input(self) -> bool:
        return self._header is not None or bool(self._state.needs_input)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._state.unused_data)

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._header is not None:
            data = self._header + data
            length = header_length(data)
            self._header = data if length is None else None
            if length is None:
                return b""
            data = data[length:]
        return self._state.decompress(data, max_length)


class _State(Protocol):
    """
    What zlib's decompressor is, whose class has no public name.
    """

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    def copy(self) -> Self: ...


class GzipAgain:
    """
    A member whose state can be copied, to go on from there later.
    """

    def __init__(self, state: "_State | None" = None) -> None:
        self._state: _State = state or zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._state.eof

    @property
    def needs_input(self) -> bool:
        return not self._state.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._state.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._state.decompress(self._state.unconsumed_tail + data, max_length)

    def copy(self) -> Self:
        return type(self)(self._state.copy())

    @property
    def waiting(self) -> int:
        """
        How many bytes were given and are not used yet.
        """
        return len(self._state.unconsumed_tail)

    def emptied(self) -> tuple[Self, int]:
        """
        A copy without the bytes that wait, and how far it is ahead: by a byte, if one was ready.
        """
        state = self._state.copy()
        ahead = 0 if state.eof else len(state.decompress(b"", 1))
        return type(self)(state), ahead
