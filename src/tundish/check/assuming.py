"""
What an upload would be where nobody said: type, architecture and base, from the image itself.

Each assumption is told, in the words of the option that would say otherwise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Compression, Form, Image
from tundish.check.asking import command
from tundish.check.subject import Filetype, Request, Target
from tundish.check.uploads import UBUNTU_VERSIONS, base_of

_TARS = {Compression.XZ: Filetype.TXZ, Compression.BZIP2: Filetype.TBZ}  # all else is told by A01 and A03
_DISKS = {
    Compression.NONE: Filetype.DDRAW,
    Compression.GZIP: Filetype.DDGZ,
    Compression.XZ: Filetype.DDXZ,
    Compression.BZIP2: Filetype.DDBZ2,
}
_WRAPPED = {
    Compression.NONE: Filetype.DDTAR,
    Compression.GZIP: Filetype.DDTGZ,
    Compression.XZ: Filetype.DDTXZ,
    Compression.BZIP2: Filetype.DDTBZ,
}
_NAMES = (  # how files are called, the longest endings first
    (r"\.dd\.(?:tgz|tar\.gz)$|\.ddtgz$", Filetype.DDTGZ),
    (r"\.dd\.(?:txz|tar\.xz)$|\.ddtxz$", Filetype.DDTXZ),
    (r"\.dd\.(?:tbz2?|tar\.bz2)$|\.ddtbz$", Filetype.DDTBZ),
    (r"\.dd\.tar$|\.ddtar$", Filetype.DDTAR),
    (r"\.(?:dd|raw|img)\.gz$|\.ddgz$", Filetype.DDGZ),
    (r"\.(?:dd|raw|img)\.xz$|\.ddxz$", Filetype.DDXZ),
    (r"\.(?:dd|raw|img)\.bz2$|\.ddbz2$", Filetype.DDBZ2),
    (r"\.(?:dd|raw|ddraw)$", Filetype.DDRAW),
    (r"\.tgz$|\.tar\.gz$", Filetype.TGZ),
    (r"\.txz$|\.tar\.xz$", Filetype.TXZ),
    (r"\.tbz2?$|\.tar\.bz2$", Filetype.TBZ),
    (r"\.squashfs$", Filetype.SQUASHFS),
)
_INSTALLERS = {  # about which day's installer a MAAS comes with
    (3, 1): date(2021, 12, 31),
    (3, 2): date(2022, 8, 1),
    (3, 3): date(2023, 3, 1),
    (3, 4): date(2023, 11, 1),
    (3, 5): date(2024, 8, 1),
    (3, 6): date(2025, 6, 1),
    (3, 7): date(2026, 3, 1),
}
_CALLED = {
    Family.WINDOWS: "windows/windows-server",
    Family.ESXI: "esxi/esxi",
    Family.CORE: "ubuntu-core/core",
}
_SAYS_NOTHING = frozenset({Form.UNKNOWN, Form.EMPTY})
_MAJORS = frozenset({"7", "8", "9", "10"})


@dataclass(frozen=True, slots=True)
class Said:
    """
    What a person said of the upload; empty is what he left out.
    """

    filetype: str = ""
    name: str = ""
    base_image: str = ""
    arch: str = ""


@dataclass(frozen=True, slots=True)
class Assumed:
    request: Request
    told: tuple[str, ...]


def request_of(image: Image, facts: Facts, said: Said) -> Assumed:
    """
    The upload as it was said, completed.
    """
    told: list[str] = []
    filetype = Filetype(said.filetype) if said.filetype else _by_content(image)
    if not said.filetype:
        told += _of_type(image, filetype)
    name, base, arch = said.name, said.base_image, said.arch
    if not name and (name := _name(facts)):
        told.append(f"--name {name}, since it is an image of {facts.family}")
    if not said.name and not base and (base := _base(image, facts)):
        told.append(f"--base-image {base}, which suits it; without one, Ubuntu's checks hold")
    if not arch and facts.arch:
        arch = f"{facts.arch}/generic"
        told.append(f"--arch {facts.arch}, by what is in the image")
    request = Request(filetype, name, arch, base, declared=bool(said.filetype))
    return Assumed(request, tuple(told))


def target_of(target: Target, request: Request, *, ephemeral: str = "") -> Target:
    """
    The target with the ephemeral system that this upload boots: that of a base of ubuntu, else as it is said.
    """
    base = base_of(request, target.ephemeral)
    series = (
        base.series if base.os == "ubuntu" and base.said and base.series in UBUNTU_VERSIONS else ephemeral
    )
    return replace(target, ephemeral=series) if series else target


def installer_of(maas: tuple[int, int]) -> date:
    """
    About the day of the installer that a version of MAAS comes with.
    """
    fitting = [version for version in _INSTALLERS if version <= maas]
    return _INSTALLERS[max(fitting)] if fitting else min(_INSTALLERS.values())


def _by_content(image: Image) -> Filetype:
    packed = image.wrapping.compression
    if image.form is Form.SQUASHFS:
        return Filetype.SQUASHFS
    if image.form is Form.SCRIPT:
        return Filetype.SELF_EXTRACTING
    if image.enclosed and image.disk is not None:
        return _WRAPPED.get(packed, Filetype.DDTGZ)
    if image.disk is not None:
        return _DISKS.get(packed, Filetype.DDGZ)
    if image.form is Form.TAR:
        return _TARS.get(packed, Filetype.TGZ)
    return _by_name(image.name) or Filetype.TGZ


def _by_name(name: str) -> Filetype | None:
    lower = name.lower()
    return next((filetype for ending, filetype in _NAMES if re.search(ending, lower)), None)


def _of_type(image: Image, filetype: Filetype) -> Iterator[str]:
    named = _by_name(image.name)
    if image.form in _SAYS_NOTHING:
        yield f"--filetype {filetype}, by the name alone" if named else f"--filetype {filetype}, as a guess"
    elif named is None or named is filetype:
        yield f"--filetype {filetype}, by the content" + (" and the name" if named else "")
    else:
        yield f"--filetype {filetype}, by the content; by its name it would be {named}, which would fail"


def _name(facts: Facts) -> str:
    names = {
        Family.WINDOWS: "windows/windows-server",
        Family.ESXI: "esxi/esxi",
        Family.CORE: "ubuntu-core/core",
    }
    return names.get(facts.family, "")


def _base(image: Image, facts: Facts) -> str:
    """
    The base that suits a Linux: its own, or what asks least of it where it has no netplan.
    """
    if facts.family in {Family.WINDOWS, Family.ESXI, Family.CORE, Family.NONE} or image.root is None:
        return ""
    if facts.os.id == "ubuntu":
        return f"ubuntu/{facts.os.codename}" if facts.os.codename in UBUNTU_VERSIONS else ""
    major = facts.os.version_id.partition(".")[0]
    if facts.family is Family.REDHAT and major in _MAJORS:
        return f"rhel/{major}"
    return "" if command(image.root, "netplan") else "rhel/9"
