"""
The kernels of a root, with the initrd and the modules that belong to each.

A kernel is told by its file, never by a package. Links such as `vmlinuz`, and rescue copies, are no further
kernels.
"""

import re
from collections.abc import Iterator
from itertools import islice

from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Entry, Index, Kind

MAX_KERNELS = 200
MAX_FILES = 1000
MAX_FOLDERS = 500
_FILE = re.compile(r"(?:vmlinuz|vmlinux|Image|image|zImage|kernel)-(.+?)(?:\.gz|\.xz)?")
_RESCUE = re.compile(r"0-rescue-|.*\.(?:old|bak|dpkg-\w+|rpmsave|hmac|sig)\Z|.*-rescue\Z")
_INITRDS = (
    "boot/initrd.img-{0}",
    "boot/initramfs-{0}.img",
    "boot/initrd-{0}",
    "boot/initramfs-{0}",
    "boot/initrd-{0}.img",
    "usr/lib/modules/{0}/initrd",
    "usr/lib/modules/{0}/initramfs.img",
)
_MODULES = ("usr/lib/modules", "lib/modules")
_NUMBERS = re.compile(r"(\d+)")


def read(index: Index) -> tuple[Kernel, ...]:
    """
    Every kernel once, by its version, older ones first.
    """
    found: dict[str, Kernel] = {}
    folders = _module_folders(index)
    for name, path in islice(_files(index), MAX_FILES):
        version = _version(index, folders, name)
        if version not in found and len(found) < MAX_KERNELS:
            initrd = next((place for place in _initrds(path, name, version) if index.is_file(place)), "")
            found[version] = Kernel(version, path, initrd, folders.get(version, ""))
    return tuple(found[version] for version in sorted(found, key=natural))


def natural(text: str) -> list[tuple[int, int, str]]:
    """
    A key that sorts numbers inside text by their value: 5.9 before 5.14.
    """
    parts = _NUMBERS.split(text[:200])
    return [(1, int(part), "") if part.isascii() and part.isdigit() else (0, 0, part) for part in parts]


def _files(index: Index) -> Iterator[tuple[str, str]]:
    """
    What stands in the name of each kernel's file behind the dash, and its path; compressed ones first.
    """
    boot = sorted(index.children("boot"), key=lambda entry: not entry.name.startswith("vmlinuz"))
    for entry in boot:
        name = _FILE.fullmatch(entry.name)
        if name and not _RESCUE.match(name[1]) and index.is_file(entry.path) and not _is_alias(index, entry):
            yield name[1], entry.path
    for pattern, place in (
        ("boot/*/*/linux", -2),
        ("usr/lib/modules/*/vmlinuz", -2),
        ("lib/modules/*/vmlinuz", -2),
    ):
        for entry in index.matching(pattern):
            if index.is_file(entry.path):
                yield entry.path.split("/")[place], entry.path


def _is_alias(index: Index, entry: Entry) -> bool:
    """
    Whether it is a link to another kernel in the same folder.
    """
    return entry.kind is Kind.LINK and index.resolve(entry.path).startswith("boot/")


def _module_folders(index: Index) -> dict[str, str]:
    return {
        entry.name: entry.path
        for root in reversed(_MODULES)
        for entry in index.children(root)[:MAX_FOLDERS]
        if index.is_folder(entry.path)
    }


def _version(index: Index, folders: dict[str, str], name: str) -> str:
    """
    The version of a kernel whose file has only a flavour in its name, as Alpine's `vmlinuz-lts` and Arch's.
    """
    if name in folders or name[:1].isdigit():
        return name
    for version, folder in folders.items():
        if version.endswith(f"-{name}"):
            return version
        base = index.text(f"{folder}/pkgbase", 4096) if index.is_file(f"{folder}/pkgbase") else None
        if base is not None and base.strip() == name:
            return version
    return name


def _initrds(path: str, name: str, version: str) -> Iterator[str]:
    for label in dict.fromkeys((name, version)):
        yield from (place.format(label) for place in _INITRDS)
    if path.endswith("/linux"):
        yield from (path.removesuffix("linux") + other for other in ("initrd", "initrd.img"))
