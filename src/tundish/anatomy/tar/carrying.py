"""
A tar that is no root but carries a disk, as the installer's dd types have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tundish.anatomy.image import Enclosed, Form
from tundish.anatomy.index import Kind
from tundish.anatomy.readable import Bytes, Readable, Slice
from tundish.anatomy.sniff import form_of
from tundish.anatomy.tar.feed import Feed, PlacedFeed
from tundish.anatomy.tar.members import Member, members
from tundish.anatomy.tar.sparse import Filled
from tundish.core.errors import BadImage

MAX_CARRIED = 16  # members of a tar that is no root
SMALLEST_DISK = 64 * 1024

_DISKS = frozenset({Form.DISK, Form.QCOW2, Form.VMDK, Form.VHD, Form.VHDX, Form.ISO, Form.EXT, Form.XFS})


@dataclass(frozen=True, slots=True)
class Carried:
    """
    A plain file in such a tar, where it is, and as something readable.
    """

    enclosed: Enclosed
    readable: Readable

    @property
    def is_disk(self) -> bool:
        return self.enclosed.form in _DISKS and self.enclosed.size >= SMALLEST_DISK


def carries_a_disk(head: bytes) -> bool:
    """
    Whether these first bytes of a tar say that its first file is a disk.
    """
    try:
        for member in members(Feed([head])):
            if member.kind is Kind.FILE and not member.hard:
                return _is_disk(member, head)
    except BadImage:
        pass  # the head ends within a member
    return False


def carried(tar: Readable) -> tuple[Sequence[Carried], str]:
    """
    The plain files of a tar, the first few of them, and why it could not be read to its end, or nothing.
    """
    found: list[Carried] = []
    try:
        for member in members(PlacedFeed(tar)):
            if member.kind is Kind.FILE and not member.hard and len(found) < MAX_CARRIED:
                found.append(_carried(tar, member))
    except BadImage as fault:
        return found, str(fault)
    return found, ""


def _carried(tar: Readable, member: Member) -> Carried:
    stored = Slice.of(tar, member.place, member.stored)
    readable: Readable = stored
    if member.parts is not None:
        readable = Filled(stored, member.parts, member.size)
    return Carried(Enclosed(member.name, member.size, form_of(readable)), readable)


def _is_disk(member: Member, head: bytes) -> bool:
    if member.size < SMALLEST_DISK:
        return False
    data = Bytes(head[member.place : member.place + member.stored])
    readable: Readable = data
    if member.parts is not None:
        readable = Filled(data, member.parts, min(member.size, len(head)))
    return form_of(readable) in _DISKS
