"""
MBR: four partitions, one of which may be extended and hold a chain of further ones.
"""

import struct
from dataclasses import dataclass

from tundish.anatomy.image import Partition, Scheme, Table
from tundish.anatomy.readable import Readable

SECTOR = 512
BOOT_CODE = 440
_MARK_AT, _MARK = 510, b"\x55\xaa"
_ROWS_AT = 446
_ROW = struct.Struct("<B3xB3xII")
_EXTENDED = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE = 0xEE
_MAX_LOGICAL = 128
_BOOTABLE = 0x80


@dataclass(frozen=True, slots=True)
class _Row:
    status: int
    kind: int
    start: int
    count: int


def is_marked(sector: bytes) -> bool:
    return sector[_MARK_AT : _MARK_AT + 2] == _MARK


def is_protective(sector: bytes) -> bool:
    """
    Whether this first sector says that a GPT follows; of a hybrid it does, too.
    """
    return is_marked(sector) and any(row.kind == _PROTECTIVE for row in _rows(sector))


def is_plausible(sector: bytes) -> bool:
    """
    Whether the four rows can be those of a partition table, and not the text of a boot sector.
    """
    rows = _rows(sector)
    fits = all(row.status in {0, _BOOTABLE} and (not row.kind or row.count) for row in rows)
    return is_marked(sector) and fits and any(row.kind for row in rows)


def read(disk: Readable, boot_code: bool) -> Table:
    """
    The table of a disk whose first sector is marked.
    """
    sector = disk.read_at(0, SECTOR)
    serial = int.from_bytes(sector[BOOT_CODE : BOOT_CODE + 4], "little")
    partitions: list[Partition] = []
    faults: list[str] = []
    for number, row in enumerate(_rows(sector), 1):
        if row.status not in {0, _BOOTABLE}:
            faults.append(
                f"row {number} of the MBR is neither bootable nor not: its mark is {row.status:#04x}"
            )
        if row.kind:
            partitions.append(_partition(number, row, 0, serial))
    for row in (row for row in _rows(sector) if row.kind in _EXTENDED):
        chain, wrong = _logical(disk, row, serial)
        partitions += chain
        faults += wrong
        break  # Linux, too, follows one
    return Table(Scheme.MBR, SECTOR, f"{serial:08x}", tuple(partitions), boot_code, faults=tuple(faults))


def is_container(partition: Partition) -> bool:
    """
    Whether it only holds others.
    """
    return partition.type in {f"{kind:02X}" for kind in _EXTENDED}


def _rows(sector: bytes) -> tuple[_Row, ...]:
    if len(sector) < SECTOR:
        return ()
    return tuple(_Row(*_ROW.unpack_from(sector, _ROWS_AT + _ROW.size * row)) for row in range(4))


def _partition(number: int, row: _Row, base: int, serial: int) -> Partition:
    return Partition(
        number,
        (base + row.start) * SECTOR,
        row.count * SECTOR,
        f"{row.kind:02X}",
        guid=f"{serial:08x}-{number:02x}",
        bootable=row.status == _BOOTABLE,
    )


def _logical(disk: Readable, extended: _Row, serial: int) -> tuple[list[Partition], list[str]]:
    found: list[Partition] = []
    at, seen = extended.start, set[int]()
    while len(seen) < _MAX_LOGICAL:
        if at in seen:
            return found, [f"the chain of logical partitions goes round in a circle at sector {at}"]
        seen.add(at)
        sector = disk.read_at(at * SECTOR, SECTOR)
        if not is_marked(sector):
            return found, [f"the chain of logical partitions is broken at sector {at}"]
        here, following, *_ = _rows(sector)
        if here.kind and here.count:
            found.append(_partition(5 + len(found), here, at, serial))
        if following.kind not in _EXTENDED or not following.count:
            return found, []
        at = extended.start + following.start
    return found, [f"more than {_MAX_LOGICAL} logical partitions"]
