"""
Every partition, logical volume or bare filesystem as a Volume.

Damage in one does not end the reading of the others; the volume then says why it lists nothing. Together
they list no more paths than one Index may have, and partitions that overlap are not read over and over.
"""

from collections.abc import Iterator, Sequence

from tundish.anatomy.disk import lvm, mbr
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.known import read_filesystem
from tundish.anatomy.filesystem.marks import content_of
from tundish.anatomy.image import Form, Lvm, Partition, Scheme, Table, Volume
from tundish.anatomy.index import MAX_ENTRIES
from tundish.anatomy.readable import Readable, Slice
from tundish.core.errors import BadImage

_TOO_MANY = f"the volumes before it hold more than {MAX_ENTRIES} paths together; it is not read"
_MAX_MEMBERS = 16
_TOO_MANY_MEMBERS = f"more than {_MAX_MEMBERS} physical volumes of LVM2 on one disk; it is not read"
_OVERLAPS = "it overlaps what was read before it, twice; it is not read again"


def volumes_of(disk: Readable, table: Table, name: str) -> tuple[tuple[Volume, ...], tuple[Lvm, ...]]:
    """
    All that is on a disk, in the order of its table, logical volumes last; and the volume groups.
    """
    reading = _Reading(name, disk.size)
    volumes = [reading.volume(*part) for part in _parts(disk, table)]
    groups = reading.groups()
    logical = [reading.logical(one) for group in groups for one in group.volumes]
    listed = (Lvm(one.name, one.id, tuple(each.name for each in one.volumes)) for one in groups)
    return (*volumes, *logical), tuple(listed)


def _parts(disk: Readable, table: Table) -> Iterator[tuple[str, Readable, Partition | None]]:
    if table.scheme is Scheme.NONE:
        yield "disk", disk, None
    for one in table.partitions:
        if not mbr.is_container(one):
            yield str(one.number), Slice.of(disk, min(one.start, disk.size), one.size), one


class _Reading:
    """
    The volumes one after the other, within one bound for the bytes and one for the paths of all of them.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name, self._paths = name, 0
        self._left = 2 * size  # a hybrid ISO lists its ESP twice, and no good disk anything more often
        self._physical: list[lvm.Physical] = []

    def volume(self, name: str, part: Readable, partition: Partition | None) -> Volume:
        form = content_of(part)
        if not part.size:
            return Volume(name, Form.EMPTY, 0, partition, why="it lies beyond the end of the disk")
        if form is Form.LVM:
            return self._member(name, part, partition)
        return self._read(name, form, part, partition)

    def logical(self, one: lvm.Logical) -> Volume:
        if one.device is None:
            return Volume(one.name, Form.UNKNOWN, one.size, why=one.why)
        return self._read(one.name, content_of(one.device), one.device, None)

    def groups(self) -> Sequence[lvm.Group]:
        """
        The volume groups of what was read.
        """
        return list(lvm.groups(self._physical))

    def _member(self, name: str, part: Readable, partition: Partition | None) -> Volume:
        if len(self._physical) >= _MAX_MEMBERS:
            return Volume(name, Form.LVM, part.size, partition, why=_TOO_MANY_MEMBERS)
        try:
            member = lvm.physical(part, self._title(name))
        except BadImage as error:
            return Volume(name, Form.LVM, part.size, partition, why=str(error))
        self._physical.append(member)
        why = member.why or read_filesystem(Form.LVM, part, name).why
        return Volume(name, Form.LVM, part.size, partition, uuid=lvm.with_dashes(member.id), why=why)

    def _read(self, name: str, form: Form, part: Readable, partition: Partition | None) -> Volume:
        if self._paths > MAX_ENTRIES:
            return Volume(name, form, part.size, partition, why=_TOO_MANY)
        if part.size > self._left:
            return Volume(name, form, part.size, partition, why=_OVERLAPS)
        self._left -= part.size
        try:
            read = read_filesystem(form, part, self._title(name))
        except BadImage as error:
            return Volume(name, form, part.size, partition, state="damaged", why=str(error))
        self._paths += len(read.index or ())
        return _volume(name, part, partition, read)

    def _title(self, name: str) -> str:
        return f"{self._name}, volume {name}"


def _volume(name: str, part: Readable, partition: Partition | None, read: Filesystem) -> Volume:
    return Volume(
        name,
        read.form,
        part.size,
        partition,
        read.label,
        read.uuid,
        read.state,
        read.features,
        read.used,
        read.free_zeroed,
        read.index,
        read.why,
        read.index.within(read.default) if read.index is not None and read.default else None,
    )
