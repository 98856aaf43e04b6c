"""
With which firmware an image boots, and which it must: what several rules and the deploy plan ask.
"""

import re
from dataclasses import dataclass

from tundish.anatomy.facts import Family
from tundish.anatomy.image import Scheme
from tundish.check.chainload import arch_of
from tundish.check.hooks import says
from tundish.check.rule import Severity
from tundish.check.subject import Subject

BIOS_GRUB = "21686148-6449-6E6F-744E-656564454649"
_FALLBACK_IN_HOOK = r"EFI/BOOT|bootx64|bootaa64|--removable|force_efi_extra_removable"
_CALLS_BUILTIN = r"builtin_curthooks|curthooks\.(?:curthooks|builtin)|curtin\.commands\.curthooks"


def runs_builtin(subject: Subject) -> bool:
    """
    Whether the installer's own hooks run: the image brings none, or one that calls them.
    """
    return subject.builtin or says(subject, _CALLS_BUILTIN)


def paths_on_esp(subject: Subject) -> set[str]:
    """
    The files below EFI/ of the disk's EFI system partition, or of /boot/efi in a tar, in lower case.
    """
    disk = subject.image.disk
    if disk is not None:
        index = disk.esp.index if disk.esp else None
        return {entry.path.lower().removeprefix("efi/") for entry in index.below("EFI")} if index else set()
    found = {one.path.lower() for one in subject.facts.loaders}
    if subject.root is not None:
        for folder in ("boot/efi/EFI", "efi/EFI", "boot/EFI"):
            below = subject.root.below(folder)
            found |= {entry.path[len(folder) + 1 :].lower() for entry in below}
    return {re.sub(r"^efi/", "", path) for path in found}


def boots(subject: Subject) -> set[str]:
    """
    The firmware by which a disk would boot: `bios`, `uefi`.
    """
    disk, found = subject.image.disk, set()
    if disk is None:
        facts = subject.facts.firmware
        return {name for name, so in (("bios", facts.bios), ("uefi", facts.uefi)) if so}
    types = {one.partition.type for one in disk.volumes if one.partition}
    if disk.table.boot_code and disk.table.leads_to is None and arch_of(subject) != "arm64":
        plain = disk.table.scheme is not Scheme.GPT or BIOS_GRUB in types
        if plain or subject.family in {Family.WINDOWS, Family.ESXI}:
            found.add("bios")
    if any(path.endswith(".efi") for path in paths_on_esp(subject)):
        found.add("uefi")
    return found


def required(subject: Subject) -> set[str]:
    """
    The firmware by which it must boot; empty if any one is enough.
    """
    target, possible = subject.target, {"uefi"} if arch_of(subject) == "arm64" else {"bios", "uefi"}
    wanted = set(target.firmware) & possible or possible
    needed = wanted if target.both or len(wanted) == 1 else set()
    return needed | {"uefi"} if target.secure_boot else needed


def lack(subject: Subject, firmware: str) -> Severity | None:
    """
    How bad it is that an image does not boot by this firmware; None if nobody asks for it.
    """
    if firmware not in subject.target.firmware and firmware not in required(subject):
        return None
    if firmware == "bios" and arch_of(subject) == "arm64":
        return None
    if firmware in required(subject):
        return Severity.ERROR
    others = boots(subject) - {firmware}
    if others:
        return Severity.INFO
    return Severity.ERROR if firmware == "uefi" else Severity.WARNING


@dataclass(frozen=True, slots=True)
class Expected:
    """
    The loaders below EFI/ after the installation. `sure` is false where a hook decides and does not say.
    """

    paths: frozenset[str]
    sure: bool
    by: str  # who puts them there


def expected(subject: Subject) -> Expected:
    """
    What will stand on the machine's EFI system partition.

    A disk brings it. A tar brings what its packages have below /boot/efi; to that comes what the
    installer's hooks for the family, or the hook of the image, put there.
    """
    held = frozenset(paths_on_esp(subject))
    if subject.image.disk is not None:
        return Expected(held, sure=True, by="the disk")
    if not runs_builtin(subject):
        fallback = {_fallback(subject)} if says(subject, _FALLBACK_IN_HOOK) else set()
        return Expected(held | fallback, sure=bool(fallback), by="the hook of the image")
    return Expected(held | _by_installer(subject), sure=True, by="the installer's GRUB")


def _fallback(subject: Subject) -> str:
    return "boot/bootaa64.efi" if arch_of(subject) == "arm64" else "boot/bootx64.efi"


def _by_installer(subject: Subject) -> set[str]:
    short = "aa64" if arch_of(subject) == "arm64" else "x64"
    folder = boot_id(subject)
    made = {f"{folder}/shim{short}.efi", f"{folder}/grub{short}.efi"}
    if subject.family is Family.DEBIAN:
        return made | ({_fallback(subject)} if _keeps_fallback(subject) else set())
    return made if subject.family is Family.SUSE else set()


def _keeps_fallback(subject: Subject) -> bool:
    """
    Ubuntu's grub-install keeps the fallback copy up to date, Debian's only when debconf tells it to.
    """
    told = (subject.root.text("var/cache/debconf/config.dat") if subject.root else "") or ""
    asked = re.search(r"force_efi_extra_removable\n(?:\S.{0,500}\n){0,20}?Value: true", told)
    return subject.facts.os.id == "ubuntu" or asked is not None


def boot_id(subject: Subject) -> str:
    """
    The folder below EFI/ that the installer uses.
    """
    name = subject.facts.os.id.lower()
    if subject.family is Family.SUSE:
        return "suse"
    return "redhat" if name in {"rhel", "ol"} else name
