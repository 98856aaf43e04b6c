"""
VMDK with its data in the same file: sparse as VMware writes it, and stream-optimized as it exports it.

A file that only describes a disk, or one of several that make it up, is refused; the message names what
is missing.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from tundish.anatomy.disk.blocks import Blocks, Packed, Place
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAGIC = b"KDMV"
_SECTOR = 512
_HEADER = struct.Struct("<4sIIQQQQIQQQBBBBBH")
_GRAIN = struct.Struct("<QI")  # before a packed grain: its first sector, its length
_ZEROED, _PACKED = 1 << 2, 1 << 16
_AT_THE_END = (1 << 64) - 1
_FOOTER = 1024  # from the end: the footer, then a marker of the end
_MAX_GRAIN = 4096  # sectors
_MAX_PER_TABLE = 65536
_MAX_TEXT = 64 * 1024
_EXTENT = re.compile(r'^(?:RW|RDONLY|NOACCESS)[ \t]+\d+[ \t]+(\w+)(?:[ \t]+"([^"\n]*)")?', re.MULTILINE)
_PARENT = re.compile(r"^parentCID[ \t]*=[ \t]*([0-9a-fA-F]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Shape:
    sectors: int
    grain: int  # sectors
    per_table: int
    tables_at: int  # sectors
    zeroed: bool
    packed: bool


def read(file: Readable, name: str) -> Readable:
    """
    The disk in a VMDK file.

    Raises:
        BadImage: it is damaged, or a part of the disk is in another file.
    """
    subject = f"{name}: VMDK"
    head = file.read_at(0, _HEADER.size)
    if not head.startswith(MAGIC):
        raise BadImage(_missing(file.read_at(0, _MAX_TEXT), subject))
    shape = _shape(head, file, subject)
    return Blocks(file, _Layout(file, shape, subject), subject)


def _missing(head: bytes, subject: str) -> str:
    if head.startswith(b"COWD"):
        return f"{subject}: the sparse form of an ESXi host; export it, or use vmkfstools -i"
    text = head.decode("latin-1")
    files = [match[2] for match in _EXTENT.finditer(text) if match[2]]
    if not files:
        return f"{subject}: neither a sparse disk nor a description of one"
    return f"{subject}: only describes a disk whose bytes are in {', '.join(files[:8])}; give that file"


def _shape(head: bytes, file: Readable, subject: str) -> _Shape:
    if len(head) < _HEADER.size:
        raise BadImage(f"{subject}: only {len(head)} bytes of a header; the file was cut short")
    fields = _HEADER.unpack(head)
    if fields[9] == _AT_THE_END:
        at = file.size - _FOOTER
        fields = _HEADER.unpack(exactly(file, at, _HEADER.size, f"{subject}: the footer"))
        if fields[0] != MAGIC or fields[9] == _AT_THE_END:
            raise BadImage(f"{subject}: no footer at {at}; the file was cut short")
    _, version, flags, sectors, grain, text_at, text, per_table, _, tables_at, *_ = fields
    if version not in {1, 2, 3}:
        raise BadImage(f"{subject}: version {version} is not known")
    if not 1 <= grain <= _MAX_GRAIN or grain & (grain - 1) or not 1 <= per_table <= _MAX_PER_TABLE:
        raise BadImage(f"{subject}: grains of {grain} sectors, {per_table} in a table")
    if flags & _PACKED and fields[16] != 1:
        raise BadImage(f"{subject}: compression {fields[16]} is not known; 1 is deflate")
    _judge(file.read_at(text_at * _SECTOR, min(text * _SECTOR, _MAX_TEXT)), subject)
    return _Shape(sectors, grain, per_table, tables_at, bool(flags & _ZEROED), bool(flags & _PACKED))


def _judge(description: bytes, subject: str) -> None:
    """
    Refuse a disk of which this file is only a part.
    """
    text = description.rstrip(b"\0").decode("latin-1")
    parent = _PARENT.search(text)
    if parent and parent[1].lower() != "ffffffff":
        raise BadImage(f"{subject}: only what differs from another disk, {parent[1]}; clone the whole of it")
    extents = _EXTENT.findall(text)
    if len(extents) > 1:
        named = ", ".join(file for _, file in extents[:8])
        raise BadImage(f"{subject}: one of several files that make up a disk, {named}; join them")


class _Layout:
    def __init__(self, file: Readable, shape: _Shape, subject: str) -> None:
        self._shape, self._subject, self._file = shape, subject, Paged(file)
        self.size, self.block = shape.sectors * _SECTOR, shape.grain * _SECTOR
        tables = -(-shape.sectors // (shape.grain * shape.per_table))
        if shape.tables_at * _SECTOR + 4 * tables > file.size:
            raise BadImage(f"{subject}: its directory of {tables} tables leads beyond the end")

    def place(self, number: int) -> Place:
        first, second = divmod(number, self._shape.per_table)
        table = self._number(self._shape.tables_at * _SECTOR + 4 * first)
        if not table:
            return None
        sector = self._number(table * _SECTOR + 4 * second)
        if not sector or (sector == 1 and self._shape.zeroed):
            return None
        return self._packed(sector * _SECTOR, number) if self._shape.packed else sector * _SECTOR

    def unpack(self, data: bytes, number: int) -> bytes:
        try:
            whole = zlib.decompressobj().decompress(data, self.block)
        except zlib.error as error:
            raise BadImage(f"{self._subject}: packed grain {number} is damaged: {error}") from error
        left = self.size - number * self.block
        return whole + bytes(self.block - len(whole)) if len(whole) >= left else whole

    def _packed(self, at: int, number: int) -> Packed:
        head = exactly(self._file, at, _GRAIN.size, f"{self._subject}: grain {number}")
        sector, length = _GRAIN.unpack(head)
        if sector != number * self._shape.grain or length > 2 * self.block + _SECTOR:
            raise BadImage(f"{self._subject}: at {at} begins sector {sector}, not grain {number}")
        return Packed(at + _GRAIN.size, length)

    def _number(self, at: int) -> int:
        return self._file.number(at, 4, "little", f"{self._subject}: a table of grains")
