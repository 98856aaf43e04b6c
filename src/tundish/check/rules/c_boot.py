"""
Group C, second half: whether the kernel finds its root on a machine other than the one of the build.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Index
from tundish.check.asking import (
    ERROR,
    INFO,
    WARNING,
    command,
    config_files,
    lines_of,
    root_of,
    rule,
    settings_of,
    text_of,
)
from tundish.check.drivers import Listing, drivers_of
from tundish.check.hooks import says
from tundish.check.rule import Evidence, Found, Unknown
from tundish.check.rules.c_kernel import newest
from tundish.check.scopes import amd64, linux, rooted, rpm, tar
from tundish.check.subject import Subject
from tundish.check.versions import BACKPORTED, NEEDS_GRUB, NEEDS_KERNEL, maker_of, numbers
from tundish.core.errors import BadImage

_DRACUT = ("etc/dracut.conf", "etc/dracut.conf.d/*.conf", "usr/lib/dracut/dracut.conf.d/*.conf")
_DRIVERS: tuple[tuple[str, ...], ...] = (
    ("nvme",),
    ("ahci",),
    ("virtio_blk", "virtio_scsi", "virtio_pci"),
    ("megaraid_sas", "mpt3sas"),
    ("mlx5_core",),
)
_STORAGE = 4  # the first of them hold a root
_ROOT = re.compile(r"(?<![\w.-])root=(UUID=[\w-]+|/dev/\S+)")
_ENTRIES = "boot/loader/entries/*.conf"
_REWRITES = r"kernel/cmdline|loader/entries|grubby|kernel-install|kernelopts"
_GRUB = ("etc/default/grub", "etc/default/grub.d/*.cfg")
_GRUB_PACKAGES = frozenset({"grub2-common", "grub2", "grub2-efi-x64", "grub2-pc", "grub2-efi-aa64"})
_SCREEN = re.compile(r"console=tty\d")
_LEVEL_OF = {"v2": "x86-64-v2", "v3": "x86-64-v3"}


@rule(
    "C07",
    ERROR,
    rpm & rooted,
    title="the initramfs is made for any machine, not for the build's",
    why="dracut leaves out what the build machine did not have: the kernel finds no disk and stops in "
    "dracut's emergency shell",
    fix='install dracut-config-generic, or set hostonly="no", and run `dracut --force --no-hostonly`',
)
def generic(subject: Subject) -> Iterator[Found]:
    root, kernel = root_of(subject), newest(subject.facts.kernels)
    if not (command(root, "dracut") or subject.facts.has("dracut")):
        yield Found("dracut is not installed", (Evidence("usr/bin/dracut", "absent"),))
        return
    hostonly = _hostonly(root)
    if subject.facts.has("dracut-config-generic") or hostonly[1] == "no":
        return
    listing = _listing(root, kernel)
    if listing is not None:
        yield from _lacking(listing)
    elif hostonly[1] == "yes":
        yield Found(f"{hostonly[0]} sets hostonly to yes", (Evidence(hostonly[0], 'hostonly="yes"'),))
    elif kernel is not None:
        raise Unknown("dracut's configuration does not say, and the initramfs cannot be listed")


def _listing(root: Index, kernel: Kernel | None) -> Listing | None:
    """
    What an initramfs holds, if it is there and can be read.
    """
    if kernel is None or not root.is_file(kernel.initrd):
        return None
    try:
        return drivers_of(root, kernel)
    except BadImage:
        return None


def _hostonly(root: Index) -> tuple[str, str]:
    """
    Which file says what of hostonly. Files of the two folders count in the order of their names; of two
    with the same name the one in etc counts.
    """
    by_name = {path.rpartition("/")[2]: path for path in config_files(root, *reversed(_DRACUT[1:]))}
    said = ("", "")
    for path in (*config_files(root, _DRACUT[0]), *(by_name[name] for name in sorted(by_name))):
        value = settings_of(text_of(root, path)).get("hostonly")
        said = (path, value.lower()) if value is not None else said
    return said


def _lacking(listing: Listing) -> Iterator[Found]:
    missing = [group for group in _DRIVERS if not any(name in listing.drivers for name in group)]
    storage = [group for group in missing if group in _DRIVERS[:_STORAGE]]
    severity = ERROR if len(storage) == _STORAGE else WARNING
    for group in missing:
        what = f"{listing.path} has no driver {' or '.join(group)}"
        yield Found(what, (Evidence(listing.path, " ".join(group)),), severity)


@rule(
    "C08",
    ERROR,
    rpm & rooted,
    title="no boot entry names a root of the build",
    why="the boot loader gives the kernel the UUID of the build's disk, and dracut waits for it in vain",
    fix="take root= out of etc/kernel/cmdline and boot/loader/entries, or let a hook rewrite them",
)
def no_fixed_root(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    lowered = WARNING if not subject.builtin and says(subject, _REWRITES) else None
    entries = config_files(root, _ENTRIES)
    for path in ("etc/kernel/cmdline", *entries):
        for line in lines_of(root, path):
            found = _ROOT.search(line)
            if found and not _is_own(subject, found[1]):
                yield Found(f"{path} has root={found[1]}", (Evidence(path, found[0]),), lowered)
                break
    says_bls = settings_of(text_of(root, "etc/default/grub")).get("GRUB_ENABLE_BLSCFG", "").lower()
    if says_bls == "true" and subject.facts.kernels and not entries:
        yield Found(
            "etc/default/grub sets GRUB_ENABLE_BLSCFG=true, and boot/loader/entries is empty",
            (Evidence("etc/default/grub", "GRUB_ENABLE_BLSCFG=true"), Evidence(_ENTRIES, "none")),
            lowered,
            fix="run `kernel-install add` for the kernel in the image",
        )


def _is_own(subject: Subject, device: str) -> bool:
    """
    Whether a disk carries the root that is named, so that every machine has it.
    """
    disk = subject.image.disk
    if disk is None:
        return False
    if device.startswith("/dev/mapper/"):
        return bool(disk.groups)
    return device.removeprefix("UUID=").lower() in {volume.uuid.lower() for volume in disk.volumes}


@rule(
    "C09",
    WARNING,
    linux,
    title="the kernel's command line fits any machine",
    why="with a serial console only the screen stays black; resume= and root= let the boot wait for disks "
    "that only the build had",
    fix="take it out of etc/default/grub",
)
def command_line(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for path in config_files(root, *_GRUB):
        said = settings_of(text_of(root, path))
        line = " ".join(value for name, value in said.items() if name.startswith("GRUB_CMDLINE_LINUX"))
        words = line.split()
        fixed = [word for word in words if word.startswith(("resume=", "root="))]
        if "console=ttyS0" in line and not _SCREEN.search(line):
            fixed.append("console=ttyS0, and no console on the screen")
        for each in fixed:
            yield Found(f"{path} has {each[:200]}", (Evidence(path, line[:120]),))
    for path in config_files(root, "etc/initramfs-tools/conf.d/*"):
        resume = settings_of(text_of(root, path)).get("RESUME", "none")
        if resume.startswith(("UUID=", "/dev/")):
            yield Found(
                f"{path} has RESUME={resume[:200]}",
                (Evidence(path, resume[:120]),),
                fix=f"remove {path}, and run update-initramfs",
            )


@rule(
    "C12",
    WARNING,
    tar & linux,
    title="kernel and boot loader can read what the installer's mkfs makes",
    why="the installer makes filesystems with the tools of its own Ubuntu: an older GRUB reports an unknown "
    "filesystem, an older kernel cannot mount its root",
    fix="deploy with an older commissioning release, or choose the filesystem or its options by hand",
)
def readable(subject: Subject) -> Iterator[Found]:
    kernel = newest(subject.facts.kernels)
    if kernel is None:
        return
    series, version = subject.target.ephemeral, numbers(kernel.version)
    if not version:
        raise Unknown(f"the version of {kernel.path} cannot be seen")
    major = subject.facts.os.version_id.partition(".")[0] if rpm(subject) else ""
    able = BACKPORTED.get(major, frozenset())
    maker = maker_of(series)
    for kind, features in (("ext4", maker.ext4), ("XFS", maker.xfs)):
        beyond = sorted(one for one in features - able if NEEDS_KERNEL[one] > version)
        if beyond:
            what = f"kernel {kernel.version} cannot use {kind} as {series} makes it: {', '.join(beyond)}"
            yield Found(what, (Evidence(kernel.path, kernel.version), Evidence(series, " ".join(beyond))))
    grub = _grub(subject)
    unread = sorted(one for one in maker.ext4 if grub and NEEDS_GRUB[one] > grub[1])
    if unread and grub:
        what = f"{grub[0]} cannot read ext4 as {series} makes it: {', '.join(unread)}"
        yield Found(what, (Evidence("package", grub[0]), Evidence(series, " ".join(unread))))


def _grub(subject: Subject) -> tuple[str, tuple[int, ...]] | None:
    """
    The boot loader's package with its version, and this as numbers.
    """
    held = (package for package in subject.facts.packages if package.name in _GRUB_PACKAGES)
    found = ((f"{one.name} {one.version}", numbers(one.version)) for one in held)
    return next((pair for pair in found if pair[1]), None)


@rule(
    "C13",
    WARNING,
    amd64 & linux,
    title="the image runs on every x86-64 processor",
    why="on an older processor the kernel starts, and init ends with “Fatal glibc error: CPU does not "
    "support x86-64-v2”, or v3",
    fix="deploy it to machines of that level only, for instance by a tag",
)
def processor(subject: Subject) -> Iterator[Found]:
    level, where = _level(subject)
    if level:
        severity = INFO if level == "v2" else None  # which servers have since 2009
        yield Found(f"the system needs {_LEVEL_OF[level]}", (where,), severity)


def _level(subject: Subject) -> tuple[str, Evidence]:
    facts = subject.facts
    for package in facts.packages:
        if package.arch in {"x86_64_v2", "x86_64_v3"} and package.name in {"bash", "glibc"}:
            return package.arch[-2:], Evidence(f"package {package.name}", package.arch)
    os, shown = (
        facts.os,
        Evidence(facts.os.source or "etc/os-release", f"{facts.os.id} {facts.os.version_id}"),
    )
    major = os.version_id.partition(".")[0]
    if os.id in {"rhel", "centos", "rocky", "almalinux", "ol"} and major.isdecimal() and int(major) >= 9:
        return ("v2" if int(major) == 9 else "v3"), shown
    of_suse = os.id in {"sles", "sles_sap", "opensuse-leap"} and major.isdecimal() and int(major) >= 16
    return ("v2" if of_suse else ""), shown


RULES = (generic, no_fixed_root, command_line, readable, processor)
