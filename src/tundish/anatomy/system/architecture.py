"""
For which processors a system is made: what its packages say, then its shell, then its loaders.
"""

from collections import Counter
from collections.abc import Iterable

from tundish.anatomy.facts import Installed, Loader
from tundish.anatomy.index import Index
from tundish.anatomy.system.beginning import beginning

_PROGRAMS = ("bin/sh", "usr/bin/sh", "usr/bin/bash", "bin/busybox", "usr/lib/systemd/systemd", "usr/bin/env")
_MACHINES = {3: "i386", 21: "ppc64", 22: "s390x", 40: "armhf", 62: "amd64", 183: "arm64", 243: "riscv64"}
_SOFT_FLOAT = 0x200  # of the flags of an ARM program
_NAMES = {
    **{name: name for name in ("amd64", "arm64", "ppc64el", "s390x", "armhf", "armel", "i386", "riscv64")},
    "x86_64": "amd64",
    "aarch64": "arm64",
    "ppc64le": "ppc64el",
    "armv7hl": "armhf",
    "armv7": "armhf",
    "armv6hl": "armhf",
    "x86": "i386",
    "i586": "i386",
    "i686": "i386",
}


def arch_of(index: Index, packages: Iterable[Installed], loaders: Iterable[Loader]) -> str:
    """
    The architecture by its Debian name; empty where nothing tells it.
    """
    counts = Counter(_NAMES.get(package.arch, "") for package in packages)
    del counts[""]
    if counts:
        return counts.most_common(1)[0][0]
    for path in _PROGRAMS:
        if arch := elf_arch(beginning(index, path, 64)):
            return arch
    return next((loader.arch for loader in loaders if loader.arch), "")


def elf_arch(head: bytes) -> str:
    """
    The architecture that the head of an ELF file names.
    """
    if len(head) < 40 or not head.startswith(b"\x7fELF") or head[5] not in {1, 2}:
        return ""
    wide, little = head[4] == 2, head[5] == 1
    number = int.from_bytes(head[18:20], "little" if little else "big")
    arch = _MACHINES.get(number, "")
    if arch == "ppc64":
        return "ppc64el" if little else "ppc64"
    if arch == "armhf":
        return "armel" if int.from_bytes(head[36:40], "little") & _SOFT_FLOAT else "armhf"
    return arch if wide != (arch == "i386") else ""
