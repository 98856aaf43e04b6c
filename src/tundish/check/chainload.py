"""
What MAAS starts from the machine's own disk after the installation, as tables by version.

GRUB from the network looks for these paths on every disk, in this order, letters of any case. With Secure
Boot only the first four are tried. On arm64 it knows two.
"""

from dataclasses import dataclass

from tundish.check.subject import Subject

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ChainLoad:
    """
    The paths below EFI/ that are tried `since` a version of MAAS; `always` also with Secure Boot.
    """

    since: Version
    always: tuple[str, ...]
    further: tuple[str, ...] = ()


_FIRST = ("boot/bootx64.efi", "ubuntu/shimx64.efi", "ubuntu/grubx64.efi", "microsoft/boot/bootmgfw.efi")
_FOLDERS = ("centos", "redhat", "rhel", "rocky", "suse", "ol")
AMD64 = (
    ChainLoad(
        (3, 6),
        _FIRST,
        (*(f"{at}/{name}x64.efi" for at in _FOLDERS for name in ("shim", "grub")), "red/grubx64.efi"),
    ),
    # which version brought which folder is not known: before, only those of the oldest list are counted on
    ChainLoad((0, 0), _FIRST, ("centos/shimx64.efi", "centos/grubx64.efi")),
)
ARM64 = (ChainLoad((0, 0), ("ubuntu/grubaa64.efi", "boot/bootaa64.efi")),)
FALLBACK = {"amd64": "boot/bootx64.efi", "arm64": "boot/bootaa64.efi"}


def tried(arch: str, maas: Version, *, secure_boot: bool) -> tuple[str, ...]:
    """
    The paths below EFI/ that MAAS tries, lower case, in order.
    """
    table = ARM64 if arch == "arm64" else AMD64
    row = next(row for row in table if maas >= row.since)
    return row.always if secure_boot else (*row.always, *row.further)


def arch_of(subject: Subject) -> str:
    return subject.facts.arch or subject.request.arch.partition("/")[0] or "amd64"


def known_paths(subject: Subject) -> set[str]:
    """
    Everything that some MAAS may start on this architecture.
    """
    table = ARM64 if arch_of(subject) == "arm64" else AMD64
    return {path for row in table for path in (*row.always, *row.further)}
