"""
Group G, second part: the filesystems of a disk: state, names, and free space.
"""

import re
from collections import Counter
from collections.abc import Iterator

from tundish.anatomy.image import Disk, Form, Volume
from tundish.check.hooks import MOUNTABLE, says, targets
from tundish.check.menus import MAKES_MENU, astray, volumes_named
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.rules.g_disk import disk_of
from tundish.check.scopes import dd, linux
from tundish.check.subject import Subject

MIB = 1024 * 1024
LITTLE = 64 * MIB  # of free space that nobody minds
_DAMAGED = "damaged"  # the state of a volume whose reader gave up
_BY_DEVICE = re.compile(r"/dev/(?:sd|vd|hd|xvd|nvme|mmcblk)\w+$")
# XFS features by the first kernel that mounts them, and the kernel of each ephemeral system
_XFS_NEEDS = {"nrext64": (5, 19), "exchange": (6, 10), "parent": (6, 10), "metadir": (6, 13)}
_KERNELS = {
    "bionic": (4, 15),
    "focal": (5, 4),
    "jammy": (5, 15),
    "noble": (6, 8),
    "plucky": (6, 14),
    "questing": (6, 17),
}


def _fstab(subject: Subject) -> Iterator[tuple[str, str]]:
    """
    What etc/fstab mounts, and where.
    """
    text = (subject.root.text("etc/fstab") if subject.root else "") or ""
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and not words[0].startswith("#"):
            yield words[0].strip("\"'"), words[1]


def _is_mounted_by_name(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    for spec, place in _fstab(subject):
        if _BY_DEVICE.match(spec):
            yield Found(f"etc/fstab mounts {place} from {spec}", (Evidence("etc/fstab", spec),))
        elif problem := _nowhere(disk, spec):
            yield Found(f"etc/fstab mounts {place} from {spec}, {problem}", (Evidence("etc/fstab", spec),))
    yield from _in_menus(subject, disk)
    ids = Counter(one.uuid.lower() for one in disk.volumes if one.uuid)
    for uuid in (uuid for uuid, count in ids.items() if count > 1):
        names = ", ".join(one.name for one in disk.volumes if one.uuid.lower() == uuid)
        yield Found(f"volumes {names} have the same UUID {uuid}", (Evidence("UUID", uuid),))


def _is_in_part(disk: Disk) -> bool:
    return any(one.index is None and one.form in MOUNTABLE | {Form.LUKS} for one in disk.volumes)


def _in_menus(subject: Subject, disk: Disk) -> Iterator[Found]:
    """
    What GRUB looks for or gives the kernel as its root, where no hook writes its menu anew.
    """
    if _is_in_part(disk) or (subject.facts.hooks and says(subject, MAKES_MENU)):
        return
    for one, why, sometimes in astray(subject, disk):
        yield Found(
            f"{one.path} {one.use} {one.spec}, {why}",
            (Evidence(one.path, one.spec),),
            Severity.WARNING if sometimes else Severity.ERROR,
            "run update-grub (grub2-mkconfig) in the image, with its root mounted by the UUID that it has",
        )


def _nowhere(disk: Disk, spec: str) -> str:
    kind, _, value = spec.partition("=")
    value = value.strip("\"'").lower()
    if _is_in_part(disk):
        return ""  # what could not be read may have that name
    held = volumes_named(disk)
    return "which no volume of the disk has" if kind in held and value not in held[kind] else ""


def _can_be_mounted(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    marked = targets(disk)
    for volume in disk.volumes:
        if volume.form is Form.LUKS:
            yield Found(
                f"volume {volume.name} is encrypted with LUKS", (Evidence(f"volume {volume.name}", "luks"),)
            )
        elif volume.form in MOUNTABLE and volume.state == _DAMAGED and not marked:
            yield Found(
                f"the filesystem of volume {volume.name} ({volume.form}) is damaged; none else has /curtin",
                (Evidence(f"volume {volume.name}", volume.why),),
            )
        elif volume.form in MOUNTABLE and volume.state != "clean":
            yield Found(
                f"the filesystem of volume {volume.name} ({volume.form}) is not clean: {volume.state}",
                (Evidence(f"volume {volume.name}", volume.state),),
                None if volume in marked else Severity.WARNING,
                _mend(volume),
            )
        elif volume.form is Form.XFS:
            yield from _too_new(volume, subject.target.ephemeral, volume in marked)
    unread = [one.state for one in disk.volumes if one.form in MOUNTABLE and one.index is None]
    if not marked and unread and _DAMAGED not in unread:
        raise Unknown("no filesystem with a folder /curtin could be read")


def _mend(volume: Volume) -> str:
    if volume.form is Form.NTFS:
        return (
            "shut Windows down in full (shutdown /s /t 0, fast startup off), or run ntfsfix -d on the volume"
        )
    return "shut the machine down in order before the disk is taken, or run fsck on the filesystem"


def _too_new(volume: Volume, series: str, marked: bool) -> Iterator[Found]:
    kernel = _KERNELS.get(series, (6, 8))
    for name, since in _XFS_NEEDS.items():
        if name in volume.features and kernel < since:
            yield Found(
                f"the XFS of volume {volume.name} has {name}, which Linux {kernel[0]}.{kernel[1]} "
                f"of {series} "
                "does not mount",
                (Evidence(f"volume {volume.name}", name),),
                None if marked else Severity.WARNING,
                f"make the filesystem with mkfs.xfs and {name} off",
            )


def _is_zeroed(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    sampled = [one for one in disk.volumes if one.free_zeroed is not None]
    if not sampled and any(one.form in MOUNTABLE for one in disk.volumes):
        raise Unknown("no free space could be sampled")
    for one in sampled:
        share = one.free_zeroed or 0.0
        free = one.size if one.form is Form.SWAP else one.size - one.used
        if free > LITTLE and share < 0.8:
            what = "swap space" if one.form is Form.SWAP else "free space"
            yield Found(
                f"{1 - share:.0%} of the {what} of volume {one.name} ({free // MIB} MiB) is not zero",
                (Evidence(f"volume {one.name}", f"{share:.0%} zero"),),
            )


RULES = (
    Rule(
        "G06",
        Severity.WARNING,
        "etc/fstab and GRUB name filesystems by UUID or label, and each is there once",
        lambda subject: dd(subject) and linux(subject),
        "dd, Linux",
        "disks have other names on other machines: the machine waits for one that is not there and ends in "
        "emergency mode, or GRUB at its prompt",
        "use UUID= or LABEL= in etc/fstab",
        _is_mounted_by_name,
    ),
    Rule(
        "G07",
        Severity.ERROR,
        "the filesystems that hold /curtin are clean, and the installer's kernel mounts them",
        dd,
        "dd",
        "the installer skips what it cannot mount without a word, and then finds no filesystem with /curtin",
        "bring the filesystem clean, unencrypted, and with features that the ephemeral kernel knows",
        _can_be_mounted,
    ),
    Rule(
        "G10",
        Severity.WARNING,
        "free and swap space is zero",
        dd,
        "dd",
        "what was deleted is still in the image: it is transferred and written on every deployment, "
        "and can be "
        "read by whoever has the image",
        "run fstrim or zerofree before the disk is packed, or `tundish pack` the tree anew",
        _is_zeroed,
    ),
)
