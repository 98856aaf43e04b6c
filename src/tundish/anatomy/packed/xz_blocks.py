"""
The blocks of an xz file, from the indexes at the ends of its streams: where it can be entered.

An index that does not fit the file gives no blocks; that the data are whole, the first reading tells.
"""

import lzma
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tundish.anatomy.packed.unpackers import MAX_XZ_MEMORY, unpacked
from tundish.anatomy.packed.unwrapping import PIECE
from tundish.anatomy.readable import Readable

MAX_BLOCKS = 250_000
MAX_STREAMS = 10_000
MAX_BLOCK = 256 * 1024 * 1024  # unpacked; more is too far to the place wanted

_HEADER = _FOOTER = 12
_READ = 64 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """
    `begin` and `end` in the file; `header` is that of its stream, without which no block is unpacked.
    """

    begin: int
    end: int
    size: int
    header: int


@dataclass(frozen=True, slots=True)
class XzBlocks:
    readable: Readable
    blocks: Sequence[Block]
    offsets: Sequence[int]

    def enter(self, offset: int) -> tuple[int, Iterator[bytes]]:
        number = max(0, bisect_right(self.offsets, offset) - 1)
        return self.offsets[number], self._from(number)

    def _from(self, number: int) -> Iterator[bytes]:
        for block in self.blocks[number:]:
            unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)
            data = self.readable.read_at(block.header, _HEADER)
            at, left = block.begin, block.size
            while left:
                piece = unpacked(unpacker, data, PIECE)
                data = self.readable.read_at(at, min(_READ, block.end - at)) if unpacker.needs_input else b""
                at += len(data)
                if not piece and not data:
                    return
                left -= len(piece)
                yield piece


def xz_blocks(readable: Readable) -> XzBlocks | None:
    """
    The blocks in their order; None if there are none of use.
    """
    found: list[Block] = []
    end = readable.size
    for _ in range(MAX_STREAMS):
        while end >= 4 and readable.read_at(end - 4, 4) == bytes(4):
            end -= 4
        stream = _stream(readable, end)
        if stream is None or len(found) + len(stream[1]) > MAX_BLOCKS:
            return None
        end, blocks = stream
        found[:0] = blocks
        if end == 0:
            return _useful(readable, found)
    return None


def _useful(readable: Readable, blocks: Sequence[Block]) -> XzBlocks | None:
    if not blocks or max(block.size for block in blocks) > MAX_BLOCK:
        return None
    offsets, at = [], 0
    for block in blocks:
        offsets.append(at)
        at += block.size
    return XzBlocks(readable, blocks, offsets)


def _stream(readable: Readable, end: int) -> tuple[int, list[Block]] | None:
    footer = readable.read_at(end - _FOOTER, _FOOTER)
    if footer[-2:] != b"YZ":
        return None
    index = 4 * (1 + int.from_bytes(footer[4:8], "little"))
    start = end - _FOOTER - index
    if start < _HEADER or index > 20 * MAX_BLOCKS:
        return None
    sizes = _records(readable.read_at(start, index))
    begin = start - sum(_padded(packed) for packed, _ in sizes)
    header = begin - _HEADER
    if header < 0 or readable.read_at(header, 6) != b"\xfd7zXZ\0":
        return None
    blocks = []
    for packed, size in sizes:
        blocks.append(Block(begin, begin + _padded(packed), size, header))
        begin += _padded(packed)
    return header, blocks


def _padded(length: int) -> int:
    return length + -length % 4


def _records(data: bytes) -> list[tuple[int, int]]:
    """
    Packed and unpacked size of each block.
    """
    count, at = _varint(data, 1)
    found = []
    for _ in range(min(count, MAX_BLOCKS)):
        packed, at = _varint(data, at)
        size, at = _varint(data, at)
        if at > len(data):
            break
        found.append((packed, size))
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count, byte in enumerate(data[at : at + 9]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    return value, len(data) + 1
