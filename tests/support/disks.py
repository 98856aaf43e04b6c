"""
Disks as values, made of a few lines: partitions in their order, each with a tree or without.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.support.images import Tree, index_of
from tundish.anatomy.facts import Facts, Family, Hooks, Loader
from tundish.anatomy.image import (
    Compression,
    Disk,
    Form,
    Image,
    Lvm,
    Partition,
    Scheme,
    Table,
    Volume,
    Wrapping,
)
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.core.digest import Digest

MIB = 1024 * 1024
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
BIOS_GRUB = "21686148-6449-6E6F-744E-656564454649"
MSR = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


@dataclass(frozen=True)
class Part:
    """
    A partition and what it holds. A tree of None is a filesystem that lists nothing.
    """

    form: Form
    type: str = LINUX
    tree: Tree | None = None
    number: int = 0
    size: int = 512 * MIB
    used: int = 0
    state: str = "clean"
    uuid: str = ""
    label: str = ""
    features: tuple[str, ...] = ()
    free_zeroed: float | None = 1.0
    why: str = ""
    shown: str = ""  # the folder that a mount shows as the root


def disk(
    *parts: Part,
    scheme: Scheme = Scheme.GPT,
    boot_code: bool = True,
    sector: int = 512,
    size: int = 0,
    groups: Iterable[Lvm] = (),
    faults: tuple[str, ...] = (),
) -> Disk:
    """
    Partitions one after the other, with a MiB before the first and behind the last.
    """
    volumes, at = [], MIB
    for place, part in enumerate(parts, 1):
        volumes.append(_volume(part, part.number or place, at))
        at += part.size
    rows = tuple(one.partition for one in volumes if one.partition)
    table = Table(scheme, sector, "", rows, boot_code, faults=faults)
    return Disk(Form.DISK, size or at + MIB, table, tuple(volumes), tuple(groups))


def _volume(part: Part, number: int, at: int) -> Volume:
    row = Partition(number, at, part.size, part.type, guid=f"00000000-0000-0000-0000-{number:012}")
    index = None if part.tree is None else index_of(part.tree)
    return Volume(
        str(number),
        part.form,
        part.size,
        row,
        part.label,
        part.uuid,
        part.state,
        part.features,
        part.used,
        part.free_zeroed,
        index,
        part.why,
        index.within(part.shown) if index is not None and part.shown else None,
    )


def on_disk(
    made: Disk,
    *,
    facts: Facts | None = None,
    request: Request | None = None,
    target: Target | None = None,
) -> Subject:
    """
    What rules are asked of, for a disk. Its root is the last volume with a system, or with /curtin.
    """
    indexes = [one.index for one in made.volumes if one.index is not None]
    system = [one for one in indexes if "etc/os-release" in one or "Windows" in one]
    roots = system or [one for one in indexes if one.is_folder("curtin")]
    root = roots[-1] if roots else None
    hooked = [one for one in indexes if one.is_folder("curtin")]
    target_index = hooked[-1] if hooked else None
    hooks = Hooks(
        folder=target_index is not None,
        curtin_hooks=target_index is not None and target_index.is_file("curtin/curtin-hooks"),
        finalize=target_index is not None and target_index.is_file("curtin/finalize"),
    )
    facts = replace(facts or Facts(Family.DEBIAN, arch="amd64"), hooks=hooks)
    esp = made.esp.index if made.esp else None
    loaders = (one for one in esp.below("EFI") if one.name.lower().endswith(".efi")) if esp else iter(())
    facts = replace(facts, loaders=tuple(Loader(one.path, facts.arch, signed=True) for one in loaders))
    request = request or Request(Filetype.DDGZ, "custom/disk", f"{facts.arch}/generic", "ubuntu/noble")
    wrapping = Wrapping(Compression.GZIP, 400 * MIB, made.size, Digest.of(b"disk"))
    return Subject(Image("disk.dd.gz", wrapping, Form.DISK, root, made), facts, request, target or Target())
