"""
Small bytes packed and unpacked in memory: the same bytes in, the same bytes out, and a bound on both.
"""

import lzma
import zlib
from typing import Protocol

from tundish.core.errors import InputError

MAX_EXPANDED = 256 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # with a gzip header, which zlib writes without a name and with time 0


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def gzipped(data: bytes, level: int = 6) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return packer.compress(data) + packer.flush()


def expanded(name: str, data: bytes, limit: int = MAX_EXPANDED) -> bytes:
    """
    The bytes of a file whose name may end in `.gz` or `.xz`; of any other, the bytes as they are.

    Raises:
        InputError: they are damaged, or become too long.
    """
    try:
        if name.endswith(".gz"):
            unpacker: _Unpacker = zlib.decompressobj(_GZIP)
        elif name.endswith(".xz"):
            unpacker = lzma.LZMADecompressor(memlimit=MAX_EXPANDED)
        else:
            return data
        whole = unpacker.decompress(data, limit + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{name} is damaged: {error}") from error
    if len(whole) > limit:
        raise InputError(f"{name} becomes longer than {limit} bytes")
    if not unpacker.eof:
        raise InputError(f"{name} is damaged: it ends too early")
    return whole
