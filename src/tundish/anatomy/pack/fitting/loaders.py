"""
The loaders that an image brings along, for its ESP: signed ones with shim first, where packages keep them.

Firmware that knows nothing of a disk starts `EFI/BOOT/BOOTX64.EFI`; shim goes on to the GRUB beside it.
Files are taken as they are, none is made and none is run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.index import Index, Kind

MAX_LOADER = 16 * 1024 * 1024
ESP, BOOT = "boot/efi", "boot/efi/EFI/BOOT"
_PREFIX = re.compile(rb"/EFI/([A-Za-z][\w-]{0,31})\0")


@dataclass(frozen=True, slots=True)
class Firmware:
    """
    How UEFI and packages name one architecture.
    """

    short: str  # in names of files
    long: str  # in the names of GRUB's folders
    machine: str


FIRMWARES = {
    "amd64": Firmware("x64", "x86_64", "x86_64"),
    "arm64": Firmware("aa64", "arm64", "aarch64"),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A file of the image, and where it is to be.
    """

    source: str
    target: str


def copies(root: Index, firmware: Firmware) -> tuple[Copy, ...]:
    """
    What is missing in the ESP for firmware to start GRUB; nothing where something is there, or none is found.
    """
    if has_default(root, firmware):
        return ()
    first = f"{BOOT}/BOOT{firmware.short.upper()}.EFI"
    for shim, grub, manager, name in _signed(root, firmware):
        more = (Copy(manager, f"{BOOT}/mm{firmware.short}.efi"),) if manager else ()
        return (Copy(shim, first), Copy(grub, f"{BOOT}/{name}"), *more)
    alone = next(_files(root, *_unsigned(firmware)), "")
    return (Copy(alone, first),) if alone else ()


def has_default(root: Index, firmware: Firmware) -> bool:
    """
    Whether firmware would find a loader by itself.
    """
    wanted = f"{BOOT}/BOOT{firmware.short}.EFI".lower()
    return any(one.path.lower() == wanted for one in root.below(ESP))


def prefixes(root: Index, paths: tuple[str, ...]) -> tuple[str, ...]:
    """
    The folders of the ESP in which these GRUBs look for their configuration, as they say themselves.
    """
    found = (match for path in paths for match in _PREFIX.findall(root.read(path, MAX_LOADER)))
    return tuple(dict.fromkeys(match.decode() for match in found if match.upper() != b"BOOT"))


def _signed(root: Index, firmware: Firmware) -> Iterator[tuple[str, str, str, str]]:
    """
    Shim, the GRUB that it starts, the manager of keys if there is one, and the name by which shim knows GRUB.
    """
    short, plain = firmware.short, f"grub{firmware.short}.efi"
    debian = f"usr/lib/grub/{firmware.long}-efi-signed/grub{short}.efi.signed"
    suse = f"usr/share/efi/{firmware.machine}"
    for shim, grub, manager, name in (
        (f"usr/lib/shim/shim{short}.efi.signed", debian, f"usr/lib/shim/mm{short}.efi.signed", plain),
        (f"usr/lib/shim/shim{short}.efi.signed.latest", debian, f"usr/lib/shim/mm{short}.efi", plain),
        (f"usr/lib/shim/shim{short}.efi.signed", debian, f"usr/lib/shim/mm{short}.efi", plain),
        (f"{suse}/shim.efi", f"{suse}/grub.efi", f"{suse}/MokManager.efi", "grub.efi"),
        (f"{ESP}/EFI/*/shim{short}.efi", f"{ESP}/EFI/*/{plain}", f"{ESP}/EFI/*/mm{short}.efi", plain),
    ):
        pair = next(_files(root, shim), ""), next(_files(root, grub), "")
        if all(pair):
            yield *pair, next(_files(root, manager), ""), name


def _unsigned(firmware: Firmware) -> tuple[str, ...]:
    plain = f"grub{firmware.short}.efi"
    return f"{ESP}/EFI/*/{plain}", f"usr/lib/grub/{firmware.long}-efi/monolithic/{plain}"


def _files(root: Index, *patterns: str) -> Iterator[str]:
    for pattern in patterns:
        for entry in root.matching(pattern):
            real = root.at(entry.path)
            if real is not None and real.kind is Kind.FILE and 0 < real.size <= MAX_LOADER:
                yield real.path
