"""
What is asked about: an image, the facts of its inside, how it is to be uploaded, and whom it shall suit.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Image
from tundish.anatomy.index import Index


class Filetype(StrEnum):
    """
    The file types of an upload, as MAAS names them.
    """

    TGZ = "tgz"
    TXZ = "txz"
    TBZ = "tbz"
    DDTGZ = "ddtgz"
    DDTBZ = "ddtbz"
    DDTXZ = "ddtxz"
    DDTAR = "ddtar"
    DDGZ = "ddgz"
    DDBZ2 = "ddbz2"
    DDXZ = "ddxz"
    DDRAW = "ddraw"
    SQUASHFS = "squashfs"
    SELF_EXTRACTING = "self-extracting"

    @property
    def is_tar(self) -> bool:
        return self in {Filetype.TGZ, Filetype.TXZ, Filetype.TBZ}

    @property
    def is_dd(self) -> bool:
        return self.value.startswith("dd")


@dataclass(frozen=True, slots=True)
class Request:
    """
    The upload: `name` as `custom/rocky9`; empty fields were not said. `filetype` is what will be declared,
    `declared` whether a person said so or it was taken from the content.
    """

    filetype: Filetype
    name: str = ""
    arch: str = ""
    base_image: str = ""
    title: str = ""
    declared: bool = False

    @property
    def os(self) -> str:
        """
        The part of the name before the slash, `custom` where there is none.
        """
        return self.name.partition("/")[0] if "/" in self.name else "custom"

    @property
    def custom(self) -> bool:
        return self.os == "custom"


@dataclass(frozen=True, slots=True)
class Target:
    """
    Whom the image shall suit. `curtin` is the day up to which the installer's changes are counted.
    """

    maas: tuple[int, int] = (3, 6)
    curtin: date = field(default=date(2025, 6, 1))
    ephemeral: str = "noble"  # the Ubuntu series of the installer's system
    firmware: frozenset[str] = frozenset({"bios", "uefi"})  # one of the two is enough, unless `both`
    both: bool = False
    secure_boot: bool = False
    offline: bool = False
    in_memory: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    image: Image
    facts: Facts
    request: Request
    target: Target

    @property
    def root(self) -> Index | None:
        return self.image.root

    @property
    def family(self) -> Family:
        return self.facts.family

    @property
    def builtin(self) -> bool:
        """
        Whether the installer's own hooks will run: the image brings none.
        """
        return not self.facts.hooks
