"""
Group G: what a disk image must be like.
"""

from dataclasses import replace

import pytest

from tests.support.disks import BIOS_GRUB, DATA, ESP, LINUX, MIB, MSR, Part, disk, on_disk
from tests.support.hives import hive
from tests.support.images import File, Folder, Node, index_of
from tests.unit.check.asked import ERROR, HOOK, INFO, WARNING, Bad, Good, Make, found, named, spoils, worst
from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Disk, Form, Lvm, Scheme
from tundish.check.subject import Filetype, Request, Subject, Target

_GAP = Part(Form.EMPTY, BIOS_GRUB, size=MIB)
_ESP = Part(Form.FAT, ESP, {"EFI/BOOT/BOOTX64.EFI": b"MZ", "EFI/BOOT/grub.cfg": ""})
_TREE: dict[str, Node] = {
    "etc/os-release": "ID=ubuntu\n",
    "etc/fstab": "UUID=AAAA-1 / ext4 defaults 0 1\n",
    HOOK: File(b"#!/bin/sh\n", 0o755),
}
_ROOT = Part(Form.EXT, LINUX, _TREE, uuid="aaaa-1", size=2048 * MIB)
UEFI, BIOS = Target(firmware=frozenset({"uefi"})), Target(firmware=frozenset({"bios"}))
BOTH = Target(both=True)


def linux(*parts: Part, target: Target | None = None, made: Disk | None = None, **how: object) -> Subject:
    """
    A good disk of Ubuntu, or one of these partitions.
    """
    whole = made or disk(*(parts or (_GAP, _ESP, _ROOT)), **how)  # type: ignore[arg-type] # as disk() has them
    return on_disk(whole, target=target)


def rooted(tree: dict[str, Node], **how: object) -> Subject:
    return linux(_GAP, _ESP, replace(_ROOT, tree={**_TREE, **tree}, **how))  # type: ignore[arg-type] # of Part


def _menu(*roots: str, hook: bytes = b"#!/bin/sh\n") -> Make:
    """
    A menu of GRUB with an entry for each.
    """
    text = "".join(f"menuentry x {{\n\tlinux\t/vmlinuz {one} quiet\n}}\n" for one in roots)
    return lambda: rooted({"boot/grub/grub.cfg": text, HOOK: File(hook, 0o755)})


def _stub(line: str) -> Make:
    return lambda: rooted({"boot/efi/EFI/debian/grub.cfg": f"{line}\nset prefix=($root)/boot/grub\n"})


def _without_core() -> Subject:
    made = disk(_GAP, _ESP, _ROOT)
    return linux(made=replace(made, table=replace(made.table, leads_to=1)), target=BIOS)


_WINDOWS: dict[str, Node] = {
    "Windows/System32/ntoskrnl.exe": b"MZ",
    "Windows/System32/Sysprep/Sysprep_succeeded.tag": "",
    "Windows/System32/config/SOFTWARE": b"regf",
    "success.tch": "",
    HOOK: "",
}
_WINDOWS_ESP = Part(
    Form.FAT, ESP, {"EFI/Microsoft/Boot/BCD": b"regf", "EFI/Microsoft/Boot/bootmgfw.efi": b"MZ"}
)
_MSR = Part(Form.UNKNOWN, MSR)


def windows(
    *without: str,
    esp: Part = _WINDOWS_ESP,
    after: tuple[Part, ...] = (),
    msr: tuple[Part, ...] = (_MSR,),
    software: bytes | None = None,
    **new: Node,
) -> Subject:
    tree = {path: node for path, node in _WINDOWS.items() if path not in without}
    tree |= {"Windows/System32/config/SOFTWARE": software} if software else {}
    tree |= {name.replace("__", "."): node for name, node in new.items()}
    made = disk(esp, *msr, Part(Form.NTFS, DATA, tree), *after)
    request = Request(Filetype.DDGZ, "windows/windows-server", "amd64/generic")
    return on_disk(made, facts=Facts(Family.WINDOWS, arch="amd64"), request=request)


def prepared(state: str) -> Subject:
    """
    Windows without the tag of sysprep, and what its registry says instead.
    """
    key = "Microsoft\\Windows\\CurrentVersion\\Setup\\State"
    return windows("Windows/System32/Sysprep/Sysprep_succeeded.tag", software=hive(key, "ImageState", state))


def esxi(*parts: Part) -> Subject:
    boot = Part(Form.FAT, ESP, {"curtin/scripts.tar.xz": b"x" * 100, "EFI/BOOT/BOOTX64.EFI": b"MZ"}, 1)
    bank = Part(Form.FAT, DATA, {}, 6, used=10 * MIB)
    request = Request(Filetype.DDGZ, "esxi/8", "amd64/generic")
    return on_disk(disk(*(parts or (boot, bank))), facts=Facts(Family.ESXI, arch="amd64"), request=request)


def edition(name: str) -> Subject:
    return replace(windows(), request=Request(Filetype.DDGZ, f"windows/{name}", "amd64/generic"))


def _device(spec: str) -> Make:
    return lambda: rooted({"etc/fstab": f"{spec} / ext4 defaults 0 1\n"})


_LVM = Part(Form.LVM, size=1024 * MIB)


def on_lvm(**tree: Node) -> Subject:
    """
    The root on a logical volume.
    """
    made = disk(_GAP, _ESP, _LVM, groups=(Lvm("vg", "uuid", ("root",)),))
    logical = replace(disk(_ROOT).volumes[0], name="vg/root", partition=None)
    files = {name.replace("__", "/"): node for name, node in tree.items()}
    logical = replace(logical, index=index_of({**_TREE, **files}))
    return linux(made=replace(made, volumes=(*made.volumes, logical)))


def _without_disk() -> Subject:
    made = linux()
    return replace(made, image=replace(made.image, disk=None, form=Form.EMPTY))


def _without_system() -> Subject:
    made = linux()
    return replace(made, facts=replace(made.facts, family=Family.NONE))


BAD = [
    Bad(
        "G01",
        "a bad table",
        lambda: linux(_ROOT, faults=("the header's CRC is wrong",)),
        ERROR,
        "CRC is wrong",
    ),
    Bad(
        "G01",
        "a second GPT that is not at the end",
        lambda: linux(faults=("the second GPT header is in sector 9, not in the last, 99",)),
        WARNING,
        "not in the last",
    ),
    Bad(
        "G03", "no GRUB behind its first sector", _without_core, ERROR, "goes on to sector 1, which is empty"
    ),
    Bad("G06", "a root of the build", _menu("root=/dev/loop0p2 ro"), ERROR, "a device of the build"),
    Bad("G06", "a root by its device", _menu("root=/dev/vda2 ro"), WARNING, "gives the kernel as its root"),
    Bad("G06", "a root of nothing", _menu("root=UUID=bbbb-2"), ERROR, "which no volume of the disk has"),
    Bad(
        "G06", "GRUB that looks for nothing", _stub("search.fs_uuid bbbb-2 root hd0,gpt2"), ERROR, "looks for"
    ),
    Bad("G06", "GRUB that looks for no label", _stub("search --label none --set=root"), ERROR, "LABEL=none"),
    Bad("G01", "an odd size", lambda: linux(size=4096 * MIB + 100), ERROR, "no multiple of 512"),
    Bad("G01", "no whole MiB", lambda: linux(size=4096 * MIB + 512), INFO, "no whole number of MiB"),
    Bad(
        "G01",
        "nothing known",
        lambda: linux(Part(Form.UNKNOWN), scheme=Scheme.NONE),
        ERROR,
        "neither a partition table nor",
    ),
    Bad("G01", "no disk", _without_disk, ERROR, "holds no disk"),
    Bad("G01", "no system", _without_system, ERROR, "no volume of the disk holds a system"),
    Bad("G02", "no ESP", lambda: linux(_ROOT, target=UEFI), ERROR, "no EFI system partition"),
    Bad("G02", "no ESP, where BIOS is enough", lambda: linux(_GAP, _ROOT), INFO, "no EFI system partition"),
    Bad("G02", "neither ESP nor boot code", lambda: linux(_ROOT, boot_code=False), ERROR, "no EFI system"),
    Bad(
        "G02",
        "an ESP of ext4",
        lambda: linux(replace(_ESP, form=Form.EXT), _ROOT, target=UEFI),
        ERROR,
        "holds ext, not FAT",
    ),
    Bad(
        "G02",
        "a loader that nobody looks for",
        lambda: linux(replace(_ESP, tree={"EFI/almalinux/shimx64.efi": b""}), _ROOT, target=UEFI),
        ERROR,
        "no EFI/BOOT/BOOTX64.EFI",
    ),
    Bad("G03", "no boot code", lambda: linux(boot_code=False, target=BIOS), ERROR, "no boot code"),
    Bad("G03", "no boot code, for both", lambda: linux(boot_code=False, target=BOTH), ERROR, "no boot code"),
    Bad("G03", "no boot code, where UEFI is enough", lambda: linux(boot_code=False), INFO, "boots by uefi"),
    Bad("G03", "no place for GRUB", lambda: linux(_ESP, _ROOT, target=BIOS), ERROR, "no BIOS boot partition"),
    Bad(
        "G04", "a root that is not last", lambda: linux(_ESP, _ROOT, Part(Form.SWAP)), WARNING, "followed by"
    ),
    Bad("G05", "LVM that does not grow", on_lvm, WARNING, "volume group vg"),
    Bad("G06", "a device of a VM", _device("/dev/vda1"), WARNING, "/dev/vda1"),
    Bad("G06", "a device of NVMe", _device("/dev/nvme0n1p1"), WARNING, "/dev/nvme0n1p1"),
    Bad("G06", "a UUID of nothing", _device("UUID=bbbb"), WARNING, "which no volume of the disk has"),
    Bad("G06", "a label of nothing", _device("LABEL=none"), WARNING, "which no volume of the disk has"),
    Bad(
        "G06",
        "the same UUID twice",
        lambda: linux(_ESP, replace(_ROOT, tree={}), _ROOT),
        WARNING,
        "have the same UUID aaaa-1",
    ),
    Bad("G07", "a root to be recovered", lambda: rooted({}, state="needs recovery"), ERROR, "needs recovery"),
    Bad("G07", "a dirty ESP", lambda: linux(replace(_ESP, state="dirty"), _ROOT), WARNING, "dirty"),
    Bad(
        "G07",
        "a root that is damaged",
        lambda: linux(_ESP, Part(Form.EXT, state="damaged", why="the superblock is damaged")),
        ERROR,
        "volume 2 (ext) is damaged",
    ),
    Bad("G07", "an encrypted root", lambda: linux(_ESP, Part(Form.LUKS)), ERROR, "LUKS"),
    Bad(
        "G07",
        "an XFS too new",
        lambda: on_disk(
            disk(replace(_ROOT, form=Form.XFS, features=("reflink", "nrext64"))),
            target=Target(ephemeral="jammy"),
        ),
        ERROR,
        "nrext64, which Linux 5.15",
    ),
    Bad("G08", "large sectors", lambda: linux(sector=4096), WARNING, "4096 bytes"),
    Bad("G09", "its size", linux, INFO, "at least"),
    Bad("G10", "old bytes", lambda: rooted({}, free_zeroed=0.2), WARNING, "80% of the free space"),
    Bad(
        "G10",
        "swap in use",
        lambda: linux(Part(Form.SWAP, free_zeroed=0.0), _ROOT),
        WARNING,
        "100% of the swap space",
    ),
    Bad("G11", "no BCD", lambda: windows(esp=Part(Form.FAT, ESP, {})), ERROR, "boot configuration"),
    Bad(
        "G11",
        "not generalised",
        lambda: windows("Windows/System32/Sysprep/Sysprep_succeeded.tag", "Windows/System32/config/SOFTWARE"),
        ERROR,
        "sysprep",
    ),
    Bad("G11", "complete", lambda: prepared("IMAGE_STATE_COMPLETE"), ERROR, "IMAGE_STATE_COMPLETE"),
    Bad("G11", "a failed build", lambda: windows(error_log__txt="no"), ERROR, "error_log.txt"),
    Bad("G11", "no mark of success", lambda: windows("success.tch"), INFO, "success.tch"),
    Bad("G11", "no MSR", lambda: windows(msr=()), WARNING, "reserved partition"),
    Bad("G11", "not last", lambda: windows(after=(Part(Form.NTFS, DATA),)), WARNING, "not the last"),
    Bad("G12", "no FAT first", lambda: esxi(Part(Form.EXT, number=1)), ERROR, "partition 1 is not FAT"),
    Bad("G12", "no folder", lambda: esxi(Part(Form.FAT, ESP, {}, 1)), ERROR, "no folder curtin"),
    Bad(
        "G12", "no boot bank", lambda: esxi(Part(Form.FAT, ESP, {"curtin": Folder()}, 1)), ERROR, "boot bank"
    ),
    Bad(
        "G12",
        "no room",
        lambda: esxi(
            Part(Form.FAT, ESP, {"curtin/scripts.tar.xz": b"x" * 100}, 1),
            Part(Form.FAT, DATA, {}, 6, size=MIB, used=MIB - 50),
        ),
        ERROR,
        "50 bytes free",
    ),
    Bad("G13", "an edition with a key", lambda: edition("win2012r2"), WARNING, "licence key"),
    Bad("G13", "long names", windows, INFO, "15 characters"),
]
GOOD = [
    *(Good(f"G{number:02}", "a good disk", linux) for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    *(Good(rule, "for both", lambda: linux(target=BOTH)) for rule in ("G02", "G03")),
    Good("G01", "one whole filesystem", lambda: linux(_ROOT, scheme=Scheme.NONE)),
    Good("G02", "a loader of Windows", windows),
    Good("G03", "an MBR", lambda: linux(_ROOT, scheme=Scheme.MBR, target=BIOS)),
    Good("G03", "for UEFI alone", lambda: linux(boot_code=False, target=UEFI)),
    Good("G04", "a root on LVM", on_lvm),
    Good("G05", "LVM with a step", lambda: on_lvm(usr__local__sbin__grow="lvextend -l +100%FREE vg/root\n")),
    Good("G06", "a device of the mapper", _device("/dev/mapper/vg-root")),
    Good("G06", "a root of its own", _menu("root=UUID=AAAA-1 ro")),
    Good("G06", "a root of another system, too", _menu("root=UUID=aaaa-1 ro", "root=UUID=cccc ro")),
    Good("G06", "GRUB that looks for the root", _stub("search --no-floppy --fs-uuid --set=root aaaa-1")),
    Good("G06", "a hook that makes the menu", _menu("root=UUID=bbbb-2", hook=b"#!/bin/sh\nupdate-grub\n")),
    Good("G06", "a label", lambda: rooted({"etc/fstab": "LABEL=ROOT / ext4\n"}, label="root")),
    Good("G10", "little space", lambda: rooted({}, free_zeroed=0.0, used=2000 * MIB)),
    Good("G11", "Windows", windows),
    Good("G11", "by the registry", lambda: prepared("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE")),
    Good("G12", "ESXi", esxi),
    Good("G13", "a free name", windows),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_spoiled_disk_is_found(case: Bad) -> None:
    """
    What is wrong is found, weighed as it deserves, and named.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_disk_passes(case: Good) -> None:
    """
    Nothing is said against what is good.
    """
    assert "" == spoils(case)


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        ("G02", lambda: linux(replace(_ESP, tree=None, why="damaged"), _ROOT, target=UEFI)),
        ("G07", lambda: linux(Part(Form.XFS, why="damaged"))),
        ("G10", lambda: linux(replace(_ROOT, free_zeroed=None))),
        ("G11", lambda: windows("Windows/System32/Sysprep/Sysprep_succeeded.tag")),
        ("G11", lambda: on_disk(disk(Part(Form.NTFS, why="damaged")), facts=Facts(Family.WINDOWS))),
        ("G12", lambda: esxi(Part(Form.FAT, ESP, number=1, why="damaged"), Part(Form.FAT, DATA, {}, 6))),
    ],
)
def test_what_could_not_be_read_is_unknown(rule: str, make: Make) -> None:
    """
    A rule about a filesystem that could not be read neither passes nor fails.
    """
    assert "unknown" == worst(rule, make())[0]
