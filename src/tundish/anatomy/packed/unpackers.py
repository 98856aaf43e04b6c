"""
The libraries that unpack, behind one Protocol: fed piece by piece, every answer bounded.

What a library raises about the bytes becomes `BadImage` in `unpacked`, the one place that calls them.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol, cast

import lz4.block
import lz4.frame
import zstandard
from isal import igzip_lib

from tundish.anatomy.image import Compression
from tundish.anatomy.packed.gzip_member import GzipOnce
from tundish.core.errors import BadImage

MAX_WINDOW = 128 * 1024 * 1024  # how far back zstd may refer: `zstd --long=27`
MAX_XZ_MEMORY = 160 * 1024 * 1024  # `xz -9` needs 65 MiB; a dictionary of 128 MiB, 129
MAX_LEGACY_BLOCK = 8 * 1024 * 1024  # as the older frame of lz4 has it
_ZSTD_STEP = 1024  # four bytes of zstd may become 128 KiB, so that this becomes 32 MiB at most
_LZ4_MAGIC = b"\x04\x22\x4d\x18"


class Unpacker(Protocol):
    """
    One member (stream, frame) of something packed. What comes after its end is in `unused_data`.
    """

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Zstd:
    """
    A frame of zstd, in small steps, because the library knows no bound on what comes out of one.
    """

    def __init__(self) -> None:
        self._state = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
        self._waiting = b""
        self._ready = bytearray()

    @property
    def eof(self) -> bool:
        return self._state.eof and not self._ready

    @property
    def needs_input(self) -> bool:
        return not self._waiting and not self._ready

    @property
    def unused_data(self) -> bytes:
        return self._state.unused_data + self._waiting

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        waiting, at = self._waiting + data, 0
        while at < len(waiting) and len(self._ready) < max_length and not self._state.eof:
            self._ready += self._state.decompress(waiting[at : at + _ZSTD_STEP])
            at += _ZSTD_STEP
        self._waiting = waiting[at:]
        piece = bytes(self._ready[:max_length])
        del self._ready[:max_length]
        return piece


class Lz4:
    """
    A frame of lz4, of the newer form or of the older one, which is blocks with their length before them.
    """

    def __init__(self) -> None:
        self._frame: Unpacker | None = None
        self._waiting = b""
        self._old = self._over = False

    @property
    def eof(self) -> bool:
        return self._over or (self._frame is not None and self._frame.eof)

    @property
    def needs_input(self) -> bool:
        return self._frame is None or self._frame.needs_input

    @property
    def unused_data(self) -> bytes:
        return (self._frame.unused_data or b"") if self._frame is not None else self._waiting

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._frame is not None:
            return self._frame.decompress(data, max_length)
        self._over = self._old and not data and not self._waiting  # the file ends, and so does the frame
        self._waiting += data
        if not self._old and len(self._waiting) >= len(_LZ4_MAGIC):
            magic, rest = self._waiting[:4], self._waiting[4:]
            if magic == _LZ4_MAGIC:
                self._frame = lz4.frame.LZ4FrameDecompressor()
                return self.decompress(self._waiting, max_length)
            self._old, self._waiting = True, rest
        return self._blocks() if self._old else b""

    def _blocks(self) -> bytes:
        pieces, at = [], 0
        while len(self._waiting) >= at + 4 and not self._over:
            length = int.from_bytes(self._waiting[at : at + 4], "little")
            if not 0 < length <= MAX_LEGACY_BLOCK + MAX_LEGACY_BLOCK // 255 + 16:
                self._over = True  # nothing says where the frame ends, but that no block begins
            elif len(self._waiting) >= at + 4 + length:
                block = self._waiting[at + 4 : at + 4 + length]
                pieces.append(lz4.block.decompress(block, uncompressed_size=MAX_LEGACY_BLOCK))
                at += 4 + length
            else:
                break
        self._waiting = self._waiting[at:]
        return b"".join(pieces)


UNPACKERS: Mapping[Compression, Callable[[], Unpacker]] = {
    Compression.GZIP: GzipOnce,
    Compression.BZIP2: bz2.BZ2Decompressor,
    Compression.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY),
    Compression.ZSTD: Zstd,
    Compression.LZ4: Lz4,
}

_SAID_OF_THE_BYTES = (
    zlib.error,
    cast("type[Exception]", igzip_lib.IsalError),  # its stub calls the class an instance
    lzma.LZMAError,
    zstandard.ZstdError,
    OSError,  # bz2
    ValueError,  # bz2
    EOFError,
    RuntimeError,  # lz4's frames
    lz4.block.LZ4BlockError,
)


def unpacked(unpacker: Unpacker, data: bytes, most: int) -> bytes:
    """
    What comes out next.

    Raises:
        BadImage: the packed bytes are damaged, or ask for more memory than they may.
    """
    try:
        return unpacker.decompress(data, most)
    except _SAID_OF_THE_BYTES as error:
        raise BadImage(f"the packed data are damaged: {error}") from error
