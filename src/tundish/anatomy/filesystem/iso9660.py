"""
ISO9660 with Rock Ridge, else with Joliet, else with its plain names, which are shown in small letters.

It is read as Linux shows it. Folders are taken once each, and together hold no more bytes than the volume.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.rock_ridge import Extras, extras, seconds, skip_of
from tundish.anatomy.image import Form
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait, normal
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_SECTOR = 2048
_FIRST, _MAX_DESCRIPTORS = 16, 64
_MARK = b"CD001"
_BOOT, _PRIMARY, _SUPPLEMENTARY, _LAST = 0, 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_EL_TORITO = b"EL TORITO SPECIFICATION"
_ROOT_AT, _ROOT_SIZE = 156, 34
_SHORTEST = 34
_IS_FOLDER, _GOES_ON = 2, 0x80
_PIECE = 1024 * 1024
_PLATFORMS = {0: "el-torito-bios", 0xEF: "el-torito-efi"}
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFCHR: Kind.CHAR,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
}


@dataclass(frozen=True, slots=True)
class _Record:
    """
    A record of a folder. `area` is what follows the name: the fields of Rock Ridge.
    """

    block: int
    size: int
    flags: int
    mtime: int
    name: bytes
    area: bytes
    interleaved: bool


@dataclass(frozen=True, slots=True)
class _Extent:
    block: int
    size: int


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read an ISO9660 filesystem.

    Raises:
        BadImage: it is damaged.
    """
    found = dict(_descriptors(readable, name))
    if _PRIMARY not in found:
        raise BadImage(f"{name}: no primary volume descriptor of ISO9660")
    first = found[_PRIMARY]
    block = int.from_bytes(first[128:130], "little")
    if block not in {512, 1024, 2048}:
        raise BadImage(f"{name}: blocks of {block} bytes, which ISO9660 does not have")
    volume = _Volume(readable, block, name)
    listing = _Listing(volume, first, found.get(_SUPPLEMENTARY))
    index = Index(name, listing.entries(), volume, listing.remarks)
    size = int.from_bytes(first[80:84], "little") * block
    boot = _boot(readable, found[_BOOT]) if _BOOT in found else ()
    state = "clean" if size <= readable.size else f"cut short: {size} bytes, the volume only {readable.size}"
    return Filesystem(
        Form.ISO,
        size,
        first[40:72].decode("latin-1").rstrip(" \0"),
        _id(first),
        state,
        (*listing.features, *(("joliet",) if _SUPPLEMENTARY in found else ()), *boot),
        used=min(size, readable.size),
        index=index,
    )


def _descriptors(readable: Readable, name: str) -> Iterator[tuple[int, bytes]]:
    for sector in range(_FIRST, _FIRST + _MAX_DESCRIPTORS):
        data = exactly(readable, sector * _SECTOR, _SECTOR, f"{name}: a volume descriptor of ISO9660")
        if data[1:6] != _MARK or data[0] == _LAST:
            return
        is_joliet = data[0] == _SUPPLEMENTARY and data[88:91] in _JOLIET
        is_boot = data[0] == _BOOT and data[7:].startswith(_EL_TORITO)
        if data[0] == _PRIMARY or is_joliet or is_boot:
            yield data[0], data


def _id(descriptor: bytes) -> str:
    """
    The time that names a volume in /dev/disk/by-uuid: of its change, else of its making.
    """
    for stamp in (descriptor[830:846], descriptor[813:829]):
        text = stamp.decode("latin-1")
        if text.isascii() and text.isdigit() and text.strip("0"):
            return "-".join((text[:4], *(text[at : at + 2] for at in range(4, 16, 2))))
    return ""


def _boot(readable: Readable, descriptor: bytes) -> tuple[str, ...]:
    """
    That the volume can boot, and on which firmware, as its catalogue says.
    """
    catalogue = readable.read_at(int.from_bytes(descriptor[71:75], "little") * _SECTOR, _SECTOR)
    if len(catalogue) < _SECTOR or catalogue[0] != 1:
        return ("el-torito",)
    named = [catalogue[1]]
    named += [catalogue[at + 1] for at in range(64, _SECTOR, 32) if catalogue[at] in {0x90, 0x91}]
    return ("el-torito", *dict.fromkeys(_PLATFORMS[one] for one in named if one in _PLATFORMS))


class _Volume:
    """
    The blocks of a volume, and the content of its files.
    """

    def __init__(self, readable: Readable, block: int, name: str) -> None:
        self.name, self.size = name, readable.size
        self._readable, self._block = readable, block
        self.further: dict[str, tuple[_Extent, ...]] = {}  # of files in several extents, by path
        self.packed: set[str] = set()

    def at(self, block: int, offset: int, length: int) -> bytes:
        return exactly(self._readable, block * self._block + offset, length, f"{self.name}: block {block}")

    def records(self, folder: _Extent) -> Iterator[_Record]:
        """
        Raises:
            BadImage: the folder leads beyond the end, or a record out of it.
        """
        data = self.at(folder.block, 0, folder.size) if folder.size <= self.size else b""
        at = 0
        while at < len(data):
            length = data[at]
            if not length:  # no record goes over the edge of a sector
                at += _SECTOR - at % _SECTOR
                continue
            whole = _SHORTEST <= length <= len(data) - at
            name = data[at + 33 : at + 33 + data[at + 32]] if whole else b""
            if not name or length < 33 + len(name):
                raise BadImage(f"{self.name}: a damaged record in the folder at block {folder.block}")
            yield _record(data[at : at + length], name)
            at += length

    def stream(self, entry: Entry) -> Iterator[bytes]:
        if entry.path in self.packed:
            raise BadImage(f"{self.name}: {entry.path} is packed by zisofs, which is not read")
        extents = self.further.get(entry.path) or (_Extent(entry.place, entry.size),)
        for extent in extents:
            for at in range(0, extent.size, _PIECE):
                yield self.at(extent.block, at, min(_PIECE, extent.size - at))


def _record(data: bytes, name: bytes) -> _Record:
    after = 33 + len(name) + (1 - len(name) % 2)
    return _Record(
        int.from_bytes(data[2:6], "little") + data[1],
        int.from_bytes(data[10:14], "little"),
        data[25],
        seconds(data[18:25]),
        name,
        data[after:],
        bool(data[26] or data[27]),
    )


class _Listing:
    """
    All paths; which names are used was decided by what the root's own record and the descriptors say.
    """

    def __init__(self, volume: _Volume, first: bytes, joliet: bytes | None) -> None:
        self._volume = volume
        self.remarks: list[Remark] = []
        self._firsts: dict[tuple[int, int], str] = {}  # of files with several names, by serial and block
        root = _extent(_record(first[_ROOT_AT : _ROOT_AT + _ROOT_SIZE], b"\0"))
        own = next(volume.records(root), None)
        self._skip = skip_of(own.area) if own else None
        self._own = self._extras(own) if own and self._skip is not None else Extras()
        self._joliet = joliet is not None and self._skip is None
        if joliet is not None and self._joliet:
            root = _extent(_record(joliet[_ROOT_AT : _ROOT_AT + _ROOT_SIZE], b"\0"))
        self._root = root
        self.features = ("rock-ridge",) if self._skip is not None else ()

    def entries(self) -> Iterator[Entry]:
        own = self._own
        yield Entry("", Kind.FOLDER, _mode(own, 0o555), own.uid, own.gid, mtime=own.mtime or 0)
        todo, taken, total = [("", self._root)], {self._root.block}, self._root.size
        while todo:
            path, folder = todo.pop()
            for entry in self._folder(path, folder):
                yield entry
                if entry.kind is Kind.FOLDER:
                    total += entry.size
                    if entry.place in taken or total > self._volume.size:
                        why = "its folder is listed elsewhere, too, or leads in a circle"
                        self.remarks.append(Remark(Trait.UNREADABLE, entry.path, why))
                        continue
                    taken.add(entry.place)
                    todo.append((entry.path, _Extent(entry.place, entry.size)))

    def _folder(self, path: str, folder: _Extent) -> Iterator[Entry]:
        try:
            for records in _grouped(self._volume.records(folder)):
                entry = self._entry(path, records)
                if entry is not None:
                    yield entry
        except BadImage as error:
            if not path:
                raise
            self.remarks.append(Remark(Trait.UNREADABLE, path, str(error)))

    def _entry(self, path: str, records: tuple[_Record, ...]) -> Entry | None:
        record = records[0]
        found = self._extras(record) if self._skip is not None else Extras()
        if record.name in {b"\0", b"\1"} or found.moved:
            return None
        joined = normal(f"{path}/{self._name(record, found)}")
        if joined is None or joined == path or joined.count("/") != (path.count("/") + 1 if path else 0):
            self.remarks.append(Remark(Trait.UNSUPPORTED, path, f"no possible name: {record.name[:80]!r}"))
            return None
        if found.child:
            moved = next(self._volume.records(_Extent(found.child, _SECTOR)), None)
            if moved is None:
                raise BadImage(
                    f"{self._volume.name}: {joined} was moved to block {found.child}, which is none"
                )
            record, found = moved, self._extras(moved)
        return self._made(joined, record, records, found)

    def _made(self, path: str, record: _Record, records: tuple[_Record, ...], found: Extras) -> Entry:
        kind = _KINDS.get(found.kind, Kind.FOLDER if record.flags & _IS_FOLDER else Kind.FILE)
        mtime = record.mtime if found.mtime is None else found.mtime
        mode = _mode(found, 0o555 if kind is Kind.FOLDER else 0o444)
        size = sum(one.size for one in records) if kind is Kind.FILE else 0
        if kind is Kind.FOLDER:
            size = record.size
        if kind is Kind.FILE and (record.interleaved or found.packed):
            self._volume.packed.add(path)
            self.remarks.append(
                Remark(Trait.UNSUPPORTED, path, "interleaved or packed; its content is not read")
            )
        if len(records) > 1:
            self._volume.further[path] = tuple(_extent(one) for one in records)
        target = "/".join(found.target) or ("/" if found.target else "")
        size = len(target.encode("utf-8", "surrogateescape")) if kind is Kind.LINK else size
        place = record.block if kind in {Kind.FILE, Kind.FOLDER} else 0
        made = Entry(
            path, kind, mode, found.uid, found.gid, size, mtime, target, device=found.device, place=place
        )
        return self._linked(made, found)

    def _linked(self, entry: Entry, found: Extras) -> Entry:
        """
        The entry, as a further name where its file was listed before.
        """
        if entry.kind is not Kind.FILE or found.links < 2 or not found.serial:
            return entry
        first = self._firsts.setdefault((found.serial, entry.place), entry.path)
        return entry if first == entry.path else replace(entry, first=first)

    def _extras(self, record: _Record) -> Extras:
        return extras(record.area[self._skip or 0 :], self._volume.at)

    def _name(self, record: _Record, found: Extras) -> str:
        if found.name:
            return found.name.decode("utf-8", "surrogateescape")
        if self._joliet:
            return record.name.decode("utf-16-be", "replace").partition(";")[0]
        text = record.name.decode("latin-1").partition(";")[0].rstrip(".")
        return text.lower()


def _grouped(records: Iterator[_Record]) -> Iterator[tuple[_Record, ...]]:
    """
    The records of one file together: all but the last of them say that it goes on.
    """
    held: list[_Record] = []
    for record in records:
        held.append(record)
        if not record.flags & _GOES_ON:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def _extent(record: _Record) -> _Extent:
    return _Extent(record.block, record.size)


def _mode(found: Extras, default: int) -> int:
    return default if found.mode is None else stat.S_IMODE(found.mode)
