"""
Small bytes packed and unpacked in memory: the same bytes in, the same bytes out, and a bound on both.
"""

import lzma
import zlib

from tundish.core.errors import InputError

MAX_EXPANDED = 256 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # with a gzip header, which zlib writes without a name and with time 0


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
            whole = zlib.decompressobj(_GZIP).decompress(data, limit + 1)
        elif name.endswith(".xz"):
            whole = lzma.LZMADecompressor(memlimit=MAX_EXPANDED).decompress(data, limit + 1)
        else:
            return data
    except (zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{name} is damaged: {error}") from error
    if len(whole) > limit:
        raise InputError(f"{name} becomes longer than {limit} bytes")
    return whole
