"""
Group C: a kernel, and what it needs to find its root on any machine.
"""

import gzip
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from tests.support.disks import Part, disk
from tests.support.images import File, Tree
from tests.support.parts import dpkg, kernel, script
from tests.support.systems import SYSTEMS, installed, subject
from tests.unit.check.asked import ERROR, HOOK, INFO, WARNING, Bad, Good, found, named, spoils, worst
from tundish.anatomy import cpio
from tundish.anatomy.facts import Facts, Installed
from tundish.anatomy.image import Disk, Form, Scheme, Table, Volume
from tundish.check.rule import Status
from tundish.check.subject import Filetype, Subject, Target

_UUID = "root=UUID=6f0d8c1e-0000-4c3e-9c6b-2f1d5d3b1111"
_ENTRY = "boot/loader/entries/old.conf"
_HOOK = "curtin/curtin-hooks"
_GENERIC = "usr/lib/dracut/dracut.conf.d/02-generic-image.conf"
_KERNEL = "5.14.0-427.13.1.el9_4.x86_64"
_NO_ENTRIES = ("boot/loader",)


def _rocky(
    changes: Tree | None = None, *, instead: str = "", gone: str = "", without: tuple[str, ...] = ()
) -> Subject:
    """
    Rocky with some packages left out, and others put in their place.
    """
    kept = tuple(one for one in SYSTEMS["rocky"].packages if one.name not in gone.split())
    return subject("rocky", changes, packages=(*kept, *installed(instead)), without=without)


def _initramfs(*drivers: str, builtin: str = "") -> Subject:
    """
    Rocky whose configuration says nothing of hostonly, with an initramfs that holds these drivers.
    """
    modules = f"usr/lib/modules/{_KERNEL}"
    members = [cpio.file(f"{modules}/kernel/drivers/{name}.ko.xz", b"") for name in drivers]
    packed = gzip.compress(cpio.newc([cpio.folder("usr"), *members]))
    changes: Tree = {f"boot/initramfs-{_KERNEL}.img": packed, f"{modules}/modules.builtin": builtin}
    return _rocky(changes, gone="dracut-config-generic", without=(_GENERIC,))


def _disk(changes: dict[str, str], uuid: str) -> Subject:
    made = subject("rocky", changes, filetype=Filetype.DDGZ)
    volume = Volume("1", Form.XFS, 4 << 30, uuid=uuid)
    return replace(
        made, image=replace(made.image, disk=Disk(Form.DISK, 8 << 30, Table(Scheme.GPT), (volume,)))
    )


_FETCHES = File(b"#!/bin/sh\nchroot $TARGET_MOUNT_POINT apt-get install linux-image-amd64\n", 0o755)
_UBUNTU = "6.8.0-45-generic"
_LONG = (b"\0" * 0x1F4 + (1 << 20).to_bytes(4, "little")).ljust(514, b"\0") + b"HdrS".ljust(82, b"\0")


def _packed(path: str) -> bytes:
    return cpio.newc([cpio.folder("bin"), cpio.file(path, b"x" * 4096)])


def _on_a_disk(name: str, data: bytes) -> Subject:
    """
    A disk of Ubuntu with these bytes as one of the two files.
    """
    return _laid({f"boot/{name}-{_UBUNTU}": data})


def _laid(changes: Tree) -> Subject:
    made = subject("ubuntu", changes, filetype=Filetype.DDGZ)
    return replace(made, image=replace(made.image, disk=disk(Part(Form.EXT, tree=changes))))


def _with_grub(changes: Tree | None = None) -> Subject:
    return _laid({"boot/grub/x86_64-efi/normal.mod": b"", **(changes or {})})


_CALLING = File(b"#!/usr/bin/env python3\nfrom curtin.commands.curthooks import builtin_curthooks\n", 0o755)


def _debian_builtin(like: str = "") -> Subject:
    text = f'ID=debian\nVERSION_ID="12"\nID_LIKE="{like}"\n'
    return subject("debian", {"usr/lib/os-release": text}, without=("curtin",))


def _with_kernel(version: str, grub: str = "") -> Subject:
    """
    Debian with this kernel and this GRUB.
    """
    old = ("boot", "usr/lib/modules")
    made = subject("debian", kernel(version, "initrd.img-{}"), without=old)
    facts: Facts = made.facts
    if grub:
        facts = replace(facts, packages=(Installed("grub2-common", grub),))
    return replace(made, facts=facts)


def _noble(name: str, series: str = "noble") -> Subject:
    return subject(name, target=Target(ephemeral=series))


BAD = [
    Bad("C01", "no kernel", lambda: subject("rocky", without=("boot",)), ERROR, "no kernel is in /boot"),
    Bad(
        "C01",
        "no modules",
        lambda: subject("rocky", without=("usr/lib/modules",)),
        ERROR,
        f"boot/vmlinuz-{_KERNEL} has no modules",
    ),
    Bad(
        "C01",
        "no initramfs",
        lambda: subject("rocky", without=(f"boot/initramfs-{_KERNEL}.img",)),
        ERROR,
        "has no initramfs",
    ),
    Bad(
        "C01",
        "a disk of Ubuntu without kernel",
        lambda: subject("ubuntu-root", filetype=Filetype.DDGZ),
        ERROR,
        "no kernel is in /boot",
    ),
    Bad(
        "C02",
        "no sources",
        lambda: subject("ubuntu-root", without=("etc/apt/sources.list.d",)),
        ERROR,
        "no source in etc/apt/sources.list",
    ),
    Bad(
        "C02",
        "sources that are switched off",
        lambda: subject(
            "ubuntu-root",
            {"etc/apt/sources.list.d/ubuntu.sources": "Enabled: no\nTypes: deb\nURIs: http://a/\n"},
        ),
        ERROR,
        "no source",
    ),
    Bad(
        "C02",
        "no keyring",
        lambda: subject("ubuntu-root", without=("usr/share/keyrings",)),
        ERROR,
        "no keyring",
    ),
    Bad(
        "C02",
        "no network",
        lambda: subject("ubuntu-root", target=Target(offline=True)),
        ERROR,
        "needs a network",
    ),
    Bad("C02", "apt, with a network", lambda: subject("ubuntu-root"), INFO, "needs a network"),
    Bad(
        "C01",
        "an empty kernel",
        lambda: subject("rocky", {f"boot/vmlinuz-{_KERNEL}": b""}),
        ERROR,
        "is empty",
    ),
    Bad(
        "C01",
        "a kernel cut short",
        lambda: _on_a_disk("vmlinuz", _LONG),
        ERROR,
        "cut short: it has 596 bytes",
    ),
    Bad("C01", "an empty initramfs", lambda: _on_a_disk("initrd.img", b""), ERROR, "is empty"),
    Bad(
        "C01",
        "an initramfs cut short",
        lambda: _on_a_disk("initrd.img", gzip.compress(_packed("bin/sh"))[:-20]),
        ERROR,
        "cannot be unpacked to its end",
    ),
    Bad(
        "C01",
        "an initramfs of another kernel",
        lambda: _on_a_disk("initrd.img", _packed("usr/lib/modules/6.1.0-1/modules.dep")),
        ERROR,
        "holds modules of 6.1.0-1, none of",
    ),
    Bad(
        "C01",
        "no menu where GRUB is led to",
        lambda: _with_grub({"boot/efi/EFI/debian/grub.cfg": "configfile $prefix/grub.cfg\n"}),
        ERROR,
        "there is no grub.cfg",
    ),
    Bad("C01", "no menu of GRUB", _with_grub, ERROR, "there is no grub.cfg"),
    Bad("C03", "no hooks", _debian_builtin, ERROR, "linux-generic, which debian does not have"),
    Bad("C04", "no flavour", lambda: subject("ubuntu", {"boot/vmlinuz-6.1": b""}), ERROR, "vmlinuz-6.1"),
    Bad(
        "C04", "no version", lambda: subject("ubuntu", {"boot/vmlinux-custom": b""}), ERROR, "vmlinux-custom"
    ),
    Bad(
        "C04",
        "Debian 13's own, and a hook that calls the installer's",
        lambda: subject("debian", {"boot/vmlinuz-6.12.1+deb13-amd64": b"", "curtin/curtin-hooks": _CALLING}),
        ERROR,
        "vmlinuz-6.12.1+deb13-amd64",
    ),
    Bad(
        "C05",
        "no maker of an initramfs",
        lambda: subject("ubuntu", without=("usr/sbin/update-initramfs",)),
        ERROR,
        "neither update-initramfs nor dracut",
    ),
    Bad(
        "C06",
        "a kernel of Oracle",
        lambda: _rocky(gone="kernel kernel-core", instead="kernel-uek=5.15"),
        ERROR,
        "only kernel-uek",
    ),
    Bad(
        "C06",
        "two kernels",
        lambda: _rocky(instead="kernel=5.14.0-400"),
        ERROR,
        "2 packages are called kernel",
    ),
    Bad(
        "C07",
        "no dracut",
        lambda: _rocky(gone="dracut dracut-config-generic", without=("usr/bin/dracut",)),
        ERROR,
        "dracut is not installed",
    ),
    Bad(
        "C07",
        "hostonly",
        lambda: _rocky(
            gone="dracut-config-generic",
            changes={_GENERIC: 'hostonly="yes"\n', f"boot/initramfs-{_KERNEL}.img": b"spoiled"},
        ),
        ERROR,
        f"{_GENERIC} sets hostonly to yes",
    ),
    Bad(
        "C07",
        "drivers of a virtual machine",
        lambda: _initramfs("virtio_blk"),
        WARNING,
        "has no driver nvme",
    ),
    Bad("C07", "no driver of a disk", lambda: _initramfs("ext4"), ERROR, "has no driver ahci"),
    Bad(
        "C08",
        "a cmdline",
        lambda: subject("rocky", {"etc/kernel/cmdline": _UUID}),
        ERROR,
        "etc/kernel/cmdline",
    ),
    Bad("C08", "an entry", lambda: subject("rocky", {_ENTRY: f"options {_UUID} ro\n"}), ERROR, _ENTRY),
    Bad(
        "C08",
        "a disk's name",
        lambda: subject("rocky", {_ENTRY: "options root=/dev/vda1\n"}),
        ERROR,
        "/dev/vda1",
    ),
    Bad("C08", "no entries at all", lambda: subject("rocky", without=_NO_ENTRIES), ERROR, "is empty"),
    Bad(
        "C08",
        "an entry that a hook rewrites",
        lambda: subject(
            "fedora",
            {
                _ENTRY: f"options {_UUID}\n",
                _HOOK: script("#!/bin/bash\nsed -i s,x,y, /boot/loader/entries/*\n"),
            },
        ),
        WARNING,
        _ENTRY,
    ),
    Bad(
        "C08",
        "another disk's root",
        lambda: _disk({"etc/kernel/cmdline": _UUID}, "1-2-3"),
        ERROR,
        "root=UUID",
    ),
    Bad("C03", "hooks, and no kernel", lambda: subject("debian", without=("boot",)), ERROR, "install none"),
    Bad(
        "C09",
        "an initramfs that resumes",
        lambda: subject("ubuntu", {"etc/initramfs-tools/conf.d/resume": "RESUME=UUID=aaaa-1\n"}),
        WARNING,
        "RESUME=UUID=aaaa-1",
    ),
    Bad(
        "C09",
        "a serial console only",
        lambda: subject("rocky", {"etc/default/grub": 'GRUB_CMDLINE_LINUX="console=ttyS0,115200n8"\n'}),
        WARNING,
        "console=ttyS0",
    ),
    Bad(
        "C09",
        "a place to resume from",
        lambda: subject(
            "rocky", {"etc/default/grub": 'GRUB_CMDLINE_LINUX="resume=/dev/mapper/rl-swap quiet"\n'}
        ),
        WARNING,
        "resume=/dev/mapper/rl-swap",
    ),
    Bad(
        "C09",
        "a root",
        lambda: subject("ubuntu", {"etc/default/grub.d/x.cfg": f'GRUB_CMDLINE_LINUX_DEFAULT="{_UUID}"\n'}),
        WARNING,
        "etc/default/grub.d/x.cfg",
    ),
    Bad(
        "C10",
        "no script",
        lambda: subject("ubuntu", dpkg(["kdump-tools=1.6"])),
        ERROR,
        "kdump-tools is installed without",
    ),
    Bad(
        "C11",
        "no firmware",
        lambda: _rocky(gone="linux-firmware", without=("usr/lib/firmware",)),
        WARNING,
        "no firmware",
    ),
    Bad(
        "C11",
        "its files removed",
        lambda: subject("rocky", without=("usr/lib/firmware",)),
        WARNING,
        "is empty",
    ),
    Bad("C12", "EL8 on XFS of noble", lambda: _noble("rhel8"), WARNING, "bigtime"),
    Bad("C12", "EL7 on XFS of jammy", lambda: _noble("centos7", "jammy"), WARNING, "reflink"),
    Bad(
        "C12",
        "an old kernel on ext4 of 26.04",
        lambda: replace(_with_kernel("4.12.14-122-default"), target=Target(ephemeral="resolute")),
        WARNING,
        "orphan_file",
    ),
    Bad(
        "C12",
        "an old GRUB on ext4 of 26.04",
        lambda: replace(_with_kernel("6.1.0-25-amd64", "2.02-2"), target=Target(ephemeral="resolute")),
        WARNING,
        "grub2-common 2.02-2 cannot read",
    ),
    Bad("C13", "EL9", lambda: subject("rocky"), INFO, "x86-64-v2"),
    Bad(
        "C13",
        "EL10",
        lambda: subject("rocky", {"usr/lib/os-release": 'ID=rocky\nVERSION_ID="10.0"\nID_LIKE=rhel\n'}),
        WARNING,
        "x86-64-v3",
    ),
    Bad(
        "C13",
        "SLES 16",
        lambda: subject("sles", {"usr/lib/os-release": 'ID=sles\nVERSION_ID="16.0"\nID_LIKE=suse\n'}),
        INFO,
        "x86-64-v2",
    ),
]
GOOD = [
    *(Good("C01", name, partial(subject, name)) for name in ("rocky", "centos7", "sles", "leap")),
    Good("C01", "a disk", lambda: subject("ubuntu", filetype=Filetype.DDGZ)),
    Good(
        "C01",
        "a rescue kernel beside the real one",
        lambda: subject("rocky", {"boot/vmlinuz-0-rescue-0123456789": b""}),
    ),
    Good(
        "C01",
        "a unified kernel",
        lambda: subject("rocky", {"boot/efi/EFI/Linux/x.efi": b""}, without=(f"boot/vmlinuz-{_KERNEL}",)),
    ),
    Good("C01", "a menu of GRUB", lambda: _with_grub({"boot/grub/grub.cfg": "menuentry x {}\n"})),
    Good("C01", "entries beside GRUB", lambda: _with_grub({"boot/loader/entries/a.conf": "linux /a\n"})),
    Good(
        "C01",
        "a hook that makes the menu",
        lambda: _with_grub({"curtin/curtin-hooks": File(b"#!/bin/sh\nupdate-grub\n", 0o755)}),
    ),
    Good(
        "C01",
        "an initramfs with its modules",
        lambda: _on_a_disk("initrd.img", _packed(f"usr/lib/modules/{_UBUNTU}/modules.dep")),
    ),
    Good("C02", "a kernel", lambda: subject("ubuntu")),
    Good("C02", "a root that apt completes", lambda: subject("ubuntu-root")),
    Good(
        "C02",
        "sources of one line",
        lambda: subject(
            "ubuntu-root",
            {"etc/apt/sources.list": "deb http://archive.ubuntu.com/ubuntu noble main\n"},
            without=("etc/apt/sources.list.d",),
        ),
    ),
    Good("C03", "a Debian that takes Ubuntu's packages", lambda: _debian_builtin("ubuntu debian")),
    Good(
        "C03", "hooks that install a kernel", lambda: subject("debian", {HOOK: _FETCHES}, without=("boot",))
    ),
    Good("C09", "no swap", lambda: subject("ubuntu", {"etc/initramfs-tools/conf.d/resume": "RESUME=none\n"})),
    Good("C04", "Ubuntu's", lambda: subject("ubuntu")),
    Good("C04", "a backport", lambda: subject("ubuntu", {"boot/vmlinuz-6.1.0-0.deb11.7-amd64": b""})),
    Good(
        "C04",
        "no update-initramfs, which alone asks for names",
        lambda: subject(
            "ubuntu",
            {"boot/vmlinuz-6.12.1+deb13-amd64": b"", "usr/bin/dracut": File(b"#!/bin/sh\n", 0o755)},
            without=("usr/sbin/update-initramfs",),
        ),
    ),
    Good("C05", "update-initramfs", lambda: subject("ubuntu")),
    Good("C05", "no kernel", lambda: subject("ubuntu-root", without=("usr/sbin/update-initramfs",))),
    Good("C06", "one", lambda: subject("rocky")),
    Good("C07", "dracut-config-generic", lambda: subject("rocky")),
    Good("C07", "hostonly=no", lambda: _rocky(gone="dracut-config-generic")),
    Good(
        "C07",
        "an initramfs with all drivers, some of them built in",
        lambda: _initramfs(
            "nvme", "virtio-blk", "mpt3sas", "mlx5_core", builtin="kernel/drivers/ata/ahci.ko\n"
        ),
    ),
    Good(
        "C07",
        "a file of etc over the one of usr",
        lambda: _rocky(
            gone="dracut-config-generic",
            changes={
                _GENERIC: 'hostonly="yes"\n',
                "etc/dracut.conf.d/02-generic-image.conf": "hostonly=no\n",
            },
        ),
    ),
    Good("C08", "entries without a root", lambda: subject("rocky")),
    Good("C08", "GRUB without BLS", lambda: subject("centos7", without=_NO_ENTRIES)),
    Good("C08", "a disk's own root", lambda: _disk({"etc/kernel/cmdline": _UUID}, _UUID[-36:].upper())),
    Good("C09", "a quiet one", lambda: subject("rocky")),
    Good(
        "C09",
        "both consoles, as cloud images have them",
        lambda: subject(
            "ubuntu",
            {"etc/default/grub.d/50-cloud.cfg": 'GRUB_CMDLINE_LINUX="console=tty1 console=ttyS0"\n'},
        ),
    ),
    Good("C10", "no kdump-tools", lambda: subject("ubuntu")),
    Good(
        "C10",
        "its script",
        lambda: subject(
            "ubuntu",
            {**dpkg(["kdump-tools=1.10"]), "usr/share/kdump-tools/kdump_set_default": script("#!/bin/sh\n")},
        ),
    ),
    Good(
        "C10",
        "an older MAAS",
        lambda: subject("ubuntu", dpkg(["kdump-tools=1.6"]), target=Target(maas=(3, 5))),
    ),
    Good(
        "C10",
        "an older installer",
        lambda: subject("ubuntu", dpkg(["kdump-tools=1.6"]), target=Target(curtin=date(2024, 9, 1))),
    ),
    Good("C11", "linux-firmware", lambda: subject("rocky")),
    Good(
        "C11", "a root whose kernel brings it", lambda: subject("ubuntu-root", without=("usr/lib/firmware",))
    ),
    Good("C12", "EL9 on noble", lambda: _noble("rocky")),
    Good("C12", "EL8 on focal", lambda: _noble("rhel8", "focal")),
    Good("C12", "Debian 12 on 26.04", lambda: _noble("debian", "resolute")),
    Good("C12", "no kernel yet", lambda: _noble("ubuntu-root", "resolute")),
    Good("C13", "Ubuntu", lambda: subject("ubuntu")),
    Good("C13", "EL8", lambda: subject("rhel8")),
]
NOT_ASKED = [
    Good("C01", "Ubuntu's tar, whose kernel comes from apt", lambda: subject("ubuntu-root")),
    Good("C06", "hooks of its own", lambda: subject("fedora")),
    Good("C08", "Debian", lambda: subject("debian")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_what_does_not_boot_is_found(case: Bad) -> None:
    """
    Each system whose kernel would not come up is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_what_boots_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""


@pytest.mark.parametrize("case", NOT_ASKED, ids=named)
def test_what_another_way_provides_is_not_asked(case: Good) -> None:
    """
    A question that makes no sense for an image is skipped.
    """
    assert Status.SKIPPED is worst(case.rule, case.make())[0]


def test_an_initramfs_nobody_speaks_of_is_unknown() -> None:
    """
    Where neither configuration nor listing says how an initramfs was made, nothing is claimed.
    """
    damaged = {f"boot/initramfs-{_KERNEL}.img": b"070701" + b"0" * 90}
    silent = _rocky(damaged, gone="dracut-config-generic", without=(_GENERIC,))

    assert Status.UNKNOWN is worst("C07", silent)[0]


def test_a_boot_volume_that_cannot_be_read_leaves_the_kernel_unknown() -> None:
    """
    A disk whose /boot may be on an unreadable volume is not said to lack a kernel.
    """
    made = subject("rocky", without=("boot",), filetype=Filetype.DDGZ)
    locked = Volume("2", Form.LUKS, 1 << 30, why="it is encrypted")
    disk = Disk(Form.DISK, 8 << 30, Table(Scheme.GPT), (locked,))

    unread = replace(made, image=replace(made.image, disk=disk))

    assert Status.UNKNOWN is worst("C01", unread)[0]
