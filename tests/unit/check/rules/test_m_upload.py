"""
Group M: whether MAAS takes an upload, offers it, installs it, and starts it.
"""

from dataclasses import replace
from datetime import date

import pytest

from tests.support.disks import ESP, Part, disk, on_disk
from tests.support.images import File, Node
from tests.support.parts import own_hooks
from tests.unit.check.asked import (
    ERROR,
    HOOK,
    INFO,
    WARNING,
    Bad,
    Good,
    Make,
    found,
    named,
    spoils,
    system,
    worst,
)
from tundish.anatomy.facts import Facts, Family, Loader
from tundish.anatomy.image import Compression, Form, Wrapping
from tundish.check.rule import Severity, Status, ask
from tundish.check.rulebook import rule
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.core.digest import Digest

UEFI = Target(firmware=frozenset({"uefi"}))
SECURE = Target(secure_boot=True)
_HOOK = "#!/bin/sh\nrm -rf $TARGET_MOUNT_POINT/curtin\n"


def asked(
    name: str = "custom/image",
    filetype: Filetype = Filetype.TGZ,
    arch: str = "amd64/generic",
    base: str = "ubuntu/noble",
    *,
    declared: bool = True,
    target: Target | None = None,
    like: str = "ubuntu",
) -> Subject:
    """
    A good system with this upload.
    """
    request = Request(filetype, name, arch, base, declared=declared)
    return system(like, request=request, target=target)


def _sized(size: int, sha256: Digest | None) -> Subject:
    made = asked()
    wrapping = Wrapping(Compression.GZIP, size, size * 3, sha256)
    return replace(made, image=replace(made.image, wrapping=wrapping))


def _arch(subject: Subject, arch: str) -> Subject:
    facts = replace(subject.facts, arch=arch, loaders=())
    return replace(subject, facts=facts, request=replace(subject.request, arch=f"{arch}/generic"))


def esxi() -> Subject:
    request = Request(Filetype.DDGZ, "esxi/8", "amd64/generic")
    boot = Part(Form.FAT, ESP, {"EFI/BOOT/BOOTX64.EFI": b""})
    return on_disk(disk(boot), facts=Facts(Family.ESXI, arch="amd64"), request=request)


def on_esp(
    *paths: str, arch: str = "amd64", target: Target = UEFI, boot_code: bool = False, data: bytes = b"MZ"
) -> Subject:
    """
    A disk with these files below EFI/ of its ESP.
    """
    tree: dict[str, Node] = {f"EFI/{path}": data for path in paths}
    made = disk(Part(Form.FAT, ESP, tree), Part(Form.EXT, tree={HOOK: _HOOK}), boot_code=boot_code)
    return on_disk(made, facts=Facts(Family.REDHAT, arch=arch), target=target)


def _started(arch: str, *beside: str) -> Subject:
    """
    A disk whose fallback loader is a shim for this architecture.
    """
    made = on_esp("BOOT/BOOTX64.EFI", *beside)
    shim = Loader("EFI/BOOT/BOOTX64.EFI", arch, signed=True, sbat=(("shim", 4),))
    return replace(made, facts=replace(made.facts, loaders=(shim,)))


def debian(*changes: tuple[str, Node], target: Target | None = None) -> Subject:
    """
    Debian without hooks of its own, whose loader the installer puts into EFI/debian.
    """
    return system("debian", dict(changes), without=("curtin",), target=target)


def _unsigned() -> Subject:
    made = on_esp("BOOT/BOOTX64.EFI", target=SECURE)
    return replace(made, facts=replace(made.facts, loaders=(Loader("EFI/BOOT/BOOTX64.EFI", "amd64"),)))


def _in_memory() -> Subject:
    return system(changes={"etc/fstab": "# nothing\n"}, target=Target(in_memory=True))


def _called(name: str) -> Make:
    return lambda: asked(name)


def _unpackaged(target: Target) -> Subject:
    made = asked(target=target)
    packages = tuple(one for one in made.facts.packages if one.name != "cloud-init")
    return replace(made, facts=replace(made.facts, packages=packages))


_REMOVABLE = "Name: grub2/force_efi_extra_removable\nTemplate: x\nValue: true\n"
BAD = [
    Bad("M01", "squashfs", lambda: asked(filetype=Filetype.SQUASHFS), ERROR, "squashfs cannot be uploaded"),
    Bad(
        "M01",
        "squashfs that nobody wants to upload",
        lambda: asked(filetype=Filetype.SQUASHFS, declared=False),
        WARNING,
        "streams only",
    ),
    Bad("M01", "self-extracting", lambda: asked(filetype=Filetype.SELF_EXTRACTING), ERROR, "v3 API only"),
    Bad("M02", "empty", lambda: _sized(0, None), ERROR, "empty"),
    Bad("M02", "without a digest", lambda: _sized(100, None), INFO, "not computed"),
    Bad("M03", "two slashes", lambda: asked("custom/a/b"), ERROR, "more than one slash"),
    Bad("M03", "an unknown OS", lambda: asked("rocky/9"), ERROR, "rocky, before the slash"),
    Bad("M03", "no series", lambda: asked("custom/"), ERROR, "no series"),
    *(
        Bad("M04", name, _called(name), ERROR, "reserved")
        for name in ("ubuntu", "noble", "centos7", "centos70", "rhel")
    ),
    Bad("M05", "below ubuntu", lambda: asked("ubuntu/mine"), ERROR, "that MAAS syncs"),
    Bad("M06", "a word of Linux", lambda: asked(arch="x86_64"), ERROR, "it says amd64"),
    Bad("M06", "no word at all", lambda: asked(arch="vax/generic"), ERROR, "knows no architecture vax"),
    Bad("M06", "another one", lambda: asked(arch="arm64/generic"), ERROR, "what is in the image is amd64"),
    Bad("M07", "a disk of CentOS", lambda: asked("centos/9", Filetype.DDGZ), ERROR, "tgz, txz, tbz only"),
    Bad("M07", "a tar of Windows", lambda: asked("windows/w"), ERROR, "images of windows"),
    Bad("M07", "a tbz of Ubuntu", lambda: asked("ubuntu/x", Filetype.TBZ), ERROR, "images of ubuntu"),
    Bad("M08", "no slash", lambda: asked(base="noble"), ERROR, "not of the form"),
    Bad("M08", "SUSE", lambda: asked(base="suse/sles15"), ERROR, "suse is none of"),
    Bad("M08", "an unknown series", lambda: asked(base="ubuntu/zesty-zoo"), ERROR, "zesty-zoo"),
    Bad("M08", "not custom", lambda: asked("rhel/9", base="rhel/9"), WARNING, "ignored"),
    Bad("M09", "without netplan", lambda: asked(base="", like="rocky"), WARNING, "no base_image"),
    Bad("M09", "with netplan", lambda: asked(base=""), INFO, "no base_image"),
    Bad("M09", "another series", lambda: asked(base="ubuntu/jammy"), WARNING, "the image is noble"),
    Bad("M10", "an OS that is no base", lambda: asked(base="debian/12"), ERROR, "a base of debian"),
    Bad("M11", "another architecture", lambda: asked(arch="arm64/generic"), INFO, "custom/image"),
    Bad("M12", "custom", asked, INFO, "Missing boot image"),
    Bad(
        "M13", "no cloud-init", lambda: system(without=("usr/bin/cloud-init",)), ERROR, "finds no cloud-init"
    ),
    Bad("M13", "no netplan", lambda: system(without=("usr/sbin/netplan",)), ERROR, "finds no netplan"),
    Bad(
        "M13",
        "no package before 3.5",
        lambda: _unpackaged(Target(maas=(3, 4))),
        ERROR,
        "asks the package database",
    ),
    Bad("M14", "custom", asked, INFO, "kernel-crash-dumps"),
    Bad("M15", "rpm", lambda: system("rocky"), INFO, "no bcache"),
    Bad("M15", "btrfs and 8", lambda: system("rhel8"), INFO, "btrfs"),
    Bad("M16", "ESXi", esxi, INFO, "cloned boot disks"),
    Bad("M16", "ESXi and what it shares", esxi, INFO, "share storage"),
    Bad("M17", "ESXi", esxi, INFO, "bonds in three modes"),
    Bad(
        "M18",
        "before 3.5",
        lambda: asked(target=Target(maas=(3, 4), in_memory=True)),
        ERROR,
        "before MAAS 3.5",
    ),
    Bad(
        "M18",
        "a tbz",
        lambda: asked(filetype=Filetype.TBZ, target=Target(in_memory=True)),
        ERROR,
        "only tgz and txz",
    ),
    Bad(
        "M18", "not Ubuntu", lambda: asked(like="rocky", target=Target(in_memory=True)), WARNING, "interface"
    ),
    Bad("M18", "an fstab", lambda: asked(target=Target(in_memory=True)), WARNING, "etc/fstab is kept"),
    Bad("M19", "Debian without hooks", debian, WARNING, "requires.preseed"),
    Bad(
        "M19",
        "arm64 and an old installer",
        lambda: replace(_arch(system("rocky"), "arm64"), target=Target(curtin=date(2024, 1, 1))),
        WARNING,
        "LP 2090874",
    ),
    Bad("M20", "a folder of AlmaLinux", lambda: on_esp("almalinux/shimx64.efi"), ERROR, "EFI/almalinux"),
    Bad(
        "M20",
        "a text in place of a loader",
        lambda: on_esp("BOOT/BOOTX64.EFI", data=b"hi"),
        ERROR,
        "no EFI prog",
    ),
    Bad("M20", "a loader of another kind", lambda: _started("arm64"), ERROR, "a program for arm64"),
    Bad("M20", "a shim alone", lambda: _started("amd64"), ERROR, "is a shim, and the grubx64.efi"),
    Bad("M20", "no loader", on_esp, ERROR, "no loader"),
    Bad("M20", "Debian by the installer", debian, ERROR, "EFI/debian/shimx64.efi"),
    Bad(
        "M20",
        "Rocky with an older MAAS",
        lambda: on_esp("rocky/shimx64.efi", target=replace(UEFI, maas=(3, 4))),
        WARNING,
        "MAAS 3.4",
    ),
    Bad("M21", "a folder of Rocky", lambda: on_esp("rocky/shimx64.efi", target=SECURE), ERROR, "rocky"),
    Bad("M21", "no signature", _unsigned, ERROR, "no signature"),
    Bad("M22", "a folder of Rocky", lambda: on_esp("rocky/shimaa64.efi", arch="arm64"), ERROR, "rocky"),
    Bad("M23", "no boot code", lambda: on_esp(target=Target(both=True)), ERROR, "no boot code"),
    Bad("M24", "no fallback", lambda: on_esp("ubuntu/shimx64.efi"), WARNING, "no fallback copy"),
    Bad(
        "M24",
        "a fallback program without its list",
        lambda: on_esp("BOOT/BOOTX64.EFI", "BOOT/fbx64.efi"),
        WARNING,
        "CSV",
    ),
    Bad(
        "M24",
        "a GRUB without its configuration",
        lambda: on_esp("BOOT/BOOTX64.EFI", "BOOT/grubx64.efi"),
        WARNING,
        "grub.cfg",
    ),
    Bad("M25", "its size", asked, INFO, "400 MiB"),
    Bad("M26", "3.6", asked, INFO, "LP 2141598"),
]
GOOD = [
    *(Good(f"M{number:02}", "a good upload", asked) for number in (*range(1, 15), 19, 20, 24, 25, 26)),
    Good("M03", "no prefix", lambda: asked("my-image")),
    Good("M04", "no prefix", lambda: asked("my-image")),
    Good("M06", "nothing after the name", lambda: asked(arch="amd64")),
    Good("M07", "a stream's squashfs", lambda: asked("", Filetype.SQUASHFS, declared=False)),
    Good("M07", "a disk of custom", lambda: asked("custom/x", Filetype.DDTGZ)),
    Good("M08", "RHEL", lambda: asked(base="rhel/9")),
    Good("M08", "RHEL by its other name", lambda: asked(base="rhel/rhel9")),
    Good("M10", "SUSE", lambda: asked(base="suse/sles15")),
    Good("M13", "before custom images were validated", lambda: _unpackaged(Target(maas=(3, 0)))),
    Good("M15", "rpm", lambda: system("rocky")),
    Good("M16", "ESXi", esxi),
    Good("M17", "ESXi", esxi),
    Good("M18", "an empty fstab", _in_memory),
    Good("M19", "Debian with hooks", lambda: system("debian")),
    Good("M20", "AlmaLinux with its fallback", lambda: system("alma")),
    Good("M20", "a fallback on a disk", lambda: on_esp("BOOT/BOOTX64.EFI")),
    Good("M20", "a shim with its GRUB", lambda: _started("amd64", "BOOT/grubx64.efi")),
    Good("M20", "a shim with the fallback", lambda: _started("amd64", "BOOT/fbx64.efi")),
    Good("M20", "Rocky's own folder", lambda: on_esp("rocky/shimx64.efi")),
    Good("M20", "Windows", lambda: on_esp("Microsoft/Boot/bootmgfw.efi")),
    Good("M20", "Debian that keeps a fallback", lambda: debian(("var/cache/debconf/config.dat", _REMOVABLE))),
    Good(
        "M20",
        "a hook that puts a fallback",
        lambda: system("debian", {HOOK: File(b"#!/bin/sh\ncp shimx64.efi EFI/BOOT/BOOTX64.EFI\n", 0o755)}),
    ),
    Good("M21", "a fallback", lambda: on_esp("BOOT/BOOTX64.EFI", target=SECURE)),
    Good("M22", "a fallback", lambda: on_esp("BOOT/BOOTAA64.EFI", arch="arm64")),
    Good("M23", "boot code", lambda: on_esp(target=Target(), boot_code=True)),
    Good(
        "M24",
        "a fallback that leads on",
        lambda: on_esp("BOOT/BOOTX64.EFI", "BOOT/fbx64.efi", "rocky/BOOTX64.CSV"),
    ),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_bad_upload_is_found(case: Bad) -> None:
    """
    What is wrong is found, weighed as it deserves, and named.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_upload_passes(case: Good) -> None:
    """
    Nothing is said against what is good.
    """
    assert "" == spoils(case)


def test_a_hook_that_does_not_say_where_leaves_it_unknown() -> None:
    """
    Whether MAAS finds a loader that only the hook knows of is neither passed nor failed.
    """
    silent = system("debian", own_hooks())

    assert Status.UNKNOWN == worst("M20", silent)[0]


def test_esxi_is_always_told_of_its_risks() -> None:
    """
    A good image of ESXi is told of clones, shared storage, bonds and interfaces, none of it an error.
    """
    told = [one for name in ("M16", "M17") for one in ask(rule(name), esxi())]

    assert (5, {Severity.INFO}) == (len(told), {one.severity for one in told})
