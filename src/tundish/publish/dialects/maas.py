"""
What MAAS imports. It refuses a whole source for one product that it cannot parse, so such a one is
never listed.

Each products file is wholly of one shape: images that boot, roots to unpack, or bootloaders.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Json, Product, Products
from tundish.publish import tree

DATATYPE = "image-ids"  # what MAAS's own streams say, although these have files

BOOTS, ROOT, LOADER = "an image that boots", "a root to unpack", "a bootloader"
_BOOT_FTYPES = frozenset({"boot-dtb", "boot-initrd", "boot-kernel", "manifest", "root-image.gz", "squashfs"})
_BOOT_ROOTS = frozenset({"root-image.gz", "squashfs"})
_ROOT_FTYPES = frozenset({"manifest", "root-tgz"})
_LOADER_FTYPE = "archive.tar.xz"
_LOADER_ITEMS = frozenset({"grub2", "grub2-signed", "shim-signed", "syslinux"})
_LOADER_ITEM_KEYS = ("src_package", "src_release", "src_version")
_LOADERS = frozenset(
    {
        ("open-firmware", "grub-ieee1275", "ppc64el"),
        ("pxe", "pxelinux", "i386"),
        ("uefi", "grub-efi", "arm64"),
        ("uefi", "grub-efi-signed", "amd64"),
    }
)
_LOADER_NAME = re.compile(":1:")
_BOOT_NAME = re.compile(r":(v2|v3|v3\+platform):", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WANTED = ("os", "arch", "label", "subarch", "subarches", "release", "release_title", "version")
_LOADER_WANTED = ("arch", "arches", "bootloader-type", "label", "os")


def faults(holdings: Sequence[Holding]) -> Mapping[HoldingId, str]:
    """
    Which of these MAAS would refuse, together with all the others, and why.
    """
    first: dict[str, tuple[str, Holding]] = {}
    found = {}
    for holding in holdings:
        shape = shape_of(holding)
        why = next(_JUDGES[shape](holding), "") if shape else _shapeless(holding)
        if not why:
            other, example = first.setdefault(holding.product.content_id, (shape, holding))
            if other != shape:
                why = (
                    f"it is {shape}, but its products file, {holding.product.content_id}, "
                    f"has {other} ({example.ref}), and MAAS reads files of one shape only"
                )
        if why:
            found[holding.id] = why
    return found


def pairs(_holdings: Sequence[Holding]) -> frozenset[tuple[Digest, Digest]]:
    return frozenset()


def catalogue(
    holdings: Sequence[Holding], updated: datetime, _combined: Mapping[tuple[Digest, Digest], Digest]
) -> tuple[Products, ...]:
    return tree.catalogue(holdings, updated, DATATYPE)


def shape_of(holding: Holding) -> str:
    """
    Which of the three shapes a holding is meant to have; "" if none.
    """
    ftypes = _ftypes(holding)
    if "root-tgz" in ftypes:
        return ROOT
    if ftypes & {"boot-kernel", "boot-initrd"}:
        return BOOTS
    return LOADER if ftypes == {_LOADER_FTYPE} else ""


def _boots(holding: Holding) -> Iterator[str]:
    ftypes = _ftypes(holding)
    yield from _lacking(holding.product, _WANTED)
    yield from (f"it has no {name}" for name in ("boot-kernel", "boot-initrd") if name not in ftypes)
    if not ftypes & _BOOT_ROOTS:
        yield "it has no squashfs"
    yield from _foreign(ftypes - _BOOT_FTYPES)
    if not _BOOT_NAME.search(holding.product.name):
        yield f"its product, {holding.product.name}, has no ':v3:' in its name, which MAAS goes by"
    yield from _undated(holding)


def _root(holding: Holding) -> Iterator[str]:
    ftypes = _ftypes(holding)
    yield from _lacking(holding.product, _WANTED)
    if "manifest" not in ftypes:
        yield "it has a root-tgz without a manifest beside it"
    yield from _foreign(ftypes - _ROOT_FTYPES)
    yield from _undated(holding)


def _loader(holding: Holding) -> Iterator[str]:
    product = holding.product
    yield from _lacking(product, _LOADER_WANTED)
    kind = (str(product.extra.get("bootloader-type")), product.os, product.arch)
    if kind not in _LOADERS:
        yield f"MAAS knows no bootloader of type {kind[0]!r} called {kind[1]} for {kind[2]}"
    if not _LOADER_NAME.search(product.name):
        yield f"its product, {product.name}, has no ':1:' in its name, which MAAS goes by"
    for item in holding.version.items:
        if item.name not in _LOADER_ITEMS:
            yield f"its item {item.name} is none of {', '.join(sorted(_LOADER_ITEMS))}"
        yield from (f"its item {item.name} lacks the key {key!r}" for key in _missing(item.extra))


_JUDGES: Mapping[str, Callable[[Holding], Iterator[str]]] = {BOOTS: _boots, ROOT: _root, LOADER: _loader}


def _shapeless(holding: Holding) -> str:
    ftypes = ", ".join(sorted(_ftypes(holding)))
    return (
        f"it has {ftypes}, which is neither boot-kernel, boot-initrd and squashfs, "
        "nor root-tgz and manifest, nor a bootloader"
    )


def _ftypes(holding: Holding) -> set[str]:
    return {item.ftype for item in holding.version.items}


def _missing(extra: Mapping[str, Json]) -> list[str]:
    return [key for key in _LOADER_ITEM_KEYS if not extra.get(key)]


def _lacking(product: Product, keys: Sequence[str]) -> Iterator[str]:
    fields = {
        "os": product.os,
        "arch": product.arch,
        "label": product.label,
        "subarch": product.kernel,
        "release": product.series,
        "release_title": product.title,
    }
    for key in keys:
        if not (fields[key] if key in fields else product.extra.get(key)):
            yield f"it lacks the key {key!r}, which MAAS requires"


def _foreign(ftypes: set[str]) -> Iterator[str]:
    for ftype in sorted(ftypes):
        yield f"it has a file of kind {ftype!r}, which MAAS does not take from a stream beside the others"


def _undated(holding: Holding) -> Iterator[str]:
    for key in ("support_eol", "support_esm_eol"):
        for level in (holding.product.extra, holding.version.extra):
            value = level.get(key)
            if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
                yield f"its key {key!r} is {str(value)[:40]!r}, which is no day as in 2029-05-31"
