"""
NTFS: what Windows is installed on. Every record of its table is read once, and names its own folder.

So no index of a folder has to be followed, and folders that contain themselves reach no root and are left
out. Packed, sparse and small files are read; encrypted ones, and those that Windows packs in its newer way
(WOF) or keeps once for several (deduplicated), are listed without content.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tundish.anatomy.filesystem import ntfs_records as records
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.lznt1 import unpacked
from tundish.anatomy.filesystem.ntfs_records import Attribute, Extent, Record
from tundish.anatomy.filesystem.walk import zeros
from tundish.anatomy.image import Form
from tundish.anatomy.index import MAX_ENTRIES, MAX_PATH, Entry, Index, Kind, Remark, Trait
from tundish.anatomy.paged import Paged
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAX_RECORDS = 4 * MAX_ENTRIES
MAX_EXTENTS = 1_000_000  # of one file
MAX_FURTHER = 4096  # records of one file
MAX_LIST = 1024 * 1024
MAX_REMARKS = 1000
MAX_DEPTH = MAX_PATH // 2
_BITMAP_READ = 64 * 1024 * 1024
_PIECE = 1024 * 1024
_ROOT, _VOLUME, _BITMAP, _FIRST_OWN = 5, 3, 6, 16
_DOS = 2  # the space of names that are only short for others
_SINCE_1601 = 11_644_473_600
_SYMLINK, _JUNCTION, _LINUX = 0xA000_000C, 0xA000_0003, 0xA000_001D
_ELSEWHERE = {0x8000_0017: "packed by WOF", 0x8000_0013: "deduplicated"}


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read an NTFS filesystem.

    Raises:
        BadImage: it is damaged where everything begins.
    """
    volume = _Volume(readable, name)
    listing = _Listing(volume)
    index = Index(name, listing.entries(), volume, listing.remarks)
    label, dirty, version = _said(volume)
    return Filesystem(
        Form.NTFS,
        volume.clusters * volume.cluster,
        label,
        f"{volume.serial:016X}",
        "hibernated" if _is_hibernated(index) else "dirty" if dirty else "clean",
        version,
        volume.used(),
        index=index,
    )


def _said(volume: "_Volume") -> tuple[str, bool, tuple[str, ...]]:
    record = volume.record(_VOLUME)
    label = next((one.value for one in record.of(records.LABEL) if one.resident), b"")
    about = next((one.value for one in record.of(records.INFORMATION) if one.resident), b"")
    if len(about) < 12:
        raise BadImage(f"{volume.name}: record {_VOLUME} of the MFT does not say how the volume is")
    flags = int.from_bytes(about[10:12], "little")
    return label.decode("utf-16-le", "replace"), bool(flags & 1), (f"ntfs{about[8]}.{about[9]}",)


def _is_hibernated(index: Index) -> bool:
    """
    Whether Windows left its memory there; a file that begins with other letters was used up.
    """
    found = next((one for one in index.children("") if one.name.lower() == "hiberfil.sys"), None)
    if found is None or found.kind is not Kind.FILE:
        return False
    try:
        return next(index.stream(found.path), b"")[:4].lower() == b"hibr"
    except BadImage:
        return False


class _Volume:
    """
    The clusters of a volume, its table of records, and the content of its files.
    """

    def __init__(self, readable: Readable, name: str) -> None:
        self.name, self._readable = name, Paged(readable)
        boot = exactly(readable, 0, 512, f"{name}: the boot sector")
        sector, per = struct.unpack_from("<HB", boot, 11)
        total, table = struct.unpack_from("<QQ", boot, 40)
        wide, self.serial = struct.unpack_from("<b", boot, 64)[0], struct.unpack_from("<Q", boot, 72)[0]
        per = per if per <= 128 else 1 << min(256 - per, 31)
        self.cluster: int = sector * per
        if boot[3:11] != b"NTFS    " or sector not in {256, 512, 1024, 2048, 4096} or per.bit_count() != 1:
            raise BadImage(f"{name}: not the boot sector of NTFS: {per} sectors of {sector} in a cluster")
        self.record_size: int = wide * self.cluster if wide > 0 else 1 << min(-wide, 31)
        if self.cluster > 2 * 1024 * 1024 or self.record_size not in {512, 1024, 2048, 4096}:
            raise BadImage(
                f"{name}: clusters of {self.cluster}, records of {self.record_size} bytes are none"
            )
        self.clusters = min(total * sector, readable.size) // self.cluster
        if not 0 < table < self.clusters:
            raise BadImage(f"{name}: the MFT at cluster {table} is not on the volume of {self.clusters}")
        self._table: list[Extent] = [(max(1, 16 * self.record_size // self.cluster), table)]
        self.count = self._begin()

    def record(self, number: int) -> Record:
        """
        Raises:
            BadImage: there is none, or it is damaged.
        """
        return records.parse(self._at(number), number, self.name)

    def records(self) -> Iterator[tuple[int, bytes]]:
        """
        Every record as it stands.
        """
        raw, number, size = b"", 0, self.record_size
        for piece in self._pieces(self._table, self.count * size):
            raw += piece
            for at in range(0, len(raw) - size + 1, size):
                yield number, raw[at : at + size]
                number += 1
            raw = raw[len(raw) // size * size :]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        Raises:
            BadImage: it is damaged, or kept in a way that is not read.
        """
        subject = f"{self.name}: {entry.path}"
        parts = self._parts(self.record(entry.place))
        size = parts[0].size if parts else 0
        if size != entry.size:
            raise BadImage(f"{subject} has {size} bytes at its first content, {entry.size} at its last one")
        if not parts:
            return iter(())
        first = parts[0]
        for one in self.record(entry.place).of(records.REPARSE):
            if one.resident and (why := _ELSEWHERE.get(int.from_bytes(one.value[:4], "little"))):
                raise BadImage(f"{subject} is {why}, which is not read")
        if first.flags & records.ENCRYPTED:
            raise BadImage(f"{subject} is encrypted, which is not read")
        if first.resident:
            return iter((first.value,))
        extents = self._extents(parts, subject)
        if first.flags & records.COMPRESSED and first.unit:
            return _cut(self._unpacked(extents, 1 << first.unit, first.size, subject), first.size)
        written = min(first.initialised, first.size)
        return self._written(extents, written, first.size - written)

    def used(self) -> int:
        """
        Bytes in clusters that are in use.
        """
        parts = self._parts(self.record(_BITMAP))
        if not parts or parts[0].resident:
            bits = parts[0].value if parts else b""
            return int.from_bytes(bits, "little").bit_count() * self.cluster
        length = min(parts[0].size, -(-self.clusters // 8), _BITMAP_READ)
        pieces = self._pieces(self._extents(parts, f"{self.name}: $Bitmap"), length)
        return sum(int.from_bytes(piece, "little").bit_count() for piece in pieces) * self.cluster

    def _begin(self) -> int:
        """
        Read where the table is from its own first record, and answer how many records it has.
        """
        first = self.record(0)
        parts = [one for one in first.of(records.DATA) if not one.resident]
        if not parts:
            raise BadImage(f"{self.name}: the MFT does not say where it is")
        subject = f"{self.name}: the MFT"
        self._table = list(records.extents(parts[0], self.clusters, subject))
        for number in self._further(first):
            for one in self.record(number).of(records.DATA):
                self._table += records.extents(one, self.clusters, subject)
        here = sum(count for count, _ in self._table) * self.cluster
        return min(parts[0].size, here, MAX_RECORDS * self.record_size) // self.record_size

    def _at(self, number: int) -> bytes:
        begin, left, found = number * self.record_size, self.record_size, b""
        for count, place in self._table:
            length = count * self.cluster
            if begin < length and left:
                taken = min(left, length - begin)
                found += self._readable.read_at(place * self.cluster + begin, taken) if place >= 0 else b""
                begin, left = 0, left - taken
            elif left:
                begin -= length
            else:
                break
        if len(found) != self.record_size:
            raise BadImage(f"{self.name}: there is no record {number} in the MFT")
        return found

    def _parts(self, record: Record) -> list[Attribute]:
        """
        The content of a file, which may stand in several records.
        """
        parts = list(record.of(records.DATA))
        for number in self._further(record):
            further = self.record(number)
            if further.base != record.number:
                raise BadImage(f"{self.name}: record {number} of the MFT does not belong to {record.number}")
            parts += further.of(records.DATA)
        parts.sort(key=lambda one: one.vcn)
        return parts

    def _further(self, record: Record) -> list[int]:
        """
        The other records of a file in which its content is.
        """
        found = dict[int, None]()
        for listed in record.of(records.LIST):
            data = listed.value if listed.resident else self._listed(listed)
            at = 0
            while at + 24 <= len(data):
                type_, length = struct.unpack_from("<IH", data, at)
                number = int.from_bytes(data[at + 16 : at + 22], "little")
                if length < 24:
                    break
                if type_ == records.DATA and not data[at + 6] and number != record.number:
                    found[number] = None
                at += length
        if len(found) > MAX_FURTHER:
            raise BadImage(f"{self.name}: record {record.number} of the MFT goes on in {len(found)} others")
        return list(found)

    def _listed(self, attribute: Attribute) -> bytes:
        if attribute.size > MAX_LIST:
            raise BadImage(f"{self.name}: a list of attributes of {attribute.size} bytes")
        extents = records.extents(attribute, self.clusters, f"{self.name}: a list of attributes")
        return b"".join(self._pieces(extents, attribute.size))

    def _extents(self, parts: Sequence[Attribute], subject: str) -> list[Extent]:
        found, at = list[Extent](), 0
        for one in parts:
            if one.resident or one.vcn != at:
                raise BadImage(f"{subject}: cluster {at} of it is nowhere")
            for extent in records.extents(one, self.clusters, subject):
                found.append(extent)
                at += extent[0]
            if len(found) > MAX_EXTENTS:
                raise BadImage(f"{subject}: more than {MAX_EXTENTS} extents")
        return found

    def _written(self, extents: Sequence[Extent], written: int, rest: int) -> Iterator[bytes]:
        yield from self._pieces(extents, written)
        yield from zeros(rest)

    def _pieces(self, extents: Iterator[Extent] | Sequence[Extent], size: int) -> Iterator[bytes]:
        for count, place in extents:
            length = min(count * self.cluster, size)
            if length <= 0:
                return
            size -= length
            if place < 0:
                yield from zeros(length)
                continue
            for at in range(0, length, _PIECE):
                part = min(_PIECE, length - at)
                yield exactly(self._readable, place * self.cluster + at, part, f"{self.name}: a file")
        yield from zeros(size)

    def _unpacked(self, extents: Sequence[Extent], unit: int, size: int, subject: str) -> Iterator[bytes]:
        """
        Unit by unit: one that ends in a hole is packed, one that is a hole is zeros, others are as they are.
        """
        held, length = list[Extent](), 0
        whole = unit * self.cluster
        for count, place in extents:
            while count:
                taken = min(count, unit - length)
                held.append((taken, place))
                count, place, length = count - taken, place + taken if place >= 0 else -1, length + taken  # noqa: PLW2901
                if length < unit:
                    continue
                yield self._unit(held, whole, subject)
                held, length, size = [], 0, size - whole
                if size <= 0:
                    return
                if place < 0 and count > unit:  # a long hole
                    units = min(count // unit, -(-size // whole))
                    yield from zeros(units * whole)
                    count, size = count - units * unit, size - units * whole  # noqa: PLW2901
                    if size <= 0:
                        return
        if held:
            yield self._unit(held, whole, subject)

    def _unit(self, held: Sequence[Extent], whole: int, subject: str) -> bytes:
        there = [one for one in held if one[1] >= 0]
        data = b"".join(self._pieces(there, sum(count for count, _ in there) * self.cluster))
        if not data or len(data) == whole:
            return data or bytes(whole)
        return unpacked(data, whole, subject)


def _cut(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        if size <= 0:
            return
        yield piece[:size]
        size -= len(piece)
    yield from zeros(size)


@dataclass(slots=True)
class _File:
    """
    What the records of one file say of it, as they pass.
    """

    sequence: int = -1  # until its first record has passed
    folder: bool = False
    size: int = 0
    mtime: int = 0
    target: str | None = None
    why: str = ""  # its content is not read
    names: list[tuple[int, int, str]] = field(default_factory=list)  # record and sequence of the folder, name


class _Listing:
    def __init__(self, volume: _Volume) -> None:
        self._volume = volume
        self.remarks: list[Remark] = []
        self._files: dict[int, _File] = {}
        self._paths: dict[int, str | None] = {_ROOT: ""}

    def entries(self) -> Iterator[Entry]:
        """
        Raises:
            BadImage: the root is damaged.
        """
        for number, raw in self._volume.records():
            if raw[:4] == b"FILE" and raw[22] & records.IN_USE:
                try:
                    self._take(records.parse(raw, number, self._volume.name))
                except BadImage as error:
                    if number == _ROOT:
                        raise
                    self._remark(Trait.UNREADABLE, f"#{number}", str(error))
        root = self._files.get(_ROOT)
        if root is None or not root.folder:
            raise BadImage(f"{self._volume.name}: there is no root folder")
        for number, one in self._files.items():
            if one.sequence >= 0 and (number >= _FIRST_OWN or number == _ROOT):
                yield from self._named(number, one)

    def _take(self, record: Record) -> None:
        one = self._files.setdefault(record.base or record.number, _File())
        if len(self._files) > MAX_ENTRIES:
            raise BadImage(f"{self._volume.name} holds more than {MAX_ENTRIES} files")
        if not record.base:
            one.sequence, one.folder = record.sequence, bool(record.flags & records.FOLDER)
        for attribute in record.attributes:
            value = attribute.value
            if attribute.type == records.DATA and not attribute.name and not attribute.vcn:
                one.size = attribute.size
            elif not attribute.resident:
                continue
            elif attribute.type == records.STANDARD and len(value) >= 16:
                one.mtime = int.from_bytes(value[8:16], "little") // 10_000_000 - _SINCE_1601
            elif attribute.type == records.NAME:
                self._name(one, value)
            elif attribute.type == records.REPARSE:
                _reparse(one, value)

    def _name(self, one: _File, value: bytes) -> None:
        if len(value) < 66 or value[65] == _DOS:
            return
        name = value[66 : 66 + 2 * value[64]].decode("utf-16-le", "replace")
        if name and "/" not in name and "\0" not in name and name not in {".", ".."}:
            parent, sequence = int.from_bytes(value[:6], "little"), int.from_bytes(value[6:8], "little")
            one.names.append((parent, sequence, name))

    def _named(self, number: int, one: _File) -> Iterator[Entry]:
        if number == _ROOT:
            yield Entry("", Kind.FOLDER, 0o777, mtime=one.mtime, place=number)
            return
        paths = sorted(path for name in one.names if (path := self._below(*name)) is not None)
        if not paths and any(name[0] >= _FIRST_OWN or name[0] == _ROOT for name in one.names):
            self._remark(Trait.UNREADABLE, one.names[0][2], "its folder is not there")
        for path in paths[:1] if one.folder else paths:
            if one.why:
                self._remark(Trait.UNSUPPORTED, path, f"{one.why}: listed without content")
            yield self._entry(path, paths[0] if path != paths[0] else "", number, one)

    def _entry(self, path: str, first: str, number: int, one: _File) -> Entry:
        if one.target is not None:
            return Entry(path, Kind.LINK, 0o777, size=len(one.target), mtime=one.mtime, target=one.target)
        kind = Kind.FOLDER if one.folder else Kind.FILE
        size = 0 if one.folder else one.size
        return Entry(path, kind, 0o777, size=size, mtime=one.mtime, first=first, place=number)

    def _below(self, parent: int, sequence: int, name: str) -> str | None:
        above = self._path(parent, sequence)
        path = None if above is None else f"{above}/{name}" if above else name
        return path if path is not None and len(path) <= MAX_PATH else None

    def _path(self, number: int, sequence: int) -> str | None:
        """
        The path of a folder; None where it is not there, leads to no root, or in a circle.
        """
        climbed = list[int]()
        while self._is_folder(number, sequence) and number not in self._paths and len(climbed) < MAX_DEPTH:
            self._paths[number] = None  # until it is known: whoever comes here again goes in a circle
            climbed.append(number)
            names = self._files[number].names
            number, sequence = names[0][:2] if names and number >= _FIRST_OWN else (-1, 0)
        path = self._paths.get(number) if self._is_folder(number, sequence) else None
        for one in reversed(climbed):
            path = None if path is None else f"{path}/{self._files[one].names[0][2]}".lstrip("/")
            self._paths[one] = path if path is not None and len(path) <= MAX_PATH else None
            path = self._paths[one]
        return path

    def _is_folder(self, number: int, sequence: int) -> bool:
        folder = self._files.get(number)
        return folder is not None and folder.folder and folder.sequence == sequence

    def _remark(self, trait: Trait, path: str, note: str) -> None:
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append(Remark(trait, path, note))


def _reparse(one: _File, value: bytes) -> None:
    tag = int.from_bytes(value[:4], "little")
    if tag == _LINUX:
        one.target = value[12:].decode("utf-8", "replace").replace("\0", "")[:MAX_PATH]
    elif tag in {_SYMLINK, _JUNCTION} and len(value) >= 16:
        at, length = struct.unpack_from("<HH", value, 8)
        begin = (20 if tag == _SYMLINK else 16) + at
        one.target = _target(value[begin : begin + length].decode("utf-16-le", "replace"))
    elif tag in _ELSEWHERE:
        one.why = _ELSEWHERE[tag]


def _target(text: str) -> str:
    r"""
    A path of Windows as a path of this root: `\??\C:\Users` is `/Users`.
    """
    text = text.replace("\0", "").removeprefix("\\??\\").replace("\\", "/")[:MAX_PATH]
    return text[2:] or "/" if text[1:2] == ":" else text
