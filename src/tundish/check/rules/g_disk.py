"""
Group G, first part: partition table, EFI system partition, boot code, and what can grow.
"""

import re
from collections.abc import Iterator
from itertools import islice

from tundish.anatomy.disk.disk import root_in
from tundish.anatomy.facts import Family
from tundish.anatomy.image import Disk, Form, Scheme, Volume
from tundish.check.boot import BIOS_GRUB, boots, lack, paths_on_esp
from tundish.check.chainload import known_paths
from tundish.check.hooks import MOUNTABLE, says
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import core, dd, esxi, linux, win
from tundish.check.subject import Subject

MIB = 1024 * 1024
MAX_STEPS = 200  # scripts and units that are looked into
_LISTED = MOUNTABLE | {Form.LUKS, Form.VMFS}
GROWN = r"\b(lvextend|pvresize|lvresize)\b"


def disk_of(subject: Subject) -> Disk:
    if subject.image.disk is None:
        raise Unknown("no disk was found in the image")
    return subject.image.disk


def _is_sound(subject: Subject) -> Iterator[Found]:
    if subject.image.disk is None and not subject.image.wrapping.fault:
        yield Found("the image holds no disk", (Evidence("content", subject.image.form),))
        return
    disk = disk_of(subject)
    unread = any(one.index is None and one.form in _LISTED for one in disk.volumes)
    if subject.family is Family.NONE and not unread:
        seen = tuple(Evidence(f"volume {one.name}", one.form) for one in disk.volumes)
        yield Found("no volume of the disk holds a system", seen)
    for fault in disk.table.faults:
        spare = "second GPT header" in fault  # which no larger disk has at its end, and Linux does without
        yield Found(
            f"the partition table: {fault}",
            (Evidence(disk.table.scheme, fault),),
            Severity.WARNING if spare else None,
            "move it with sgdisk -e" if spare else "",
        )
    known = any(volume.form not in {Form.UNKNOWN, Form.EMPTY} for volume in disk.volumes)
    if disk.table.scheme is Scheme.NONE and not known:
        yield Found("the disk has neither a partition table nor a filesystem", (Evidence("disk", disk.form),))
    if disk.size % 512:
        yield Found(
            f"the disk has {disk.size} bytes, which is no multiple of 512",
            (Evidence("size", str(disk.size)),),
            fix="extend it with zeros to a whole MiB",
        )
    elif disk.size % MIB:
        yield Found(
            f"the disk has {disk.size} bytes, which is no whole number of MiB",
            (Evidence("size", str(disk.size)),),
            Severity.INFO,
        )


def _has_esp(subject: Subject) -> Iterator[Found]:
    disk, severity = disk_of(subject), lack(subject, "uefi")
    if severity is None:
        return
    esp = disk.esp
    if esp is None:
        yield Found("the disk has no EFI system partition", (Evidence("partitions", _types(disk)),), severity)
    elif esp.form is not Form.FAT:
        yield Found(
            f"the EFI system partition {esp.name} holds {esp.form}, not FAT",
            (Evidence(f"partition {esp.name}", esp.form),),
            severity,
        )
    elif esp.index is None:
        raise Unknown(f"the EFI system partition {esp.name} could not be read: {esp.why}")
    elif not paths_on_esp(subject) & known_paths(subject):
        held = sorted(paths_on_esp(subject))
        yield Found(
            f"the EFI system partition {esp.name} has no EFI/BOOT/BOOTX64.EFI (BOOTAA64.EFI), nor another "
            "loader that MAAS looks for",
            tuple(Evidence(f"partition {esp.name}", path) for path in held[:20])
            or (Evidence("loaders", "none"),),
            severity,
        )


def _types(disk: Disk) -> str:
    return ", ".join(one.partition.type for one in disk.volumes if one.partition) or "none"


def _has_boot_code(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    ways = ", ".join(sorted(boots(subject))) or "no firmware that is known"
    severity = lack(subject, "bios")
    if severity is None:
        return
    gap = disk.table.scheme is Scheme.GPT and not any(
        one.partition and one.partition.type == BIOS_GRUB for one in disk.volumes
    )
    if not disk.table.boot_code:
        text = "the first sector holds no boot code"
    elif disk.table.leads_to is not None:
        text = f"GRUB's first sector goes on to sector {disk.table.leads_to}, which is empty"
    elif gap and not (win(subject) or esxi(subject)):
        text = "the GPT has no BIOS boot partition, where GRUB keeps what follows its first sector"
    else:
        return
    yield Found(
        f"{text}; the disk boots by {ways}", (Evidence("MBR", text), Evidence("boots by", ways)), severity
    )


def system_volume(disk: Disk) -> Volume | None:
    """
    The volume that holds the system.
    """
    held = (one for one in disk.volumes if root_in(one) or (one.index and "Windows/System32" in one.index))
    return next(held, None)


def _root_is_last(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    volume = system_volume(disk)
    placed = [one for one in disk.volumes if one.partition]
    if volume is not None and volume.partition is None:
        volume = next((one for one in placed if one.form is Form.LVM), None)
    if not placed or (volume is None and disk.table.scheme is Scheme.NONE):
        return
    if volume is None or volume.partition is None:
        raise Unknown("which partition holds the system cannot be seen")
    last = max(placed, key=lambda one: one.partition.start if one.partition else 0)
    if last.partition != volume.partition:
        yield Found(
            f"partition {volume.partition.number}, which should grow, is followed by partition {last.name}",
            (Evidence(f"partition {last.name}", f"at {last.partition.start if last.partition else 0}"),),
        )


def _lvm_grows(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    if not disk.groups or _has_grow_step(subject):
        return
    for group in disk.groups:
        yield Found(
            f"the volume group {group.name} has the same name and UUID on every clone, and nothing "
            f"in the image "
            "grows its volumes",
            (Evidence(f"volume group {group.name}", group.uuid),),
        )


def _has_grow_step(subject: Subject) -> bool:
    if says(subject, GROWN):
        return True
    patterns = (
        "etc/systemd/system/*.service",
        "usr/local/sbin/*",
        "usr/local/bin/*",
        "etc/cloud/cloud.cfg.d/*",
    )
    root = subject.root
    entries = (entry for pattern in patterns for entry in root.matching(pattern)) if root else iter(())
    small = islice((one for one in entries if one.size < MIB and root and root.is_file(one.path)), MAX_STEPS)
    return any(root is not None and re.search(GROWN, root.text(entry.path) or "") for entry in small)


def _has_small_sectors(subject: Subject) -> Iterator[Found]:
    table = disk_of(subject).table
    if table.scheme is Scheme.GPT and table.sector != 512:
        yield Found(
            f"the GPT is made for sectors of {table.sector} bytes",
            (Evidence("GPT", f"header at {table.sector}"),),
        )


def _minimum(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    yield Found(
        f"the machine needs a disk of at least {disk.size} bytes ({disk.size / 10**9:.1f} GB)",
        (Evidence("size", str(disk.size)),),
        Severity.INFO,
    )


RULES = (
    Rule(
        "G01",
        Severity.ERROR,
        "the disk has a valid GPT or MBR, or is one whole filesystem, and its size is a multiple of 512",
        dd,
        "dd",
        "the installer finds no partitions after dd and fails, or the last sector is lost",
        "make the disk anew, or mend its table with sgdisk --verify",
        _is_sound,
    ),
    Rule(
        "G02",
        Severity.ERROR,
        "the EFI system partition is FAT and holds a loader that MAAS starts",
        dd,
        "dd, UEFI",
        "there is nothing that MAAS could start after the installation: the machine ends in the "
        "firmware's menu",
        "put the loader at EFI/BOOT/BOOTX64.EFI (BOOTAA64.EFI) of a FAT partition of type EFI system",
        _has_esp,
    ),
    Rule(
        "G03",
        Severity.WARNING,
        "a disk for BIOS has boot code, and with GPT a BIOS boot partition",
        dd,
        "dd, BIOS",
        "MAAS chain-loads the first sector: the machine stops with a blank screen, or at a GRUB prompt",
        "install GRUB for BIOS on the disk, with a partition of type BIOS boot; or say --firmware uefi",
        _has_boot_code,
    ),
    Rule(
        "G04",
        Severity.WARNING,
        "the partition that should grow is the last one",
        lambda subject: dd(subject) and linux(subject) and not core(subject),
        "dd, Linux",
        "the root keeps its size, however large the machine's disk is",
        "put the root partition last",
        _root_is_last,
    ),
    Rule(
        "G05",
        Severity.WARNING,
        "an image on LVM brings a step that grows its volumes",
        dd,
        "dd, LVM",
        "growpart grows the partition and not the logical volume: the root stays small; and two "
        "clones in one "
        "machine have the same volume group",
        "run pvresize and lvextend at the first boot, or upload a tar and let MAAS make the LVM",
        _lvm_grows,
    ),
    Rule(
        "G08",
        Severity.WARNING,
        "the partition table is made for 512-byte sectors",
        dd,
        "dd",
        "the GPT header is looked for at the second sector: it is not found on a disk with other sectors",
        "make the GPT for 512-byte sectors, and a second image for disks with 4096",
        _has_small_sectors,
    ),
    Rule(
        "G09",
        Severity.WARNING,
        "the disk that the machine needs at least",
        dd,
        "dd",
        "dd ends with 'No space left on device' on a smaller one",
        "shrink the last partition before the disk is packed",
        _minimum,
    ),
)
