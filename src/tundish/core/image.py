"""
The three levels of a stream as values: a Product has Versions, a Version has Items.

`extra` holds what we do not interpret, exactly as it was read, so that unknown fields survive a round
trip. Mappings in values are never changed after construction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from tundish.core.digest import Digest
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.core.notice import Announcement

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Extra: TypeAlias = Mapping[str, Json]
NOTHING: Extra = MappingProxyType({})  # a factory hands it out: Python 3.11 takes it for a mutable default

BOOT_FTYPES = ("boot-kernel", "boot-initrd", "squashfs")


@dataclass(frozen=True, slots=True)
class Item:
    """
    One file: its kind, its place relative to the stream's root, its length in bytes and its name by content.
    """

    name: ItemName
    ftype: str
    path: ItemPath
    size: int
    digest: Digest
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)


@dataclass(frozen=True, slots=True)
class Version:
    """
    What a product was on one day.
    """

    name: VersionName
    items: tuple[Item, ...]
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)

    @property
    def size(self) -> int:
        """
        Bytes of all items, a file listed twice counted once.
        """
        return sum({item.digest: item.size for item in self.items}.values())

    @property
    def is_bootable(self) -> bool:
        """
        Whether kernel, initrd and squashfs root are all there.
        """
        return set(BOOT_FTYPES) <= {item.ftype for item in self.items}

    def item(self, ftype: str) -> Item | None:
        return next((item for item in self.items if item.ftype == ftype), None)


@dataclass(frozen=True, slots=True)
class Product:
    """
    One line of images: an OS series for an architecture and kernel. Versions run oldest to newest.
    """

    name: ProductName
    content_id: ContentId
    os: str
    series: str  # `release` on the wire
    arch: str
    label: str
    kernel: str  # `subarch` on the wire; "generic" or "" where the product has none
    title: str
    versions: tuple[Version, ...]
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)

    @property
    def ref(self) -> str:
        """
        How people name it: os/series/arch, and the kernel where there is one.
        """
        return "/".join(part for part in (self.os, self.series, self.arch, self.kernel) if part)


@dataclass(frozen=True, slots=True)
class Products:
    """
    One products file.
    """

    content_id: ContentId
    datatype: str
    updated: datetime | None
    products: tuple[Product, ...]
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)
    announced: tuple[Announcement, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """
    Something in a document that was skipped or put right, and why.
    """

    subject: str
    text: str
