"""
The records that NTFS is made of: fixed up, taken apart into attributes, their extents decoded.

A record is a few KiB at most, and nothing in it is followed beyond its end.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.core.errors import BadImage

STANDARD, LIST, NAME, LABEL, INFORMATION, DATA, REPARSE = 0x10, 0x20, 0x30, 0x60, 0x70, 0x80, 0xC0
COMPRESSED, ENCRYPTED = 0x0001, 0x4000
IN_USE, FOLDER = 1, 2
_STRIDE = 512  # of the fix-ups, whatever the sector
_END = 0xFFFF_FFFF
_MAX_ATTRIBUTES = 1024
_HEAD = struct.Struct("<4sHHQHHHHIIQ")
_ATTRIBUTE = struct.Struct("<IIBBHHH")
_RESIDENT = struct.Struct("<IH")
_EXTENDED = struct.Struct("<QQHBxxxxxQQQ")

Extent = tuple[int, int]
"""
How many clusters, and the number of the first; -1 for a hole.
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """
    `value` is its content where it is resident, else the extents as they stand.
    """

    type: int
    name: bytes
    flags: int
    resident: bool
    value: bytes
    size: int
    initialised: int = 0
    vcn: int = 0
    last: int = 0
    unit: int = 0  # clusters that are packed together, as a power of two


@dataclass(frozen=True, slots=True)
class Record:
    number: int
    sequence: int
    flags: int
    base: int  # 0 where it is the first record of a file
    attributes: tuple[Attribute, ...]

    def of(self, type_: int) -> Iterator[Attribute]:
        """
        The attributes of a type that have no name.
        """
        return (one for one in self.attributes if one.type == type_ and not one.name)


def parse(raw: bytes, number: int, name: str) -> Record:
    """
    A record as it is on the disk.

    Raises:
        BadImage: it is no record, or torn, or its attributes lead out of it.
    """
    subject = f"{name}: record {number} of the MFT"
    if len(raw) < _HEAD.size or raw[:4] != b"FILE":
        raise BadImage(f"{subject} is none: it begins with {raw[:4]!r}")
    data = _fixed_up(raw, subject)
    _, _, _, _, sequence, _, first, flags, _, _, base = _HEAD.unpack_from(data)
    return Record(number, sequence, flags, base & 0xFFFF_FFFF_FFFF, tuple(_attributes(data, first, subject)))


def _fixed_up(raw: bytes, subject: str) -> bytes:
    """
    The last two bytes of every 512 stand in the header; a number in their place says that all was written.
    """
    at, count = struct.unpack_from("<HH", raw, 4)
    if count != len(raw) // _STRIDE + 1 or at + 2 * count > len(raw):
        raise BadImage(f"{subject}: {count} fix-ups at {at} do not fit {len(raw)} bytes")
    data, mark = bytearray(raw), raw[at : at + 2]
    for place in range(1, count):
        end = place * _STRIDE
        if data[end - 2 : end] != mark:
            raise BadImage(f"{subject} is torn: the sector that ends at {end} was not written with it")
        data[end - 2 : end] = raw[at + 2 * place : at + 2 * place + 2]
    return bytes(data)


def _attributes(data: bytes, at: int, subject: str) -> Iterator[Attribute]:
    for _ in range(_MAX_ATTRIBUTES):
        if at + 4 > len(data):
            raise BadImage(f"{subject}: its attributes have no end")
        if int.from_bytes(data[at : at + 4], "little") == _END:
            return
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if length < 24 or at + length > len(data):
            raise BadImage(f"{subject}: an attribute at {at} of {length} bytes leads out of it")
        yield _attribute(data[at : at + length], f"{subject}: the attribute at {at}")
        at += length
    raise BadImage(f"{subject}: more than {_MAX_ATTRIBUTES} attributes")


def _attribute(data: bytes, subject: str) -> Attribute:
    type_, _, away, width, named, flags, _ = _ATTRIBUTE.unpack_from(data)
    name = data[named : named + 2 * width]
    if not away:
        size, at = _RESIDENT.unpack_from(data, 16)
        if at + size > len(data):
            raise BadImage(f"{subject}: {size} bytes at {at} lead out of it")
        return Attribute(type_, name, flags, resident=True, value=data[at : at + size], size=size)
    if len(data) < 64:
        raise BadImage(f"{subject} is cut short")
    vcn, last, at, unit, _, size, initialised = _EXTENDED.unpack_from(data, 16)
    if vcn >> 63 or size >> 63 or unit > 8:
        raise BadImage(f"{subject}: a size of {size} from cluster {vcn} on is none")
    value = data[at:]
    return Attribute(type_, name, flags, False, value, size, initialised, vcn, last, unit)


def extents(attribute: Attribute, clusters: int, subject: str) -> Iterator[Extent]:
    """
    Where an attribute is, of a volume with so many clusters.

    Raises:
        BadImage: an extent leads beyond the volume, or they do not add up.
    """
    data, at, place, done = attribute.value, 0, 0, 0
    while at < len(data) and data[at]:
        width, offset = data[at] & 15, data[at] >> 4
        if not 0 < width <= 8 or offset > 8 or at + 1 + width + offset > len(data):
            raise BadImage(f"{subject}: an extent of {width} and {offset} bytes is none")
        count = int.from_bytes(data[at + 1 : at + 1 + width], "little")
        moved = data[at + 1 + width : at + 1 + width + offset]
        at += 1 + width + offset
        place += int.from_bytes(moved, "little", signed=True)
        if not count or count >> 55 or (offset and not 0 <= place <= clusters - count):
            raise BadImage(f"{subject}: {count} clusters at {place} are not on the volume of {clusters}")
        done += count
        yield count, place if offset else -1
    if attribute.size and attribute.vcn + done != attribute.last + 1:
        raise BadImage(f"{subject}: its extents have {done} clusters, it says {attribute.last + 1}")
