"""
Holdings as a publisher gets them.
"""

from datetime import UTC, datetime
from itertools import count

from tundish.core.digest import Digest
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import NOTHING, Extra, Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import content_id, item_name, item_path, product_name, source_name, version_name

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = count(1)


def item(path: str, data: bytes = b"data", ftype: str = "squashfs", extra: Extra = NOTHING) -> Item:
    return Item(item_name(path.rpartition("/")[2]), ftype, item_path(path), len(data), Digest.of(data), extra)


def holding(
    version: str,
    *items: Item,
    series: str = "noble",
    name: str = "",
    content: str = "lab:v3:download",
    extra: Extra = NOTHING,
    os: str = "ubuntu",
    arch: str = "amd64",
    kernel: str = "",
    title: str = "",
) -> Holding:
    """
    A version of a product, with one squashfs if no file is given.
    """
    product = Product(
        name=product_name(name or f"lab:v3:{series}:{arch}:{kernel}"),
        content_id=content_id(content),
        os=os,
        series=series,
        arch=arch,
        label="stable",
        kernel=kernel,
        title=title,
        versions=(),
        extra=extra,
    )
    return Holding(
        id=HoldingId(next(_numbers)),
        source=source_name("lab"),
        product=product,
        version=Version(version_name(version), items or (item(f"{series}/{version}"),)),
        state=State.COMPLETE,
        since=NOON,
    )
