"""
What a published tree looks like, decided before anything is written.

    <channel>/
    ├── <item paths>                          immutable: one path, one content, for ever
    └── streams/v1/
        ├── products-<sha256>.json|.sjson     named by their own bytes
        └── index.json, index.sjson           the only files ever replaced, last

Every reader that opens an index finds all it names; the two indexes are closed trees over the same
items (simplestreams: index.json names .json documents, index.sjson names .sjson ones).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.holding import Holding
from tundish.core.image import Item, Product, Products
from tundish.core.names import ContentId, ItemPath, item_path
from tundish.stream import index as stream_index

INDEX = "streams/v1/index"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """
    One item of the tree: these bytes at this path.
    """

    path: ItemPath
    digest: Digest
    size: int


def catalogue(holdings: Iterable[Holding], updated: datetime, datatype: str) -> tuple[Products, ...]:
    """
    Holdings as products files, one per content id; each lists exactly the versions given.
    """
    lines: dict[ContentId, dict[str, list[Holding]]] = {}
    for holding in holdings:
        lines.setdefault(holding.product.content_id, {}).setdefault(holding.product.name, []).append(holding)
    return tuple(
        Products(
            content_id=content_id,
            datatype=datatype,
            updated=updated,
            products=tuple(_product(group) for _, group in sorted(products.items())),
        )
        for content_id, products in sorted(lines.items())
    )


def _product(holdings: Sequence[Holding]) -> Product:
    """
    One product with its versions, oldest first; a version that two sources brought is listed once.
    """
    versions = {holding.version.name: holding.version for holding in holdings}
    ordered = tuple(version for _, version in sorted(versions.items()))
    return replace(holdings[-1].product, versions=ordered)


def files(documents: Iterable[Products]) -> tuple[TreeFile, ...]:
    """
    Every item once, sorted by path.

    Raises:
        Conflict: two items want the same path for different bytes.
    """
    found: dict[ItemPath, Item] = {}
    for document in documents:
        for product in document.products:
            for version in product.versions:
                for item in version.items:
                    other = found.setdefault(item.path, item)
                    if other.digest != item.digest:
                        raise Conflict(
                            f"{product.ref}@{version.name}: two files want the path {item.path}; "
                            "publish one of them only, or give the image another version"
                        )
    return tuple(TreeFile(path, item.digest, item.size) for path, item in sorted(found.items()))


def document_path(data: bytes, *, signed: bool) -> ItemPath:
    """
    Where a products file stands: named by its own bytes, so a changed one is a new file.
    """
    return item_path(f"streams/v1/products-{Digest.of(data).hex}{'.sjson' if signed else '.json'}")


def index_path(*, signed: bool) -> ItemPath:
    return item_path(INDEX + (".sjson" if signed else ".json"))


def listed(document: Products, data: bytes, *, signed: bool) -> stream_index.IndexEntry:
    """
    The line of the index for a products file; its hash and size chain it to the index.
    """
    return stream_index.IndexEntry(
        content_id=document.content_id,
        path=document_path(data, signed=signed),
        format="products:1.0",
        datatype=document.datatype,
        updated=document.updated,
        products=tuple(product.name for product in document.products),
        extra={"sha256": Digest.of(data).hex, "size": len(data)},
    )


def next_moment(previous: datetime | None, at: datetime) -> datetime:
    """
    When the new index says it was made: whole seconds, and later than the one before, whatever the clock.
    """
    now = at.replace(microsecond=0)
    return now if previous is None else max(now, previous + timedelta(seconds=1))
