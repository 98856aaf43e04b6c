"""
Since when the parties to a deployment do what: the installer by days, MAAS by versions, the makers of
filesystems by Ubuntu series, and the kernels and boot loaders that can read what these make.

The days are those of the changes; a MAAS picks them up later, so they mean "not before".
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from tundish.check.subject import Target


@dataclass(frozen=True, slots=True)
class Since:
    day: date
    what: str


class Curtin(Enum):
    """
    Changes of the installer that images depend on.
    """

    ARM64_RPM_NAMES = Since(date(2021, 1, 15), "names of the arm64 GRUB packages of rpm systems")
    ID_LIKE = Since(date(2021, 12, 6), "ID_LIKE of os-release is honoured")
    ROCKY = Since(date(2022, 2, 15), "rocky is known")
    SUSE = Since(date(2023, 2, 8), "GRUB is installed on SUSE")
    ALMALINUX = Since(date(2024, 3, 13), "almalinux is known")
    MARINER = Since(date(2024, 7, 1), "mariner is known")
    CRASH_DUMPS = Since(date(2024, 9, 14), "crash dumps are configured where kdump-tools is installed")
    ARM64_RPM_LOADER = Since(date(2024, 12, 10), "the loader of arm64 rpm systems is found by itself")
    WINDOWS_DYNAMIC = Since(date(2025, 2, 10), "dynamic disks of Windows do not end probing")
    RHEL10 = Since(date(2026, 2, 26), "GRUB is installed on version 10 of the rpm families")
    EMPTY_VG = Since(date(2026, 3, 6), "a volume group without volumes does not end the search for a root")
    ARM64_ARCHIVE = Since(date(2026, 4, 7), "Ubuntu 25.10 and later for arm64 comes from the main archive")


@dataclass(frozen=True, slots=True)
class From:
    version: tuple[int, int]
    what: str


class Maas(Enum):
    """
    What MAAS does from a version on.
    """

    CUSTOM_BASE = From((3, 1), "custom images have a base image, and late commands check them")
    SLES = From((3, 4), "SLES can be deployed")
    EXECUTABLES = From((3, 5), "the check of custom images looks for programs, no longer for packages")
    IN_MEMORY = From((3, 5), "custom images can be deployed in memory")
    ORACLE = From((3, 5), "Oracle Linux can be deployed")
    CRASH_DUMPS = From((3, 6), "settings of crash dumps are always sent")


def curtin_has(target: Target, change: Curtin) -> bool:
    since: Since = change.value
    return target.curtin >= since.day


def maas_has(target: Target, change: Maas) -> bool:
    since: From = change.value
    return target.maas >= since.version


CURTIN_NAMES = frozenset(
    {"arch", "centos", "debian", "fedora", "freebsd", "gentoo", "ol", "opensuse", "redhat", "rhel", "sles"}
    | {"suse", "ubuntu", "rocky", "almalinux", "mariner"}
)
"""
The operating systems that the installer knows, as os-release names them.
"""

NAMES_SINCE = {"rocky": Curtin.ROCKY, "almalinux": Curtin.ALMALINUX, "mariner": Curtin.MARINER}


def knows(target: Target, name: str) -> bool:
    """
    Whether the installer of this day knows an operating system by this name.
    """
    return name in CURTIN_NAMES and (name not in NAMES_SINCE or curtin_has(target, NAMES_SINCE[name]))


@dataclass(frozen=True, slots=True)
class Maker:
    """
    What a series' mkfs switches on by itself.
    """

    ext4: frozenset[str]
    xfs: frozenset[str]


_OLD_XFS = frozenset({"reflink"})
_NEW_XFS = _OLD_XFS | {"bigtime", "inobtcount", "nrext64"}
_NEW_EXT4 = frozenset({"orphan_file", "metadata_csum_seed"})
_LATER = Maker(_NEW_EXT4, _NEW_XFS)
MAKERS = {
    "bionic": Maker(frozenset(), frozenset()),
    "focal": Maker(frozenset(), _OLD_XFS),
    "jammy": Maker(frozenset(), _OLD_XFS),
    "noble": Maker(frozenset(), _NEW_XFS),  # its e2fsprogs is 1.47.0, with the two new features left off
}


def maker_of(series: str) -> Maker:
    """
    The mkfs of an Ubuntu series; one that is not in the table is newer than all of them.
    """
    return MAKERS.get(series, _LATER)


NEEDS_KERNEL = {
    "orphan_file": (5, 15),
    "metadata_csum_seed": (4, 4),
    "reflink": (4, 16),
    "bigtime": (5, 10),
    "inobtcount": (5, 10),
    "nrext64": (5, 19),
}
BACKPORTED = {
    "8": frozenset({"reflink"}),
    "9": frozenset({"reflink", "bigtime", "inobtcount", "nrext64", "orphan_file"}),
}
"""
What the kernels of the rpm families can do although their number is lower.
"""

NEEDS_GRUB = {"metadata_csum_seed": (2, 6), "orphan_file": (2, 6)}  # 2.06, in numbers that compare

SBAT = {"shim": 4, "grub": 3, "grub.debian": 4}
"""
The generations below which firmware that is kept up to date starts nothing, as revoked in January 2024.
"""


def numbers(version: str, count: int = 2) -> tuple[int, ...]:
    """
    The leading numbers of a version: (6, 8) of `6.8.0-45-generic`; empty if it begins with none.
    """
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", version.partition(":")[2] or version)
    return tuple(int(each) for each in found[0].split(".")[:count]) if found else ()
