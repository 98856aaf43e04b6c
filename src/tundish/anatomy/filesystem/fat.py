"""
FAT12, FAT16 and FAT32 with long names: what an ESP is, and the disk that an ESXi host boots from.

A chain of clusters is followed no further than its file is long, and no cluster is taken for two folders,
so a table that goes in circles ends in an error.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.filesystem.fat_names import Record, records
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.image import Form
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait, normal
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_BOOT = struct.Struct("<3s8sHBHBHHBHHHII")
_MORE = struct.Struct("<IHHIHH")  # of FAT32, from byte 36
_MOST_FAT12 = 4084
_FIRST = 2  # the number of the first cluster
_PIECE = 1024 * 1024
_MAX_FOLDER = 65536 * 32  # bytes, as the format has it
_COUNTED = 64 * 1024 * 1024  # bytes of the table that are counted for what is in use
_PROBES, _PROBED = 1024, 512  # clusters, bytes of each
_END = {12: 0xFF8, 16: 0xFFF8, 32: 0x0FFF_FFF8}
_CLEAN = {16: 0x8000, 32: 0x0800_0000}  # of the second entry of the table


@dataclass(frozen=True, slots=True)
class _Shape:
    """
    Where everything is, in bytes; `bits` is the width of an entry of the table.
    """

    bits: int
    size: int
    cluster: int
    clusters: int
    table: int
    root: int  # the first cluster, or the offset, of the root folder
    root_size: int  # 0 where it is a chain of clusters
    data: int
    label: bytes
    serial: int
    dirty: bool


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read a FAT filesystem.

    Raises:
        BadImage: it is damaged.
    """
    shape = _shape(exactly(readable, 0, 512, f"{name}: the boot sector"), name)
    if shape.data > readable.size:
        raise BadImage(f"{name}: the data of FAT begins at {shape.data}, beyond the end, {readable.size}")
    volume = _Volume(readable, shape, name)
    listing = _Listing(volume)
    index = Index(name, listing.entries(), volume, listing.remarks)
    used, free_zeroed = volume.usage()
    return Filesystem(
        Form.FAT,
        shape.size,
        (listing.label or shape.label).decode("cp437").rstrip(),
        f"{shape.serial >> 16:04X}-{shape.serial & 0xFFFF:04X}",
        _state(volume),
        _features(volume),
        used,
        free_zeroed,
        index,
    )


def _shape(sector: bytes, name: str) -> _Shape:
    _, _, unit, per, reserved, tables, rows, few, media, length, _, _, _, many = _BOOT.unpack(
        sector[: _BOOT.size]
    )
    long, flags, _, root, _, _ = _MORE.unpack_from(sector, _BOOT.size)
    wide = not length
    if unit not in {512, 1024, 2048, 4096} or per.bit_count() != 1 or not tables or not reserved:
        raise BadImage(f"{name}: not the boot sector of FAT: {per} sectors of {unit} in a cluster")
    length, total = length or long, few or many
    first = reserved + tables * length
    data = first + -(-rows * 32 // unit)
    clusters = (total - data) // per
    if clusters < 1 or not length or media < 0xF0:
        raise BadImage(
            f"{name}: not the boot sector of FAT: {total} sectors, of which {data} before the data"
        )
    bits = 32 if wide else 12 if clusters <= _MOST_FAT12 else 16
    active = flags & 15 if wide and flags & 0x80 else 0
    more = 66 if wide else 38
    serial = int.from_bytes(sector[more + 1 : more + 5], "little") if sector[more] in {0x28, 0x29} else 0
    label = sector[more + 5 : more + 16] if sector[more] == 0x29 else b""
    return _Shape(
        bits,
        total * unit,
        per * unit,
        min(clusters, length * unit * 8 // bits - _FIRST),
        (reserved + active * length) * unit,
        root if wide else first * unit,
        0 if wide else rows * 32,
        data * unit,
        b"" if label.startswith(b"NO NAME") else label,
        serial,
        bool(sector[more - 1] & 1),
    )


class _Volume:
    """
    The clusters of a filesystem, and the content of its files.
    """

    def __init__(self, readable: Readable, shape: _Shape, name: str) -> None:
        self.shape, self.name = shape, name
        self._readable, self._table = readable, Paged(readable)

    @property
    def whole(self) -> int:
        return self._readable.size

    def following(self, cluster: int) -> int:
        """
        What the table says of a cluster.
        """
        shape = self.shape
        at = shape.table + cluster * shape.bits // 8
        subject = f"{self.name}: the table of FAT"
        if shape.bits == 12:
            pair = self._table.number(at, 2, "little", subject)
            return pair >> 4 if cluster & 1 else pair & 0xFFF
        value = self._table.number(at, shape.bits // 8, "little", subject)
        return value & 0x0FFF_FFFF if shape.bits == 32 else value

    def chain(self, first: int, most: int) -> Iterator[int]:
        """
        The clusters of a chain, at most so many.

        Raises:
            BadImage: it leads out of the filesystem.
        """
        cluster = first
        for _ in range(most):
            if not _FIRST <= cluster < self.shape.clusters + _FIRST:
                if cluster >= _END[self.shape.bits]:
                    return
                raise BadImage(f"{self.name}: a chain of FAT leads to cluster {cluster}, which is none")
            yield cluster
            cluster = self.following(cluster)

    def offset(self, cluster: int) -> int:
        return self.shape.data + (cluster - _FIRST) * self.shape.cluster

    def folder(self, first: int, taken: set[int]) -> bytes:
        """
        The bytes of a folder; its clusters are marked as taken.

        Raises:
            BadImage: it goes in a circle, or shares clusters with another.
        """
        if self.shape.root_size and not first:
            return exactly(self._readable, self.shape.root, self.shape.root_size, f"{self.name}: the root")
        pieces = []
        for cluster in self.chain(first or self.shape.root, -(-_MAX_FOLDER // self.shape.cluster)):
            if cluster in taken:
                raise BadImage(f"{self.name}: cluster {cluster} is part of two folders, or of a circle")
            taken.add(cluster)
            pieces.append(exactly(self._readable, self.offset(cluster), self.shape.cluster, self.name))
        return b"".join(pieces)

    def stream(self, entry: Entry) -> Iterator[bytes]:
        left = entry.size
        for start, count in self._runs(entry.place, -(-left // self.shape.cluster)):
            at, here = self.offset(start), min(left, count * self.shape.cluster)
            left -= here
            for skip in range(0, here, _PIECE):
                yield exactly(
                    self._readable, at + skip, min(_PIECE, here - skip), f"{self.name}: {entry.path}"
                )
        if left:
            raise BadImage(f"{self.name}: {entry.path} has {entry.size} bytes; its chain ends {left} before")

    def _runs(self, first: int, most: int) -> Iterator[tuple[int, int]]:
        start, count = first, 0
        for cluster in self.chain(first, most):
            if cluster != start + count:
                yield start, count
                start, count = cluster, 0
            count += 1
        if count:
            yield start, count

    def usage(self) -> tuple[int, float | None]:
        """
        Bytes in use, and the share of the probed free clusters that hold only zeros.
        """
        shape = self.shape
        free = sum(self._free_in(at) for at in range(0, self._counted(), _PIECE)) if shape.bits > 12 else 0
        if shape.bits == 12:
            free = sum(not self.following(one) for one in range(_FIRST, shape.clusters + _FIRST))
        return (shape.clusters - free) * shape.cluster, self._zeroed()

    def _counted(self) -> int:
        return min((self.shape.clusters + _FIRST) * self.shape.bits // 8, _COUNTED)

    def _free_in(self, at: int) -> int:
        length = min(_PIECE, self._counted() - at)
        rows = array("H" if self.shape.bits == 16 else "I")
        rows.frombytes(exactly(self._readable, self.shape.table + at, length, f"{self.name}: the table"))
        return rows.count(0)

    def _zeroed(self) -> float | None:
        step = max(1, self.shape.clusters // _PROBES)
        probed = range(_FIRST, self.shape.clusters + _FIRST, step)
        free = [one for one in probed if not self.following(one)]
        zeros = sum(not any(self._readable.read_at(self.offset(one), _PROBED)) for one in free)
        return zeros / len(free) if free else None


def _state(volume: _Volume) -> str:
    shape = volume.shape
    if shape.size > volume.whole:
        return f"cut short: it has {shape.size} bytes, the volume only {volume.whole}"
    return "clean"


def _features(volume: _Volume) -> tuple[str, ...]:
    """
    The width of the table; dirty, when it was not unmounted: Linux mounts it all the same.
    """
    mark = _CLEAN.get(volume.shape.bits, 0)
    dirty = volume.shape.dirty or bool(mark and not volume.following(1) & mark)
    return (f"fat{volume.shape.bits}", *(("dirty",) if dirty else ()))


class _Listing:
    """
    All paths, folder by folder; what is odd is remarked and left out.
    """

    def __init__(self, volume: _Volume) -> None:
        self._volume = volume
        self.remarks: list[Remark] = []
        self.label = b""

    def entries(self) -> Iterator[Entry]:
        yield Entry("", Kind.FOLDER, 0o755)
        todo, taken = [("", 0)], set[int]()
        while todo:
            path, first = todo.pop()
            for record in self._records(path, first, taken):
                entry = self._entry(path, record)
                if entry is not None:
                    yield entry
                if entry is not None and record.is_folder and record.first:
                    todo.append((entry.path, record.first))

    def _records(self, path: str, first: int, taken: set[int]) -> Iterator[Record]:
        try:
            data = self._volume.folder(first, taken)
        except BadImage as error:
            if not path:
                raise
            self.remarks.append(Remark(Trait.UNREADABLE, path, str(error)))
            return
        for record in records(data):
            if record.is_label and not path:
                self.label = self.label or record.raw
            if not record.is_label and record.name not in {".", ".."}:
                yield record

    def _entry(self, path: str, record: Record) -> Entry | None:
        joined = normal(f"{path}/{record.name}")
        if joined is None or "/" in record.name:
            self.remarks.append(Remark(Trait.UNSUPPORTED, f"{path}/{record.name}"[:4096], "no possible name"))
            return None
        if record.is_folder:
            return Entry(joined, Kind.FOLDER, 0o755, mtime=record.mtime, place=record.first)
        return Entry(joined, Kind.FILE, 0o755, size=record.size, mtime=record.mtime, place=record.first)
