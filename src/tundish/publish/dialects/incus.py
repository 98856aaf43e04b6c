"""
What Incus and LXD read: metadata and roots that belong together by the digest of the one followed by the
other, without which an image is invisible.

One value of the wrong JSON type hides a whole remote from them, so what is not of its type is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from tundish.core.digest import Digest
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Item, Json, Product, Products
from tundish.core.names import ItemName
from tundish.publish import tree

DATATYPE = "image-downloads"

METADATA = ("incus.tar.xz", "lxd.tar.xz")  # Incus reads the one, LXD the other
ROOTS: Mapping[str, tuple[str, ...]] = {  # ftype: the keys that carry its combined digest
    "squashfs": ("combined_squashfs_sha256",),
    "root.tar.xz": ("combined_rootxz_sha256", "combined_sha256"),  # the second for old clients
    "disk-kvm.img": ("combined_disk-kvm-img_sha256",),
    "disk1.img": ("combined_disk1-img_sha256",),
    "uefi1.img": ("combined_uefi1-img_sha256",),
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_COMBINED = "combined_"


def faults(holdings: Sequence[Holding]) -> Mapping[HoldingId, str]:
    """
    Which of these Incus and LXD could not use, and why.
    """
    return {holding.id: why for holding in holdings if (why := next(_faults(holding), ""))}


def pairs(holdings: Sequence[Holding]) -> frozenset[tuple[Digest, Digest]]:
    """
    Every metadata file with every root of its version.
    """
    return frozenset(
        (metadata.digest, root.digest)
        for holding in holdings
        for metadata in _metadata(holding)
        for root in _roots(holding)
    )


def catalogue(
    holdings: Sequence[Holding], updated: datetime, combined: Mapping[tuple[Digest, Digest], Digest]
) -> tuple[Products, ...]:
    """
    Each version as its metadata, once for either program, and its roots; nothing else of it is listed.
    """
    written = [
        replace(
            holding,
            product=replace(holding.product, extra=_described(holding.product)),
            version=replace(holding.version, items=(*_metadata(holding, combined), *_roots(holding))),
        )
        for holding in holdings
    ]
    return tree.catalogue(written, updated, DATATYPE)


def _faults(holding: Holding) -> Iterator[str]:
    ftypes = {item.ftype for item in holding.version.items}
    if not ftypes.intersection(METADATA):
        yield f"it has no metadata ({' or '.join(METADATA)}), without which Incus and LXD cannot use it"
    if not ftypes.intersection(ROOTS):
        yield f"it has no root that Incus and LXD know ({', '.join(ROOTS)})"
    if not _is_day(holding.version.name[:8]):
        yield "its version does not begin with a day as in 20260131, and Incus and LXD pass over such ones"


def _is_day(text: str) -> bool:
    try:
        return len(text) == 8 and text.isdecimal() and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _metadata(
    holding: Holding, combined: Mapping[tuple[Digest, Digest], Digest] | None = None
) -> Iterator[Item]:
    """
    The metadata file under either name; where there is but one, it serves both.
    """
    held = {item.ftype: item for item in holding.version.items if item.ftype in METADATA}
    for ftype in METADATA:
        item = held.get(ftype) or next(iter(held.values()))
        extra = {key: value for key, value in item.extra.items() if not key.startswith(_COMBINED)}
        for root in _roots(holding) if combined else ():
            digest = (combined or {})[item.digest, root.digest].hex
            extra.update(dict.fromkeys(ROOTS[root.ftype], digest))
        yield replace(item, name=ItemName(ftype), ftype=ftype, extra=extra)


def _roots(holding: Holding) -> tuple[Item, ...]:
    return tuple(item for item in holding.version.items if item.ftype in ROOTS)


def _described(product: Product) -> dict[str, Json]:
    """
    The keys of a product, each of the type its readers expect.
    """
    extra = dict(product.extra)
    variant = extra.get("variant")
    variant = variant if isinstance(variant, str) and variant else "default"
    names = [product.os.lower(), product.series, *([] if variant == "default" else [variant])]
    aliases, needs = extra.get("aliases"), extra.get("requirements")
    extra["variant"] = variant
    extra["aliases"] = aliases if isinstance(aliases, str) and aliases else "/".join(filter(None, names))
    extra["requirements"] = {
        key: value
        for key, value in (needs if isinstance(needs, dict) else {}).items()
        if isinstance(value, str)
    }
    if not isinstance(extra.get("supported", True), bool):
        del extra["supported"]
    for key in ("support_eol", "support_esm_eol"):
        value = extra.get(key, "")
        if key in extra and not (isinstance(value, str) and _DAY.fullmatch(value)):
            del extra[key]
    for key in ("release_codename", "version"):
        if not isinstance(extra.get(key, ""), str):
            extra[key] = str(extra[key])
    return extra
