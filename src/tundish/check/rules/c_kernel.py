"""
Group C, first half: whether there is a kernel to boot, or the installer can get one.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.facts import Family, Kernel
from tundish.anatomy.index import Index
from tundish.check.asking import (
    ERROR,
    INFO,
    WARNING,
    command,
    config_files,
    lines_of,
    named,
    need_packages,
    root_of,
    rule,
    seen,
    text_of,
)
from tundish.check.boot import runs_builtin
from tundish.check.boot_files import broken_initramfs, broken_kernel
from tundish.check.hooks import says
from tundish.check.menus import MAKES_MENU, lacks_menu
from tundish.check.rule import Evidence, Found, Unknown
from tundish.check.scopes import Scope, builtin, custom, dd, deb, linux, rooted, rpm, suse, tar, ubuntu
from tundish.check.subject import Subject
from tundish.check.versions import Curtin, Maas, curtin_has, maas_has

_NAME = re.compile(r"vmlinu.-[\d.-]+-[^-].*")
_BUILTIN = Scope("where the installer's hooks run", runs_builtin)
_GETS_KERNEL = r"CUSTOM_KERNEL|linux-image|linux-generic|builtin_curthooks|\bapt\b|apt-get|dpkg"
_UKI = ("boot/efi/EFI/Linux/*.efi", "efi/EFI/Linux/*.efi", "boot/EFI/Linux/*.efi")
_SOURCES = ("etc/apt/sources.list", "etc/apt/sources.list.d/*.list")
_DEB822 = "etc/apt/sources.list.d/*.sources"
_KEYRINGS = ("usr/share/keyrings/*", "etc/apt/keyrings/*", "etc/apt/trusted.gpg.d/*", "etc/apt/trusted.gpg")
_KEYRING_NAME = re.compile(r".*\.(gpg|asc|pgp)$")
_KDUMP = "usr/share/kdump-tools/kdump_set_default"


@rule(
    "C01",
    ERROR,
    (tar & (rpm | suse)) | (dd & linux),
    title="a kernel is there with its modules and its initramfs",
    why="the installer adds kernels to the Debian family only; the machine stops at the boot loader's "
    "prompt, or the kernel finds no root",
    fix="install a kernel package in the image",
)
def bootable(subject: Subject) -> Iterator[Found]:
    root, kernels = root_of(subject), subject.facts.kernels
    yield from _spoiled(subject, root)
    if any(one.modules and one.initrd for one in kernels) or any(any(root.matching(at)) for at in _UKI):
        return
    if not kernels:
        disk = subject.image.disk
        if disk is not None and any(volume.index is None and volume.why for volume in disk.volumes):
            raise Unknown("a volume that may hold /boot cannot be read")
        yield Found("no kernel is in /boot", (Evidence("boot/vmlinuz-*", "absent"),))
    for kernel in kernels:
        lacking = [
            what for what, path in (("modules", kernel.modules), ("initramfs", kernel.initrd)) if not path
        ]
        yield Found(
            f"{kernel.path} has no {' and no '.join(lacking)}",
            (Evidence(kernel.path, kernel.version),),
        )


def _spoiled(subject: Subject, root: Index) -> Iterator[Found]:
    """
    What of the newest kernel is there and of no use. The initramfs of a tar is made anew by the installer.
    """
    kernel = newest(subject.facts.kernels)
    if kernel is None:
        return
    if subject.image.disk is None:
        entry = root.get(root.resolve(kernel.path))
        if entry is not None and not entry.size:
            yield Found(f"{kernel.path} is empty", (Evidence(kernel.path, "0 bytes"),))
        return
    yield from broken_kernel(root, kernel)
    if kernel.initrd:
        yield from broken_initramfs(root, kernel)
    if lacks_menu(subject) and not says(subject, MAKES_MENU):
        yield Found(
            "nothing on the disk tells GRUB of a kernel: there is no grub.cfg",
            (Evidence("boot/grub/grub.cfg", "absent"),),
            fix="run update-grub (grub2-mkconfig) in the image",
        )


@rule(
    "C02",
    ERROR,
    tar & ubuntu & custom & rooted,
    title="a kernel is there, or apt can fetch linux-generic",
    why="MAAS names no kernel package for a custom image: the installer guesses one, and fetches it with the "
    "image's own sources",
    fix="install linux-generic in the image, or give it the sources and the keyring of Ubuntu's archive",
)
def obtainable(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if subject.facts.kernels:
        return
    lowered = None if subject.builtin else WARNING  # its own hooks may bring one
    lacking = []
    if not _has_source(root):
        lacking.append(Evidence("etc/apt/sources.list", "no source"))
    if not any(_KEYRING_NAME.match(one.name) and one.size for at in _KEYRINGS for one in root.matching(at)):
        lacking.append(Evidence("usr/share/keyrings", "no keyring"))
    if lacking:
        what = " and ".join(f"{one.value} in {one.where}" for one in lacking)
        yield Found(f"no kernel is in the image, and apt cannot fetch one: {what}", tuple(lacking), lowered)
    else:
        yield Found(
            "no kernel is in the image: the installer fetches linux-generic, which needs a network",
            (Evidence("boot/vmlinuz-*", "absent"),),
            (lowered or ERROR) if subject.target.offline else INFO,
        )


def _has_source(root: Index) -> bool:
    one_line = (line for path in config_files(root, *_SOURCES) for line in lines_of(root, path))
    if any(line.split()[0] == "deb" for line in one_line):
        return True
    texts = (text_of(root, path) for path in config_files(root, _DEB822))
    return any(_is_enabled(stanza) for text in texts for stanza in re.split(r"\n\s*\n", text))


def _is_enabled(stanza: str) -> bool:
    fields = {key.lower(): value.strip() for key, value in re.findall(r"(?m)^([\w-]+):(.*)$", stanza)}
    return "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no"


@rule(
    "C03",
    ERROR,
    tar & deb & ~ubuntu,
    title="a Debian image brings hooks that do without linux-generic",
    why="the installer asks apt for linux-generic, which Debian does not have: the deployment fails even if "
    "a kernel is in the image",
    fix="bring /curtin/curtin-hooks with /curtin/CUSTOM_KERNEL, or put a preseed for this image on the "
    "region that names a kernel of Debian",
)
def without_generic(subject: Subject) -> Iterator[Found]:
    os = subject.facts.os
    if not subject.builtin:
        if not subject.facts.kernels and not says(subject, _GETS_KERNEL):
            yield Found(
                "no kernel is in /boot, and the hooks install none",
                (Evidence("boot/vmlinuz-*", "absent"),),
                fix="install a kernel package in the image",
            )
    elif "ubuntu" not in os.like:
        what = f"the installer's hooks ask for linux-generic, which {os.id or 'this system'} does not have"
        evidence = Evidence(os.source or "etc/os-release", f"ID={os.id}")
        yield Found(what, (Evidence("curtin/curtin-hooks", "absent"), evidence))


@rule(
    "C04",
    ERROR,
    deb & rooted & _BUILTIN,
    title="every kernel's name has a version and a flavour",
    why="the installer takes version and flavour from the file's name before it calls update-initramfs, and "
    "stops where it finds none; Debian 13's own kernels, as 6.12.1+deb13-amd64, are such",
    fix="build the kernel with a local version, so that its file is called vmlinuz-6.8.0-1-custom, or bring "
    "hooks that do without the installer's",
)
def well_named(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if command(root, "dracut") and not command(root, "update-initramfs"):
        return  # the names are then not looked at
    names = [one.name for one in root.matching("boot/vmlinu*-*")]
    if odd := [f"boot/{name}" for name in names if not _NAME.fullmatch(name)]:
        yield Found(f"the installer cannot make a version and a flavour of {named(odd)}", seen(odd, "name"))


@rule(
    "C05",
    ERROR,
    deb & rooted & _BUILTIN,
    title="what makes an initramfs comes with the kernel",
    why="the installer calls update-initramfs, and the deployment fails where there is none",
    fix="install initramfs-tools or dracut",
)
def has_maker(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if subject.facts.kernels and not (command(root, "update-initramfs") or command(root, "dracut")):
        yield Found(
            "there is a kernel, but neither update-initramfs nor dracut",
            (Evidence("usr/sbin/update-initramfs", "absent"), Evidence("usr/bin/dracut", "absent")),
        )


@rule(
    "C06",
    ERROR,
    rpm & builtin,
    title="exactly one package is called kernel",
    why="the installer asks rpm for the version of kernel: with none it fails, of two it glues the versions "
    "together, and dracut fails",
    fix="install one kernel package, and remove older ones (`dnf remove --oldinstallonly`)",
)
def one_kernel(subject: Subject) -> Iterator[Found]:
    need_packages(subject)
    held = [package for package in subject.facts.packages if package.name == "kernel"]
    if not held:
        others = [
            one.name
            for one in subject.facts.packages
            if re.match(r"kernel(-uek|-lt|-ml|-core|-rt)", one.name)
        ]
        beside = f", only {named(others)}" if others else ""
        yield Found(f"no package is called kernel{beside}", (Evidence("package kernel", "absent"),))
    elif len(held) > 1:
        versions = [one.version for one in held]
        yield Found(
            f"{len(held)} packages are called kernel: {named(versions)}",
            tuple(Evidence("package kernel", version) for version in versions[:5]),
        )


@rule(
    "C10",
    ERROR,
    deb & rooted,
    title="kdump-tools has what the installer runs of it",
    why="MAAS 3.6 and later always sends settings for crash dumps, and the installer runs that script "
    "wherever kdump-tools is installed",
    fix="update kdump-tools, or remove it",
)
def crash_dumps(subject: Subject) -> Iterator[Found]:
    sent = maas_has(subject.target, Maas.CRASH_DUMPS) and curtin_has(subject.target, Curtin.CRASH_DUMPS)
    if sent and subject.facts.has("kdump-tools") and not root_of(subject).is_file(_KDUMP):
        version = subject.facts.version_of("kdump-tools")
        yield Found(f"kdump-tools is installed without {_KDUMP}", (Evidence("kdump-tools", version),))


@rule(
    "C11",
    WARNING,
    linux,
    title="firmware for the devices of servers is in the image",
    why="network cards and disk controllers that load firmware do not come up",
    fix="install linux-firmware (Debian: firmware-linux, firmware-misc-nonfree; SUSE: kernel-firmware-all)",
)
def has_firmware(subject: Subject) -> Iterator[Found]:
    root, facts = root_of(subject), subject.facts
    if subject.family is Family.DEBIAN and not facts.kernels:
        return  # it comes with the kernel that the installer adds
    names = [one.name for one in facts.packages if _is_firmware(one.name)]
    files = any(root.matching("lib/firmware/*")) or any(root.matching("usr/lib/firmware/*"))
    if names and not files:
        yield Found(
            f"{named(names)} is installed, but lib/firmware is empty", (Evidence("lib/firmware", "empty"),)
        )
    elif not names and not files:
        yield Found("no firmware is installed", (Evidence("package linux-firmware", "absent"),))


def _is_firmware(name: str) -> bool:
    return bool(
        re.match(r"(linux-firmware|kernel-firmware|firmware-(linux|misc|bnx2|qlogic|realtek|intel))", name)
    )


def newest(kernels: tuple[Kernel, ...]) -> Kernel | None:
    """
    The kernel of the highest version, as far as numbers tell.
    """

    def parts(kernel: Kernel) -> list[int]:
        return [int(each) for each in re.findall(r"\d{1,9}", kernel.version)]

    return max(kernels, key=parts, default=None)


RULES = (
    bootable,
    obtainable,
    without_generic,
    well_named,
    has_maker,
    one_kernel,
    crash_dumps,
    has_firmware,
)
