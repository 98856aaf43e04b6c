"""
With which firmware an image boots: a disk by itself, a tar with the loaders it brings along.
"""

import re
from collections.abc import Sequence

from tundish.anatomy.facts import Firmware, Installed, Loader
from tundish.anatomy.image import Disk, Scheme
from tundish.anatomy.index import Index

_BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
_FIRST = re.compile(r"efi/(?:boot/boot\w+|[^/]+/shim\w*|[^/]+/grub\w*|microsoft/boot/bootmgfw)\.efi")
_SHIM = re.compile(r"efi/(?:boot/boot\w+|[^/]+/shim\w*|microsoft/boot/bootmgfw)\.efi")
_NEXT = re.compile(
    r"efi/(?:[^/]+/grub\w*|systemd/systemd-boot\w*|linux/.*|microsoft/boot/bootmgfw|boot/grub\w*)\.efi"
)
_BIOS_FOLDERS = ("usr/lib/grub/i386-pc", "usr/share/grub2/i386-pc", "usr/lib/syslinux", "usr/share/syslinux")
_BIOS_PACKAGES = {"grub-pc", "grub-pc-bin", "grub2-i386-pc", "grub2-pc-modules", "syslinux", "extlinux"}
_UEFI_FOLDERS = tuple(
    f"{place}/{kind}-efi"
    for place in ("usr/lib/grub", "usr/share/grub2")
    for kind in ("x86_64", "arm64", "arm", "i386", "riscv64")
)
_UEFI_PACKAGE = re.compile(r"grub-efi-[a-z0-9]+(?:-bin|-signed)?|grub2-\w+-efi|systemd-boot(?:-efi)?")
_SIGNED_SHIM = (
    "usr/lib/shim/shimx64.efi.signed*",
    "usr/lib/shim/shimaa64.efi.signed*",
    "usr/share/efi/*/shim.efi",
)
_SIGNED_NEXT = ("usr/lib/grub/*-efi-signed/*.signed", "usr/share/efi/*/grub.efi")


def read(
    index: Index, disk: Disk | None, loaders: Sequence[Loader], packages: Sequence[Installed]
) -> Firmware:
    """
    BIOS, UEFI and Secure Boot, each only where everything for it is there.
    """
    chain = _is_chain(loaders)
    if disk is not None:
        uefi = disk.esp is not None and _any(loaders, _FIRST)
        return Firmware(bios=_has_boot_code(disk), uefi=uefi, secure_boot=uefi and chain)
    names = {package.name for package in packages}
    brought = any(index.is_folder(place) for place in _UEFI_FOLDERS) or any(
        map(_UEFI_PACKAGE.fullmatch, names)
    )
    signed = _matches(index, _SIGNED_SHIM) and _matches(index, _SIGNED_NEXT)
    packaged = "shim-signed" in names and any(re.fullmatch(r"grub-efi-\w+-signed", name) for name in names)
    return Firmware(
        bios=bool(_BIOS_PACKAGES & names) or any(index.is_folder(place) for place in _BIOS_FOLDERS),
        uefi=brought or _any(loaders, _FIRST),
        secure_boot=chain or signed or packaged,
    )


def _has_boot_code(disk: Disk) -> bool:
    """
    Something to run in the first sector, and with GPT a place for the rest of it.
    """
    kept = any(one.type == _BIOS_BOOT or one.bootable for one in disk.table.partitions)
    return disk.table.boot_code and (disk.table.scheme is not Scheme.GPT or kept)


def _is_chain(loaders: Sequence[Loader]) -> bool:
    signed = [loader for loader in loaders if loader.signed]
    return _any(signed, _SHIM) and _any(signed, _NEXT)


def _any(loaders: Sequence[Loader], form: re.Pattern[str]) -> bool:
    return any(form.fullmatch(loader.path.lower()) for loader in loaders)


def _matches(index: Index, patterns: Sequence[str]) -> bool:
    return any(True for pattern in patterns for _ in index.matching(pattern))
