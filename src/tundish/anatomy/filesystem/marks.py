"""
By what the content of a volume is known: the marks that each filesystem leaves at its place.
"""

from collections.abc import Sequence

from tundish.anatomy.image import Form
from tundish.anatomy.readable import Readable

_MARKS: Sequence[tuple[Form, int, bytes]] = (
    (Form.LUKS, 0, b"LUKS\xba\xbe"),
    (Form.XFS, 0, b"XFSB"),
    (Form.SQUASHFS, 0, b"hsqs"),
    (Form.NTFS, 3, b"NTFS    "),
    (Form.EXT, 1024 + 56, b"\x53\xef"),
    (Form.SWAP, 4096 - 10, b"SWAPSPACE2"),
    (Form.SWAP, 4096 - 10, b"SWAP-SPACE"),
    (Form.BTRFS, 64 * 1024 + 64, b"_BHRfS_M"),
    (Form.VMFS, 1024 * 1024, b"\x0d\xd0\x01\xc0"),
    (Form.ISO, 32 * 1024 + 1, b"CD001"),
)
_LVM_SECTORS = 4
_SECTOR = 512
_HEAD = 65 * 1024
_SECTOR_SIZES = frozenset({512, 1024, 2048, 4096})


def content_of(readable: Readable) -> Form:
    """
    What a volume holds; `UNKNOWN` if it bears no mark, `EMPTY` if its beginning is nothing but zeros.
    """
    head = readable.read_at(0, _HEAD)
    if is_fat(head):
        return Form.FAT
    if any(head[at : at + 8] == b"LABELONE" for at in range(0, _LVM_SECTORS * _SECTOR, _SECTOR)):
        return Form.LVM
    for form, at, mark in _MARKS:
        found = head[at : at + len(mark)] if at + len(mark) <= _HEAD else readable.read_at(at, len(mark))
        if found == mark:
            return form
    return Form.UNKNOWN if any(head) else Form.EMPTY


def is_fat(sector: bytes) -> bool:
    """
    Whether the first sector describes a FAT filesystem, as every system that reads one judges it.
    """
    if len(sector) < _SECTOR or sector[510:512] != b"\x55\xaa" or sector[3:11] == b"NTFS    ":
        return False
    unit, cluster = int.from_bytes(sector[11:13], "little"), sector[13]
    reserved, tables = int.from_bytes(sector[14:16], "little"), sector[16]
    return (
        sector[0] in {0xEB, 0xE9}
        and unit in _SECTOR_SIZES
        and cluster.bit_count() == 1
        and reserved > 0
        and tables in {1, 2}
        and sector[21] >= 0xF0
    )
