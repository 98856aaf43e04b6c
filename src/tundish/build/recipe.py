"""
What to build, as a value: the same recipe over the same archive gives the same bytes.

Pure. `Recipe.content_id` names the intent; what the archive holds at that hour is not part of it.
"""

import json
import re
from dataclasses import asdict, dataclass

from tundish.core.digest import Digest
from tundish.core.errors import InputError, InvalidName
from tundish.core.names import word

# A change of the builder that changes its results gets a line here, so that old ids do not fit new bytes.
SALTS = ("1: mmdebstrap, own initrd, squashfs zstd, gzip root",)

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?:[:=/][A-Za-z0-9.+:~-]+)?")
_VERSION_NUMBER = re.compile(r"[0-9][0-9.]*")
MAX_PACKAGES = 1000

ESSENTIAL = ("busybox-static", "iproute2", "systemd-sysv", "udev")
KERNELS = {
    ("debian", "amd64"): "linux-image-cloud-amd64",
    ("debian", "arm64"): "linux-image-cloud-arm64",
    ("ubuntu", "amd64"): "linux-image-virtual",
    ("ubuntu", "arm64"): "linux-image-virtual",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    One image: an OS release, an archive that holds it, packages, and the moment all files claim to be of.
    """

    os: str  # "debian"
    series: str  # the code name, "bookworm"
    version: str  # "12"
    title: str  # "12 (bookworm)"
    arch: str  # as Debian says it, "amd64"
    packages: tuple[str, ...]
    epoch: int  # seconds since 1970; SOURCE_DATE_EPOCH of every step
    sources: tuple[str, ...]  # stanzas of a `.sources` file

    def __post_init__(self) -> None:
        for kind, value in (("operating system", self.os), ("series", self.series), ("arch", self.arch)):
            word(kind, value)
        if not _VERSION_NUMBER.fullmatch(self.version):
            raise InvalidName("OS version", self.version, "digits and dots, as in 12 or 24.04")
        if not 0 <= self.epoch < 2**32:
            raise InvalidName("epoch", self.epoch, "seconds since 1970")
        if not self.packages or len(self.packages) > MAX_PACKAGES:
            raise InputError(f"a recipe names 1 to {MAX_PACKAGES} packages, not {len(self.packages)}")
        if not self.sources:
            raise InputError("a recipe needs at least one package source")
        for package in self.packages:
            if not _PACKAGE.fullmatch(package):
                raise InvalidName("package name", package)

    @property
    def content_id(self) -> str:
        """
        The sha256 of what is asked for and of how this builder answers it.
        """
        fields = asdict(self) | {"packages": sorted(set(self.packages)), "salts": SALTS}
        return Digest.of(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hex


def bootable_set(os: str, arch: str) -> tuple[str, ...]:
    """
    The packages without which an image does not boot over the network and report.

    Raises:
        InputError: no kernel package is known for this OS and architecture.
    """
    if (os, arch) not in KERNELS:
        raise InputError(f"no kernel package is known for {os} on {arch}; name the packages in the recipe")
    return tuple(sorted((*ESSENTIAL, KERNELS[os, arch])))
