"""
LVM2: physical volumes by their label, and the newest description of the group that any of them carries.

Logical volumes of linear segments, and of stripes over one device, become readable; of others it is said
what they are.
"""

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise

from tundish.anatomy.disk import lvm_text
from tundish.anatomy.disk.lvm_text import Section
from tundish.anatomy.readable import Readable, Slice, exactly
from tundish.core.errors import BadImage

_SECTOR = 512
_LABEL_SECTORS = 4
_LABEL = struct.Struct("<8sQII8s")
_TYPE = b"LVM2 001"
_AREA = struct.Struct("<QQ")
_MAX_AREAS = 2  # as many as LVM ever makes
_AREA_HEADER = struct.Struct("<I16sIQQ")
_AREA_MAGIC = b" LVM2 x[5A%r0N*>"
_SLOT = struct.Struct("<QQII")
_IGNORED = 1
_SEED = 0xF597_A6CF
_MAX_SEGMENTS = 100_000
_MAX_VOLUMES = 4096


@dataclass(frozen=True, slots=True)
class Physical:
    """
    A physical volume: its id, and the description of its group, newest copy, or why there is none.
    """

    id: str
    device: Readable
    description: Section | None = None
    why: str = ""

    @property
    def age(self) -> int:
        """
        The number of the change that wrote its description.
        """
        described = lvm_text.sections(self.description or {})
        return max((lvm_text.number(group, "seqno") for _, group in described), default=-1)


@dataclass(frozen=True, slots=True)
class Logical:
    """
    A logical volume; `device` is None where it cannot be read, and `why` says so.
    """

    name: str
    size: int
    device: Readable | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    id: str
    volumes: tuple[Logical, ...]


def physical(device: Readable, name: str) -> Physical:
    """
    Read the label of a physical volume and what it says of its group.

    Raises:
        BadImage: it has no label that fits.
    """
    for sector in range(_LABEL_SECTORS):
        data = device.read_at(sector * _SECTOR, _SECTOR)
        if len(data) == _SECTOR and data.startswith(b"LABELONE"):
            return _physical(device, data, sector, name)
    raise BadImage(f"{name}: no label of LVM2 in its first {_LABEL_SECTORS} sectors")


def _physical(device: Readable, data: bytes, sector: int, name: str) -> Physical:
    _, mine, stated, start, kind = _LABEL.unpack(data[: _LABEL.size])
    if kind != _TYPE or mine != sector or stated != _checksum(data[20:]) or start > _SECTOR - 40:
        raise BadImage(f"{name}: the label of LVM2 in sector {sector} is damaged")
    own = data[start : start + 32].decode("latin-1")
    rows = [_AREA.unpack_from(data, at) for at in range(start + 40, _SECTOR - _AREA.size + 1, _AREA.size)]
    bounds = [at for at, (offset, _) in enumerate(rows) if not offset]
    if len(bounds) < 2:
        raise BadImage(f"{name}: the lists of areas in the label of LVM2 do not end")
    areas = rows[bounds[0] + 1 : bounds[1]][:_MAX_AREAS]
    members = [_with_area(device, own, area, size, name) for area, size in areas]
    empty = Physical(own, device, why="it keeps no description of its group")
    return max(members, key=lambda each: each.age, default=empty)


def _with_area(device: Readable, own: str, start: int, size: int, name: str) -> Physical:
    try:
        text = _description(device, start, size, name)
        return Physical(own, device, lvm_text.parsed(text, f"{name}: LVM2"))
    except BadImage as error:
        return Physical(own, device, why=str(error))


def _description(device: Readable, start: int, size: int, name: str) -> str:
    """
    The text of a metadata area; its buffer goes round, so it may continue after the header.
    """
    header = exactly(device, start, _SECTOR, f"{name}: a metadata area of LVM2")
    stated, magic, _, _, length = _AREA_HEADER.unpack(header[: _AREA_HEADER.size])
    if magic != _AREA_MAGIC or stated != _checksum(header[4:]) or length != size:
        raise BadImage(f"{name}: the header of the metadata area of LVM2 at {start} is damaged")
    offset, count, checksum, flags = _SLOT.unpack_from(header, _AREA_HEADER.size)
    if not offset or flags & _IGNORED:
        raise BadImage(f"{name}: the metadata area of LVM2 at {start} is not in use")
    if not _SECTOR <= offset < length or not 0 < count <= min(length - _SECTOR, lvm_text.MAX_TEXT):
        raise BadImage(f"{name}: the metadata of LVM2 at {start} leads out of its area")
    before_end = min(count, length - offset)
    data = exactly(device, start + offset, before_end, f"{name}: the metadata of LVM2")
    if before_end < count:
        data += exactly(device, start + _SECTOR, count - before_end, f"{name}: the metadata of LVM2")
    if _checksum(data) != checksum:
        raise BadImage(f"{name}: the checksum of the metadata of LVM2 at {start} does not fit")
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _checksum(data: bytes) -> int:
    return zlib.crc32(data, _SEED ^ 0xFFFF_FFFF) ^ 0xFFFF_FFFF


def groups(found: Sequence[Physical]) -> Iterator[Group]:
    """
    The groups that these physical volumes make up, each once, with its logical volumes.
    """
    devices = {one.id: one.device for one in found}
    newest: dict[str, tuple[str, Section]] = {}
    for one in sorted(found, key=lambda each: each.age):
        for name, described in lvm_text.sections(one.description or {}):
            newest[lvm_text.word(described, "id")] = (name, described)
    for own, (name, described) in newest.items():
        yield Group(name, own, tuple(_volumes(name, described, devices)))


def _volumes(group: str, described: Section, devices: Mapping[str, Readable]) -> Iterator[Logical]:
    unit = lvm_text.number(described, "extent_size") * _SECTOR
    places: dict[str, tuple[Readable | None, int]] = {}
    for label, one in lvm_text.sections(lvm_text.section(described, "physical_volumes")):
        own = lvm_text.word(one, "id").replace("-", "")
        places[label] = devices.get(own), lvm_text.number(one, "pe_start") * _SECTOR
    listed = lvm_text.sections(lvm_text.section(described, "logical_volumes"))
    for name, one in islice(listed, _MAX_VOLUMES):
        if "VISIBLE" in lvm_text.words(one, "status"):
            yield _volume(f"{group}/{name}", one, unit, places)


def _volume(
    name: str, described: Section, unit: int, places: Mapping[str, tuple[Readable | None, int]]
) -> Logical:
    segments = [one for _, one in lvm_text.sections(described)]
    total = max(0, sum(lvm_text.number(one, "extent_count") for one in segments) * unit)
    if len(segments) > _MAX_SEGMENTS:
        return Logical(name, total, None, f"{len(segments)} segments; at most {_MAX_SEGMENTS} are read")
    pieces: list[tuple[int, Slice]] = []
    for one in segments:
        place = _place(one, unit, places)
        if isinstance(place, str):
            return Logical(name, total, None, place)
        pieces.append((lvm_text.number(one, "start_extent") * unit, place))
    pieces.sort(key=lambda each: each[0])
    at = 0
    for start, piece in pieces:
        if start != at:
            return Logical(name, total, None, f"its segments do not join at byte {at}")
        at += piece.size
    return Logical(name, total, Pieces([piece for _, piece in pieces]))


def _place(segment: Section, unit: int, places: Mapping[str, tuple[Readable | None, int]]) -> Slice | str:
    """
    Where a segment is, or why it cannot be read.
    """
    kind, stripes = lvm_text.word(segment, "type"), lvm_text.words(segment, "stripes")
    if kind != "striped":
        return f"a segment of type {kind!r}, which is not read; linear ones are"
    if lvm_text.number(segment, "stripe_count") != 1 or len(stripes) != 2:
        return "striped over several devices, which is not read; linear volumes are"
    label, extent = stripes
    device, first = places.get(str(label), (None, 0))
    if device is None or not isinstance(extent, int):
        return f"a part of it is on {label}, which is not on this disk"
    start, size = first + extent * unit, lvm_text.number(segment, "extent_count") * unit
    if start < 0 or size <= 0 or start + size > device.size:
        return f"a segment at byte {start} of {label} leads beyond its end, {device.size}"
    return Slice(device, start, size)


class Pieces:
    """
    Slices one after the other.
    """

    def __init__(self, pieces: Sequence[Slice]) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(piece.size for piece in pieces))

    @property
    def size(self) -> int:
        return self._ends[-1] if self._ends else 0

    def read_at(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        return b"".join(self._parts(offset, length)) if offset >= 0 and length > 0 else b""

    def _parts(self, at: int, left: int) -> Iterator[bytes]:
        number = bisect_right(self._ends, at)
        while left > 0:
            piece, end = self._pieces[number], self._ends[number]
            count = min(left, end - at)
            yield piece.read_at(at - (end - piece.size), count)
            at, left, number = at + count, left - count, number + 1


def with_dashes(own: str) -> str:
    """
    An id as LVM's tools write it.
    """
    ends = (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(own[start:end] for start, end in pairwise(ends))
