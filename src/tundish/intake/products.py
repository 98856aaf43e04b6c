"""
What an upload offers: a product of our own with one version and one file, called as MAAS calls it. Pure.
"""

from collections.abc import Mapping
from datetime import datetime

from tundish.check.subject import Filetype
from tundish.core.digest import Digest
from tundish.core.image import Extra, Item, Product, Version
from tundish.core.names import VersionName, content_id, item_name, item_path, product_name
from tundish.core.upload import Asked
from tundish.intake.versions import next_version

CONTENT = "org.tundish:{label}:{os}-custom-download"
NO_END = "2099-01-01"  # MAAS requires the key of a stream; nobody said when support ends

# By file type: the kind of file, and what the file is called. Roots have the dotted name, which is what a
# deployment in memory asks for.
FILES: dict[Filetype, tuple[str, str]] = {
    Filetype.TGZ: ("root-tgz", "root.tgz"),
    Filetype.TXZ: ("root-txz", "root.txz"),
    Filetype.TBZ: ("root-tbz", "root.tbz"),
    Filetype.DDTGZ: ("root-dd", "root-dd"),
    Filetype.DDTBZ: ("root-dd.tar.bz2", "root-dd.tar.bz2"),
    Filetype.DDTXZ: ("root-dd.tar.xz", "root-dd.tar.xz"),
    Filetype.DDTAR: ("root-dd.tar", "root-dd.tar"),
    Filetype.DDGZ: ("root-dd.gz", "root-dd.gz"),
    Filetype.DDBZ2: ("root-dd.bz2", "root-dd.bz2"),
    Filetype.DDXZ: ("root-dd.xz", "root-dd.xz"),
    Filetype.DDRAW: ("root-dd.raw", "root-dd.raw"),
    Filetype.SQUASHFS: ("squashfs", "squashfs"),
}


def product_of(
    asked: Asked,
    filetype: Filetype,
    digest: Digest,
    size: int,
    *,
    held: Mapping[str, frozenset[str]],
    at: datetime,
) -> Product:
    """
    The product with the version that an upload becomes. The same bytes as in the newest version held are
    that version again.

    Raises:
        Conflict: no name for a version is left.
    """
    newest = max(held, default="")
    again = newest and digest.hex in held[newest]
    name = VersionName(newest) if again else next_version(held, at)
    ftype, filename = FILES[filetype]
    path = item_path(f"{asked.ref}/{name}/{filename}")
    item = Item(item_name(filename), ftype, path, size, digest)
    extra: Extra = {
        "version": asked.series,
        "release_codename": asked.title or asked.series,
        "subarches": asked.subarch,
        "support_eol": NO_END,
        "base_image": asked.base_image,
    }
    return Product(
        name=product_name(
            f"org.tundish.{asked.label}:{asked.os}:{asked.series}:{asked.arch}:{asked.subarch}"
        ),
        content_id=content_id(CONTENT.format(label=asked.label, os=asked.os)),
        os=asked.os,
        series=asked.series,
        arch=asked.arch,
        label=asked.label,
        kernel=asked.subarch,
        title=asked.title or asked.name,
        versions=(Version(name, (item,), words_of(asked, filetype)),),
        extra=extra,
    )


def words_of(asked: Asked, filetype: Filetype) -> Extra:
    """
    What was said of a version.
    """
    return {
        "filetype": filetype.value,
        "base_image": asked.base_image,
        "base_image_said": asked.base_said,
        "default_user": asked.default_user,
        "firmware": asked.firmware,
        "min_disk": asked.min_disk,
    }


def manifest_of(asked: Asked, version: VersionName, digest: Digest, size: int) -> Item:
    """
    The list of packages beside a root, which MAAS demands of one in a stream.
    """
    path = item_path(f"{asked.ref}/{version}/root.manifest")
    return Item(item_name("manifest"), "manifest", path, size, digest)
