"""
Which packages the installer wants for a boot loader, by family, architecture and firmware, as data.

It computes what is missing and fetches it from the image's own repositories, so an image is deployable
without a network only if nothing is. The lists are its own, not what would be enough.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tundish.anatomy.facts import Family
from tundish.check.subject import Subject

UEFI, BIOS = "uefi", "bios"
FIRMWARE = (UEFI, BIOS)

NEEDED: dict[tuple[Family, str, str], tuple[str, ...]] = {
    (Family.DEBIAN, "amd64", UEFI): ("efibootmgr", "grub-efi-amd64", "grub-efi-amd64-signed", "shim-signed"),
    (Family.DEBIAN, "amd64", BIOS): ("grub-pc",),
    (Family.DEBIAN, "arm64", UEFI): ("efibootmgr", "grub-efi-arm64", "grub-efi-arm64-signed", "shim-signed"),
    (Family.REDHAT, "amd64", UEFI): ("efibootmgr", "grub2-efi-x64", "shim-x64"),
    (Family.REDHAT, "amd64", BIOS): ("grub2-pc", "grub2-pc-modules"),
    (Family.REDHAT, "arm64", UEFI): ("efibootmgr", "grub2-efi-aa64-modules", "grub2-efi-aa64", "shim-aa64"),
    (Family.SUSE, "amd64", UEFI): ("grub2", "grub2-branding-SLE", "grub2-x86_64-efi", "shim"),
    (Family.SUSE, "amd64", BIOS): ("grub2-i386-pc",),
    (Family.SUSE, "arm64", UEFI): ("grub2", "grub2-branding-SLE", "grub2-arm64-efi", "shim"),
}

# What stands for a name of the installer's list: the package of another release, or its other half.
STANDS_FOR = {
    "grub2-branding-SLE": ("grub2-branding-openSUSE",),
    "grub2-pc": ("grub2",),  # of EL7 before 7.4
}


@dataclass(frozen=True, slots=True)
class Lack:
    """
    What is not installed of a firmware's list.
    """

    firmware: str
    packages: tuple[str, ...]


def arch_of(subject: Subject) -> str:
    return subject.facts.arch or subject.request.arch.partition("/")[0] or "amd64"


def needed(subject: Subject, firmware: str) -> tuple[str, ...]:
    """
    The packages of a firmware; nothing where the installer knows none.
    """
    return NEEDED.get((subject.family, arch_of(subject), firmware), ())


def missing(subject: Subject, firmware: str) -> tuple[str, ...]:
    """
    Which of them are not installed.
    """
    held = {package.name for package in subject.facts.packages}
    return tuple(name for name in needed(subject, firmware) if not _held(name, held))


def _held(name: str, held: Iterable[str]) -> bool:
    return name in held or any(other in held for other in STANDS_FOR.get(name, ()))


def complete(subject: Subject, firmware: str) -> bool:
    """
    Whether the installer could make the image boot with this firmware without fetching anything.
    """
    return bool(needed(subject, firmware)) and not missing(subject, firmware)


def aims_at(subject: Subject) -> frozenset[str]:
    """
    For which firmware an image is made, as the boot loader packages in it show; all if there is no sign.
    """
    signs = {one for one in FIRMWARE if _is_sign(subject, one)}
    return frozenset(signs or FIRMWARE) & frozenset(one for one in FIRMWARE if needed(subject, one))


def _is_sign(subject: Subject, firmware: str) -> bool:
    wanted = [name for name in needed(subject, firmware) if name not in {"efibootmgr", "grub2"}]
    lacking = missing(subject, firmware)
    return any(name not in lacking and "branding" not in name for name in wanted)


def lacks(subject: Subject) -> tuple[Lack, ...]:
    """
    What keeps the image from being deployed without a network; nothing if one firmware of the target is
    complete and one is enough.
    """
    wanted = [one for one in FIRMWARE if one in subject.target.firmware and needed(subject, one)]
    found = tuple(Lack(one, gone) for one in wanted if (gone := missing(subject, one)))
    enough = len(found) < len(wanted) and not subject.target.both
    return () if enough else found
