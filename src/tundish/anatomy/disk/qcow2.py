"""
QCOW2, versions 2 and 3: two levels of tables that say for each cluster where it is.

What needs a second file (a backing file, an external data file) or a key is refused by name; internal
snapshots are passed over.
"""

import struct
import zlib
from dataclasses import dataclass

from zstandard import ZstdDecompressor, ZstdError

from tundish.anatomy.disk.blocks import Blocks, Packed, Place
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAGIC = b"QFI\xfb"
_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")  # version 2, 72 bytes
_MORE = struct.Struct(">QQQII")  # version 3
_PACKING_AT = 104  # the byte that names the compression, where the header is longer than this
_DIRTY, _CORRUPT, _EXTERNAL, _PACKING, _EXTENDED = (1 << bit for bit in range(5))
_PACKED, _ZERO = 1 << 62, 1
_OFFSET = 0x00FF_FFFF_FFFF_FE00
_SUBCLUSTERS = 32
_DEFLATE_WINDOW = -12
_ZSTD_WINDOW = 8 * 1024 * 1024
_NAME = 1023  # of a backing file, at most


@dataclass(frozen=True, slots=True)
class _Shape:
    """
    What the header says.
    """

    size: int
    cluster: int
    bits: int
    tables: int  # entries of the first level
    tables_at: int
    zstd: bool
    extended: bool
    zeros: bool  # version 3 knows clusters of zeros


def read(file: Readable, name: str) -> Readable:
    """
    The disk in a qcow2 file.

    Raises:
        BadImage: it is damaged, or needs what is not in the file.
    """
    return Blocks(file, _Layout(file, _shape(file, f"{name}: qcow2"), f"{name}: qcow2"), f"{name}: qcow2")


def _shape(file: Readable, subject: str) -> _Shape:
    head = exactly(file, 0, _HEADER.size, f"{subject}: the header")
    magic, version, back_at, back, bits, size, crypt, tables, tables_at, *_ = _HEADER.unpack(head)
    if magic != MAGIC or version not in {2, 3}:
        raise BadImage(f"{subject}: no header of version 2 or 3")
    if back_at:
        backing = file.read_at(back_at, min(back, _NAME)).decode("utf-8", "replace")
        raise BadImage(f"{subject}: only what differs from {backing!r}; join both with qemu-img convert")
    if crypt:
        raise BadImage(f"{subject}: encrypted; convert it to a plain one with qemu-img convert")
    if not 9 <= bits <= 21:
        raise BadImage(f"{subject}: clusters of 2**{bits} bytes; they have 2**9 to 2**21")
    features, packing = _features(file, subject) if version == 3 else (0, 0)
    extended = bool(features & _EXTENDED)
    if extended and bits < 14:
        raise BadImage(f"{subject}: subclusters in clusters of only 2**{bits} bytes")
    return _Shape(size, 1 << bits, bits, tables, tables_at, packing == 1, extended, version == 3)


def _features(file: Readable, subject: str) -> tuple[int, int]:
    more = exactly(file, _HEADER.size, _MORE.size, f"{subject}: the header")
    features, _, _, _, length = _MORE.unpack(more)
    if features & _EXTERNAL:
        raise BadImage(f"{subject}: its data is in another file; join both with qemu-img convert")
    if unknown := features & ~(_DIRTY | _CORRUPT | _EXTERNAL | _PACKING | _EXTENDED):
        raise BadImage(f"{subject}: features that are not known, {unknown:#x}")
    if features & _CORRUPT:
        raise BadImage(f"{subject}: marked as corrupt by who wrote it; mend it with qemu-img check -r all")
    packing = 0
    if length > _PACKING_AT and features & _PACKING:
        packing = exactly(file, _PACKING_AT, 1, f"{subject}: the header")[0]
    if packing > 1:
        raise BadImage(f"{subject}: compression {packing} is not known; 0 is deflate, 1 zstd")
    return features, packing


class _Layout:
    def __init__(self, file: Readable, shape: _Shape, subject: str) -> None:
        self._shape, self._subject, self._file = shape, subject, Paged(file)
        self._width = 16 if shape.extended else 8
        self._per_table = shape.cluster // self._width
        self.size = shape.size
        self.block = shape.cluster // _SUBCLUSTERS if shape.extended else shape.cluster
        needed = -(-shape.size // (shape.cluster * self._per_table))
        if needed > shape.tables or shape.tables_at + 8 * needed > file.size:
            raise BadImage(f"{subject}: its first table has no room for the {needed} entries of this size")

    def place(self, number: int) -> Place:
        cluster, part = divmod(number, _SUBCLUSTERS) if self._shape.extended else (number, 0)
        first, second = divmod(cluster, self._per_table)
        table = self._number(self._shape.tables_at + 8 * first) & _OFFSET
        if not table:
            return None
        entry = self._number(table + self._width * second)
        if entry & _PACKED:
            return self._packed(entry, part * self.block)
        if self._shape.extended:
            return self._subcluster(entry, self._number(table + self._width * second + 8), part)
        if not entry & _OFFSET or (self._shape.zeros and entry & _ZERO):
            return None
        return entry & _OFFSET

    def unpack(self, data: bytes, number: int) -> bytes:
        try:
            if self._shape.zstd:
                reader = ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(data)
                return reader.read(self._shape.cluster)
            return zlib.decompressobj(_DEFLATE_WINDOW).decompress(data, self._shape.cluster)
        except (zlib.error, ZstdError) as error:
            raise BadImage(f"{self._subject}: packed cluster {number} is damaged: {error}") from error

    def _number(self, at: int) -> int:
        return self._file.number(at, 8, "big", f"{self._subject}: a table of clusters")

    def _packed(self, entry: int, skip: int) -> Packed:
        split = 62 - (self._shape.bits - 8)
        at = entry & ((1 << split) - 1)
        sectors = (entry & (_PACKED - 1)) >> split
        return Packed(at, (sectors + 1) * 512 - at % 512, skip)

    def _subcluster(self, entry: int, bitmap: int, part: int) -> Place:
        if bitmap >> (32 + part) & 1 or not bitmap >> part & 1 or not entry & _OFFSET:
            return None
        return (entry & _OFFSET) + part * self.block
