"""
A root as a disk that firmware can start from: a GPT, an ESP with what is in /boot/efi, and the root, last.

The root is last so that it can grow. No boot code is written: a BIOS gets the partition that its loader is
installed into.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from uuid import UUID

from tundish.anatomy.index import Entry, Index
from tundish.anatomy.pack.ext4.writer import ext4
from tundish.anatomy.pack.fat import fat32
from tundish.anatomy.pack.fitting.names import Names, made
from tundish.anatomy.pack.gpt import ALIGNED, Part, gpt
from tundish.anatomy.pack.ids import identifier
from tundish.anatomy.pack.laid import Laid, Pieces, shifted
from tundish.core.errors import InputError

_ESP = "boot/efi"
_ESP_TYPE = UUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
_BIOS_TYPE = UUID("21686148-6449-6E6F-744E-656564454649")
_LINUX_TYPE = UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4")


class Starting(StrEnum):
    """
    Which firmware the disk has partitions for.
    """

    UEFI = "uefi"
    BIOS = "bios"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class _Planned:
    name: str
    kind: UUID
    laid: Laid


def disk(
    root: Index,
    epoch: int,
    seed: bytes,
    *,
    starting: Starting = Starting.UEFI,
    size: int | None = None,
    names: Names | None = None,
) -> Laid:
    """
    The disk of a root, of `size` bytes or as small as it may be; ids that have no name come from `seed`.

    Raises:
        BadImage: something that ext4 or FAT cannot hold, or the content of a file is damaged.
        InputError: `size` is too small.
    """
    names = names or made(seed)
    plans = list(_before(root, epoch, starting, names))
    start = ALIGNED + sum(one.laid.size for one in plans)
    room = None if size is None else size // ALIGNED * ALIGNED - ALIGNED - start
    if room is not None and room <= 0:
        raise InputError(f"{size} bytes are not enough: what comes before the root takes {start + ALIGNED}")
    has_esp = starting is not Starting.BIOS
    keep = _outside if has_esp else _everything
    laid = ext4(root, epoch, seed, size=room, keep=keep, uuid=names.root, label=names.root_label)
    plans.append(_Planned("root", _LINUX_TYPE, laid))
    whole = -(-(start + laid.size) // ALIGNED) * ALIGNED + ALIGNED
    return _joined(plans, whole if size is None else size // ALIGNED * ALIGNED, seed)


def has_loader(root: Index) -> bool:
    """
    Whether there is something in /boot/efi that firmware would start.
    """
    return any(one.name.lower().endswith(".efi") for one in root.below(_ESP))


def _before(root: Index, epoch: int, starting: Starting, names: Names) -> list[_Planned]:
    plans = []
    if starting is not Starting.UEFI:
        plans.append(_Planned("bios", _BIOS_TYPE, Laid(ALIGNED, lambda: iter(()))))
    if starting is not Starting.BIOS:
        esp = fat32(root.within(_ESP), epoch, names.serial, label=names.esp_label)
        plans.append(_Planned("esp", _ESP_TYPE, esp))
    return plans


def _joined(plans: list[_Planned], size: int, seed: bytes) -> Laid:
    parts, at = [], ALIGNED
    for one in plans:
        length = -(-one.laid.size // ALIGNED) * ALIGNED
        parts.append(Part(one.name, one.kind, identifier(seed, f"partition {one.name}"), at, length))
        at += length
    first, last = gpt(size, identifier(seed, "disk"), parts)

    def pieces() -> Pieces:
        inner = (shifted(one.laid, part.start) for one, part in zip(plans, parts, strict=True))
        yield 0, first
        yield from chain.from_iterable(inner)
        yield size - len(last), last

    return Laid(size, pieces)


def _outside(entry: Entry) -> bool:
    return not entry.path.startswith(f"{_ESP}/")


def _everything(_entry: Entry) -> bool:
    return True
