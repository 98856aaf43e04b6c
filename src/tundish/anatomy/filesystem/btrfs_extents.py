"""
The content of files in btrfs: extents in the tree itself, on the device, or nowhere, packed or not.

What unpacks to more than an extent may hold is refused before it is unpacked.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import zstandard

from tundish.anatomy.filesystem.btrfs_trees import EXTENT, Tree, Trees
from tundish.anatomy.filesystem.lzo import LzoError, unpack
from tundish.anatomy.filesystem.walk import PIECE, zeros
from tundish.core.errors import BadImage

_HEAD, _MORE = struct.Struct("<QQBBHB"), struct.Struct("<QQQQ")
_INLINE, _REGULAR, _PREALLOCATED = 0, 1, 2
_NOT_PACKED, _ZLIB, _LZO, _ZSTD = 0, 1, 2, 3
_MAX_PACKED = 1024 * 1024  # bytes of an extent, unpacked; the kernel makes 128 KiB


@dataclass(frozen=True, slots=True)
class Volume:
    """
    The trees, and the size of a sector, in which lzo is packed.
    """

    trees: Trees
    sector: int

    def content(self, tree: Tree, owner: int, size: int) -> Iterator[bytes]:
        """
        The bytes of a file in pieces, holes as zeros.

        Raises:
            BadImage: the filesystem is damaged there.
        """
        at, subject = 0, f"{self.trees.name}: the content of inode {owner}"
        for start, raw in self.trees.of(tree, owner, EXTENT):
            if start >= size:
                break
            if start < at or len(raw) < _HEAD.size:
                raise BadImage(f"{subject} is damaged at {start}")
            yield from zeros(start - at)
            at = start
            for piece in self._extent(raw, size - start, subject):
                yield piece
                at += len(piece)
        yield from zeros(size - at)

    def _extent(self, raw: bytes, most: int, subject: str) -> Iterator[bytes]:
        """
        The bytes of an extent, at most so many.
        """
        _, length, packing, encryption, other, form = _HEAD.unpack_from(raw)
        if encryption or other or packing > _ZSTD or form > _PREALLOCATED:
            raise BadImage(f"{subject} is encrypted, or in a form that is not known")
        if form == _INLINE:
            yield self._unpacked(packing, raw[_HEAD.size :], length, subject)[:most]
            return
        if len(raw) < _HEAD.size + _MORE.size:
            raise BadImage(f"{subject} is damaged")
        address, held, skip, count = _MORE.unpack_from(raw, _HEAD.size)
        if not address or form == _PREALLOCATED:
            yield from zeros(min(count, most))
        elif skip + count > length or (not packing and skip + count > held):
            raise BadImage(f"{subject} leads out of its extent")
        elif packing:
            if max(length, held) > _MAX_PACKED:
                raise BadImage(f"{subject} has an extent of {length} bytes, packed in {held}")
            data = self.trees.chunks.read(address, held, subject)
            yield self._unpacked(packing, data, length, subject)[skip : skip + min(count, most)]
        else:
            end = skip + min(count, most)
            for here in range(skip, end, PIECE):
                yield self.trees.chunks.read(address + here, min(PIECE, end - here), subject)

    def _unpacked(self, packing: int, data: bytes, length: int, subject: str) -> bytes:
        if not packing:
            return data[:length]
        if length > _MAX_PACKED:
            raise BadImage(f"{subject} has an extent of {length} bytes")
        try:
            if packing == _ZLIB:
                found = zlib.decompressobj().decompress(data, length) if length else b""
            elif packing == _LZO:
                found = unpack(data, length, self.sector)
            else:
                unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_PACKED)
                found = unpacker.stream_reader(data).read(length)
        except (zlib.error, zstandard.ZstdError, LzoError) as error:
            raise BadImage(f"{subject} cannot be unpacked: {error}") from error
        return found.ljust(length, b"\0")  # the last sector of a file may end early
