"""
The blocks of a squashfs: unpacked one at a time, never to more than they may become.

Metadata is a chain of blocks of 8 KiB, read through a window that is bounded in memory.
"""

import lzma
from collections.abc import Callable
from typing import cast

import zstandard
from isal import isal_zlib
from lz4 import block as lz4_block

from tundish.anatomy.paged import Recent
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

METADATA = 8192  # bytes of an unpacked block
_KEPT = 16 * 1024 * 1024
_XZ_MEMORY = 64 * 1024 * 1024
_STORED = 0x8000  # the block is not compressed

Unpack = Callable[[bytes, int], bytes]
"""
Compressed bytes and a limit; what comes out is at most so long, or one byte longer when it is too much.
"""


def _gzip(data: bytes, limit: int) -> bytes:
    return bytes(isal_zlib.decompressobj().decompress(data, limit + 1))


def _xz(data: bytes, limit: int) -> bytes:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY).decompress(data, limit + 1)


def _lz4(data: bytes, limit: int) -> bytes:
    return bytes(lz4_block.decompress(data, uncompressed_size=limit))


def _zstd(data: bytes, limit: int) -> bytes:
    if zstandard.frame_content_size(data) > limit:
        raise zstandard.ZstdError(f"a frame of more than {limit} bytes")
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(data, max_output_size=limit)


UNPACKERS: dict[int, tuple[str, Unpack | None]] = {
    1: ("gzip", _gzip),
    2: ("lzma", None),
    3: ("lzo", None),
    4: ("xz", _xz),
    5: ("lz4", _lz4),
    6: ("zstd", _zstd),
}
_FAULTS: tuple[type[Exception], ...] = (
    cast("type[Exception]", isal_zlib.error),
    lzma.LZMAError,
    zstandard.ZstdError,
    cast("type[Exception]", lz4_block.LZ4BlockError),
    ValueError,
    EOFError,
    MemoryError,
)


class Blocks:
    """
    The blocks of one image, by their place in it.
    """

    def __init__(self, readable: Readable, unpack: Unpack, name: str) -> None:
        self.readable, self.name = readable, name
        self._unpack = unpack
        self._metadata, self._lengths = Recent(_KEPT), dict[int, int]()

    def data(self, at: int, size: int, limit: int, *, stored: bool) -> bytes:
        """
        A block of files' content.

        Raises:
            BadImage: it is damaged, or becomes longer than the limit.
        """
        raw = exactly(self.readable, at, size, f"{self.name}: a block of data")
        return raw if stored else self._unpacked(raw, at, limit)

    def metadata(self, at: int) -> tuple[bytes, int]:
        """
        A block of metadata, and the place of the one that follows.
        """
        block = self._metadata.get(at, lambda: self._read(at))
        return block, at + 2 + self._length(at)

    def _length(self, at: int) -> int:
        if at not in self._lengths:
            head = exactly(self.readable, at, 2, f"{self.name}: a block of metadata")
            self._lengths[at] = int.from_bytes(head, "little")
        return self._lengths[at] & ~_STORED

    def _read(self, at: int) -> bytes:
        length = self._length(at)
        raw = exactly(self.readable, at + 2, length, f"{self.name}: a block of metadata")
        block = raw if self._lengths[at] & _STORED else self._unpacked(raw, at, METADATA)
        if not 0 < len(block) <= METADATA:
            raise BadImage(f"{self.name}: the block of metadata at {at} has {len(block)} bytes")
        return block

    def _unpacked(self, raw: bytes, at: int, limit: int) -> bytes:
        try:
            whole = self._unpack(raw, limit)
        except _FAULTS as error:
            raise BadImage(f"{self.name}: the block at {at} does not unpack: {error}") from error
        if len(whole) > limit:
            raise BadImage(f"{self.name}: the block at {at} becomes longer than {limit} bytes")
        return whole


class Cursor:
    """
    A place in a chain of metadata blocks, read onward from there.
    """

    def __init__(self, blocks: Blocks, at: int, offset: int) -> None:
        self._blocks = blocks
        self._block, self._next = blocks.metadata(at)
        self._offset = offset
        if offset >= METADATA:
            raise BadImage(f"{blocks.name}: an offset of {offset} in a block of metadata")

    def take(self, length: int) -> bytes:
        """
        So many bytes.

        Raises:
            BadImage: the chain ends before.
        """
        start, end = self._offset, self._offset + length
        if end <= len(self._block):
            self._offset = end
            return self._block[start:end]
        found = self._block[start:]
        pieces, missing = [found], length - len(found)
        while missing > 0:
            self._block, self._next = self._blocks.metadata(self._next)
            pieces.append(self._block[:missing])
            self._offset = len(pieces[-1])
            missing -= self._offset
        return b"".join(pieces)
