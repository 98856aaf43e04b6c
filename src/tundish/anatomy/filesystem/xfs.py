"""
XFS, versions 4 and 5: every path of the filesystem, read from its inodes and folders without the kernel.

The log is not replayed: `state` says when there is something in it. What lies on a realtime device is
listed and not read.
"""

from collections.abc import Iterator

from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.walk import PIECE, Walk, remark, zeros
from tundish.anatomy.filesystem.xfs_folders import rows
from tundish.anatomy.filesystem.xfs_free import zeroed
from tundish.anatomy.filesystem.xfs_inodes import LOCAL, Inode, Volume
from tundish.anatomy.filesystem.xfs_log import state_of
from tundish.anatomy.filesystem.xfs_super import read_super
from tundish.anatomy.filesystem.xfs_xattrs import attributes
from tundish.anatomy.image import Form
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

_KINDS = {
    1: Kind.FIFO,
    2: Kind.CHAR,
    4: Kind.FOLDER,
    6: Kind.BLOCK,
    8: Kind.FILE,
    10: Kind.LINK,
    12: Kind.SOCKET,
}
_MAX_LINK = 1024  # as the kernel has it
_LINK_HEAD = 56  # in each extent of a link's target, version 5


def read(readable: Readable, name: str) -> Filesystem:
    """
    Read an XFS filesystem.

    Raises:
        BadImage: it is damaged beyond its root, or too large to be listed.
    """
    layout = read_super(readable, name)
    volume = Volume(readable, layout, name)
    remarks: list[Remark] = []
    files = _Files(volume, remarks)
    index = Index(name, Walk(files, layout.root, remarks).entries(), files, remarks)
    volume.listed()
    size = layout.blocks * layout.block
    if size > readable.size:
        state = f"cut short: it has {size} bytes, the volume only {readable.size}"
    else:
        state = layout.state if layout.state != "clean" else state_of(readable, layout, name)
    return Filesystem(
        Form.XFS,
        size,
        layout.label,
        layout.uuid,
        state,
        layout.features,
        (layout.blocks - min(layout.free, layout.blocks)) * layout.block,
        zeroed(volume),
        index,
    )


class _Files:
    """
    Inodes as entries, and the content of files.
    """

    def __init__(self, volume: Volume, remarks: list[Remark]) -> None:
        self._volume, self.name, self._remarks = volume, volume.name, remarks

    def entry(self, path: str, number: int) -> tuple[Entry, int]:
        inode = self._volume.inode(number)
        kind = _KINDS.get(inode.kind)
        if kind is None:
            raise BadImage(f"{self.name}: inode {number} is of no kind that there is")
        if inode.realtime and kind is Kind.FILE:
            self._remark(Trait.UNSUPPORTED, path, "its content is on the realtime device")
        entry = Entry(
            path,
            kind,
            inode.mode & 0o7777,
            inode.uid,
            inode.gid,
            inode.size if kind in {Kind.FILE, Kind.LINK} else 0,
            inode.mtime,
            self._target(inode) if kind is Kind.LINK else "",
            "",
            self._attributes(path, inode),
            _device(inode) if kind in {Kind.CHAR, Kind.BLOCK} else (0, 0),
            place=number,
        )
        return entry, inode.links

    def rows(self, number: int) -> Iterator[tuple[str, int]]:
        return rows(self._volume, self._volume.inode(number))

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """
        The bytes of a file in pieces, holes as zeros.

        Raises:
            BadImage: the filesystem is damaged there.
        """
        volume, inode = self._volume, self._volume.inode(entry.place)
        if inode.realtime:
            raise BadImage(f"{self.name}: the content of inode {inode.number} is on the realtime device")
        if inode.content.form == LOCAL:
            raise BadImage(f"{self.name}: the content of inode {inode.number} is in no form of a file")
        unit, at, size = volume.layout.block, 0, inode.size
        subject = f"inode {inode.number}"
        for first, count, start in volume.runs(inode.content, subject):
            begin, end = min(first * unit, size), min((first + count) * unit, size)
            if start is None:
                continue
            yield from zeros(begin - at)
            for here in range(begin, end, PIECE):
                length = min(PIECE, end - here)
                yield exactly(volume.readable, start + here - begin, length, f"{self.name}: {subject}")
            at = end
        yield from zeros(size - at)

    def _target(self, inode: Inode) -> str:
        if inode.size > _MAX_LINK:
            raise BadImage(f"{self.name}: the target of inode {inode.number} has {inode.size} bytes")
        if inode.content.form == LOCAL:
            raw = inode.content.raw[: inode.size]
        else:
            raw = b"".join(self._parts(inode))[: inode.size]
        return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def _parts(self, inode: Inode) -> Iterator[bytes]:
        volume, subject = self._volume, f"the target of inode {inode.number}"
        for _, count, start in volume.runs(inode.content, subject):
            if start is None:
                raise BadImage(f"{self.name}: {subject} has a hole")
            length = min(count * volume.layout.block, _MAX_LINK + _LINK_HEAD)
            volume.spend(length, subject)
            raw = exactly(volume.readable, start, length, f"{self.name}: {subject}")
            if not volume.layout.checked:
                yield raw
            elif raw[:4] == b"XSLM":
                yield raw[_LINK_HEAD : _LINK_HEAD + int.from_bytes(raw[8:12], "big")]
            else:
                raise BadImage(f"{self.name}: {subject} is damaged")

    def _attributes(self, path: str, inode: Inode) -> tuple[tuple[str, bytes], ...]:
        try:
            return attributes(self._volume, inode)
        except BadImage as error:
            self._remark(Trait.UNREADABLE, path, str(error))
            return ()

    def _remark(self, trait: Trait, path: str, note: str) -> None:
        remark(self._remarks, trait, path, note)


def _device(inode: Inode) -> tuple[int, int]:
    number = int.from_bytes(inode.content.raw[:4], "big")
    return number >> 18 & 0x3FFF, number & 0x3FFFF
