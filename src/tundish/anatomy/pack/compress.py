"""
Compress a stream on several threads: the same bytes whatever their number, without name or time.

The stream is cut in blocks of a fixed size, which are compressed by themselves and joined in their order:
as one member of gzip, or as several streams of xz or bzip2, which their readers take for one.
"""

import bz2
import lzma
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from tundish.anatomy.image import Compression

_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_GZIP_LEVEL, _XZ_LEVEL = 6, 6
_BLOCK = {Compression.GZIP: 1 << 20, Compression.XZ: 16 << 20, Compression.BZIP2: 900_000}


def compressed(pieces: Iterable[bytes], compression: Compression, threads: int = 2) -> Iterator[bytes]:
    """
    The compressed stream of `pieces`; at most `threads` + 2 blocks are held at once.
    """
    blocks = _blocks(pieces, _BLOCK[compression])
    if compression is not Compression.GZIP:
        pack = lzma_block if compression is Compression.XZ else bz2.compress
        yield from side_by_side(blocks, pack, threads)
        return
    check = length = 0

    def counted() -> Iterator[bytes]:
        nonlocal check, length
        for block in blocks:
            check, length = zlib.crc32(block, check), length + len(block)
            yield block

    yield _GZIP_HEAD
    yield from side_by_side(counted(), _deflated, threads)
    yield b"\x03\x00" + check.to_bytes(4, "little") + (length % 2**32).to_bytes(4, "little")


def lzma_block(block: bytes) -> bytes:
    return lzma.compress(block, lzma.FORMAT_XZ, lzma.CHECK_CRC64, _XZ_LEVEL)


def _deflated(block: bytes) -> bytes:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -15)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)


def side_by_side(blocks: Iterable[bytes], pack: Callable[[bytes], bytes], threads: int) -> Iterator[bytes]:
    """
    What `pack` makes of each block, in their order; at most `threads` + 2 are held.
    """
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(threads, "pack") as pool:
        try:
            for block in blocks:
                waiting.append(pool.submit(pack, block))
                if len(waiting) > threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()  # nobody takes it any more, and leaving the pool would wait for it


def _blocks(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
