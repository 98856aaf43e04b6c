"""
Group G, third part: images of Windows and ESXi.
"""

from collections.abc import Iterator

from tundish.anatomy.image import Disk, Form, Volume
from tundish.anatomy.index import Index
from tundish.anatomy.registry import MAX_HIVE, Hive
from tundish.check.boot import boots
from tundish.check.folded import folded
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.rules.g_disk import disk_of
from tundish.check.scopes import dd, esxi, win
from tundish.check.subject import Subject
from tundish.check.uploads import WINDOWS_WITH_KEY

MSR = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
MAX_HOSTNAME = 15
_TAG = "Windows/System32/Sysprep/Sysprep_succeeded.tag"
_HIVE = "Windows/System32/config/SOFTWARE"
_SETUP = "Microsoft\\Windows\\CurrentVersion\\Setup\\State"
_GENERALISED = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
_STORES = ("EFI/Microsoft/Boot/BCD", "Boot/BCD")


def _windows(disk: Disk) -> tuple[Volume, Index]:
    for one in disk.volumes:
        if one.index is not None and folded(one.index, "Windows/System32"):
            return one, one.index
    unread = next((one for one in disk.volumes if one.form is Form.NTFS and one.index is None), None)
    raise Unknown(f"volume {unread.name}: {unread.why}" if unread else "no volume holds Windows/System32")


def _is_generalised(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    volume, index = _windows(disk)
    yield from _layout(subject, disk, volume)
    if not folded(index, _TAG):
        yield from _not_generalised(index)
    if not any(one.index and folded(one.index, path) for one in disk.volumes for path in _STORES):
        yield Found(
            "no volume holds a boot configuration (BCD)", tuple(Evidence(p, "absent") for p in _STORES)
        )
    if folded(index, "error_log.txt"):
        yield Found("error_log.txt tells of a failed build", (Evidence("error_log.txt"),))
    if not folded(index, "success.tch"):
        yield Found(
            "success.tch, with which a build says that its last script ended well, is not there",
            (Evidence("success.tch", "absent"),),
            Severity.INFO,
        )


def _layout(subject: Subject, disk: Disk, volume: Volume) -> Iterator[Found]:
    if disk.esp is None and "bios" not in boots(subject):
        yield Found("the disk has no EFI system partition", (Evidence("partitions", "no ESP"),))
    placed = [one.partition for one in disk.volumes if one.partition]
    if disk.esp is not None and not any(one.type == MSR for one in placed):
        yield Found(
            "the disk has no Microsoft reserved partition", (Evidence("partitions", MSR),), Severity.WARNING
        )
    if volume.partition and any(one.start > volume.partition.start for one in placed):
        yield Found(
            f"partition {volume.name} with Windows is not the last one, so it cannot grow",
            (Evidence(f"partition {volume.name}", f"at {volume.partition.start}"),),
            Severity.WARNING,
        )


def _not_generalised(index: Index) -> Iterator[Found]:
    hive = folded(index, _HIVE)
    if hive is None:
        yield Found("neither the tag of sysprep nor the registry is there", (Evidence(_TAG, "absent"),))
        return
    state = Hive(index.read(hive.path, MAX_HIVE), hive.path).text(_SETUP, "ImageState")
    if state != _GENERALISED:
        yield Found(
            f"sysprep did not generalise it: the registry says {state or 'nothing'} of its state",
            (Evidence(f"{hive.path}: {_SETUP}", state or "absent"),),
        )


def _has_room(subject: Subject) -> Iterator[Found]:
    disk = disk_of(subject)
    numbered = {one.partition.number: one for one in disk.volumes if one.partition}
    first, bank = numbered.get(1), numbered.get(6)
    if first is None or first.form is not Form.FAT:
        yield Found("partition 1 is not FAT", (Evidence("partition 1", first.form if first else "absent"),))
    elif first.index is None:
        raise Unknown(f"partition 1 could not be read: {first.why}")
    elif not folded(first.index, "curtin"):
        yield Found("partition 1 has no folder curtin", (Evidence("partition 1/curtin", "absent"),))
    if bank is None or bank.form is not Form.FAT:
        yield Found(
            "partition 6, the alternative boot bank, is not FAT16",
            (Evidence("partition 6", bank.form if bank else "absent"),),
        )
        return
    needed = _scripts(first.index) if first is not None and first.index else 0
    if needed and bank.size - bank.used < needed:
        yield Found(
            f"partition 6 has {bank.size - bank.used} bytes free, and the scripts have {needed}",
            (Evidence("partition 6", f"{bank.size - bank.used} free"),),
        )


def _scripts(index: Index) -> int:
    folder = folded(index, "curtin")
    packed = (
        (one for one in index.below(folder.path) if "scripts.tar" in one.name.lower()) if folder else iter(())
    )
    return sum(one.size for one in packed)


def _rules_of_windows(subject: Subject) -> Iterator[Found]:
    edition = subject.request.name.partition("/")[2].lower()
    if edition in WINDOWS_WITH_KEY:
        yield Found(
            f"MAAS wants a licence key for windows/{edition} before it deploys it",
            (Evidence("name", subject.request.name),),
        )
    yield Found(
        f"Windows takes host names of at most {MAX_HOSTNAME} characters",
        (Evidence("host name", f"at most {MAX_HOSTNAME}"),),
        Severity.INFO,
    )


RULES = (
    Rule(
        "G11",
        Severity.ERROR,
        "Windows is generalised, has a boot configuration, and stands behind ESP and MSR, last on the disk",
        win & dd,
        "Windows",
        "every machine gets the same identity, or Windows does not start and waits at a console",
        "run sysprep /generalize /oobe /shutdown, and take the disk after it has shut down by itself",
        _is_generalised,
    ),
    Rule(
        "G12",
        Severity.ERROR,
        "ESXi has /curtin on partition 1, and room for its scripts on partition 6",
        esxi & dd,
        "ESXi",
        "the hook finds no place for the scripts of the first boot: the node stays in Deploying",
        "install ESXi with systemMediaSize=min and add /curtin to its first partition",
        _has_room,
    ),
    Rule(
        "G13",
        Severity.WARNING,
        "the edition needs no licence key, and host names are short",
        win,
        "Windows",
        "MAAS refuses to deploy an edition without its key, and machines with longer names",
        "set the key in MAAS, or take a name that is not of its list, such as windows/windows-server",
        _rules_of_windows,
    ),
)
