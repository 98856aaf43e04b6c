"""
How MAAS takes an upload: names, operating systems, file types and base images, as tables.

The tables follow MAAS of August 2026; `image-contract` rules M01 to M11 ask them.
"""

from dataclasses import dataclass

from tundish.check.subject import Filetype, Request

OSES = (
    "ubuntu",
    "ubuntu-core",
    "bootloader",
    "centos",
    "rhel",
    "custom",
    "windows",
    "suse",
    "esxi",
    "ol",
    "onie",
)
BASE_OSES = ("ubuntu", "centos", "rhel", "ol")  # that an upload may name as its base
CONFIGURED_BASES = (*BASE_OSES, "suse")  # for which the region can compose an installer's configuration
NETWORKED = ("ubuntu", "ubuntu-core", "centos", "rhel", "windows")  # whose custom network is configured
ARCHES = ("amd64", "arm64", "armhf", "i386", "ppc64el", "s390x")
OTHER_WORDS = {
    "x86_64": "amd64",
    "x64": "amd64",
    "aarch64": "arm64",
    "i686": "i386",
    "x86": "i386",
    "ppc64le": "ppc64el",
    "armv7l": "armhf",
}

_TARS = frozenset({Filetype.TGZ, Filetype.TXZ, Filetype.TBZ})
_DISKS = frozenset(one for one in Filetype if one.is_dd)
UPLOADED = _TARS | _DISKS  # the eleven types of an upload
DEPLOYED: dict[str, frozenset[Filetype]] = {
    "custom": UPLOADED,
    "centos": _TARS,
    "rhel": _TARS,
    "ol": _TARS,
    "suse": _TARS,
    "windows": _DISKS,
    "esxi": _DISKS,
    "ubuntu-core": _DISKS,
    "ubuntu": frozenset({Filetype.TGZ, Filetype.SQUASHFS}),
    "onie": frozenset({Filetype.SELF_EXTRACTING}),
}

UBUNTU_VERSIONS = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "mantic": "23.10",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
    "resolute": "26.04",
}
CODENAMES = frozenset({*UBUNTU_VERSIONS, "buster", "bullseye", "bookworm", "trixie", "forky"})
RESERVED = frozenset({*OSES, *UBUNTU_VERSIONS, "precise", "centos6", "centos66", "centos7", "centos70", "8"})
WINDOWS_WITH_KEY = frozenset(
    {"win2008r2", "win2012", "win2012r2", "win2016", "win2016-core", "win2016dc", "win2019", "win2022"}
)


@dataclass(frozen=True, slots=True)
class Base:
    """
    The OS that the installer takes an image for. `said` is false where the upload names none and the
    region's commissioning release stands in.
    """

    os: str
    series: str
    said: bool


def base_of(request: Request, ephemeral: str) -> Base:
    """
    The base of an upload: only custom images have one, others are what their name says.
    """
    if not request.custom:
        os, _, series = request.name.partition("/")
        return Base(os, series, said=True)
    if not request.base_image:
        return Base("ubuntu", ephemeral, said=False)
    os, _, series = request.base_image.lower().partition("/")
    return Base(os, series, said=True)


def is_known_series(os: str, series: str) -> bool:
    """
    Whether MAAS accepts this series of a base OS; of the rpm families it takes what begins with a number.
    """
    if os == "ubuntu":
        return series in UBUNTU_VERSIONS
    if os == "rhel" and series.startswith("rhel"):
        series = series.removeprefix("rhel")
    if os == "centos" and series.startswith("centos"):
        series = series.removeprefix("centos")
    if os == "ol" and series.startswith("ol"):
        series = series.removeprefix("ol")
    return series[:1].isdigit()
