"""
The partition table of a disk, of whichever scheme; a filesystem on the bare disk is a scheme of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tundish.anatomy.disk import gpt, mbr
from tundish.anatomy.filesystem.marks import content_of
from tundish.anatomy.image import Form, Partition, Scheme, Table
from tundish.anatomy.readable import Readable

_NOTHING = "no partition table and no filesystem that is known"
_GOES_ON = 0x5C  # where GRUB's first sector has the place of the next one
_IN_FIRST_SECTOR = frozenset({Form.FAT, Form.NTFS})  # where an MBR would be


def read(disk: Readable) -> Table:
    """
    The table with all that is wrong with it; a disk without any is told as a fault.
    """
    sector = disk.read_at(0, mbr.SECTOR)
    boot_code = any(sector[: mbr.BOOT_CODE])
    table = gpt.read(disk, boot_code, mbr.is_protective(sector)) or _without_gpt(disk, sector, boot_code)
    faults = (*table.faults, *_beyond(table.partitions, disk.size), *_overlapping(table.partitions))
    return replace(table, faults=faults, leads_to=_nowhere(disk, sector))


def _nowhere(disk: Readable, sector: bytes) -> int | None:
    """
    The sector that holds the rest of GRUB by the account of its first one, if there is nothing but zeros.
    """
    if b"GRUB \0" not in sector[: mbr.BOOT_CODE]:
        return None
    following = int.from_bytes(sector[_GOES_ON : _GOES_ON + 8], "little")
    return None if any(disk.read_at(following * mbr.SECTOR, mbr.SECTOR)) else following


def _without_gpt(disk: Readable, sector: bytes, boot_code: bool) -> Table:
    content = content_of(disk)
    if content not in _IN_FIRST_SECTOR and mbr.is_plausible(sector):
        return mbr.read(disk, boot_code)
    if content not in {Form.UNKNOWN, Form.EMPTY}:
        return Table(Scheme.NONE, boot_code=boot_code)
    if mbr.is_marked(sector):
        return mbr.read(disk, boot_code)
    return Table(Scheme.NONE, boot_code=boot_code, faults=(_NOTHING,))


def _beyond(partitions: Sequence[Partition], size: int) -> Iterator[str]:
    for one in partitions:
        if one.start + one.size > size:
            yield f"partition {one.number} goes to byte {one.start + one.size}, the disk only to {size}"


def _overlapping(partitions: Sequence[Partition]) -> Iterator[str]:
    before: Partition | None = None
    for one in sorted(partitions, key=lambda each: (each.start, each.size)):
        if mbr.is_container(one) or not one.size:
            continue
        if before is not None and one.start < before.start + before.size:
            yield f"partitions {before.number} and {one.number} overlap"
        if before is None or one.start + one.size > before.start + before.size:
            before = one
