"""
index:1.0: which products files a source has. Judged entry by entry; a bad one hides no other.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tundish.core import names
from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import NOTHING, Extra, Json, Remark
from tundish.core.names import ContentId, ItemPath, ProductName
from tundish.core.payload import Payload
from tundish.stream import dates, document
from tundish.stream.document import Object
from tundish.stream.flatten import carried
from tundish.stream.products import FORMAT as PRODUCTS
from tundish.stream.products import datatype
from tundish.stream.remarks import Remarks, shown

FORMAT = "index:1.0"
MAX_ENTRIES = 1_000
_TOP = frozenset({"format", "updated", "index"})
_ENTRY = frozenset({"path", "format", "datatype", "updated", "products"})
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """
    One products file, or a nested index, by content id. `products` are sorted.
    """

    content_id: ContentId
    path: ItemPath
    format: str
    datatype: str  # "" where the index does not say
    updated: datetime | None
    products: tuple[ProductName, ...]
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)

    @property
    def digest(self) -> Digest | None:
        """
        Of the products file as it is fetched, where the index says so: a key of ours that others ignore.
        """
        try:
            return Digest.parse(str(self.extra.get("sha256")))
        except InputError:
            return None


@dataclass(frozen=True, slots=True)
class StreamIndex:
    updated: datetime | None
    entries: tuple[IndexEntry, ...]
    extra: Extra = field(default_factory=lambda: NOTHING, hash=False)


def parse(payload: Payload) -> tuple[StreamIndex, tuple[Remark, ...]]:
    """
    The usable entries of an index, and what was skipped or put right.

    Raises:
        BadDocument: it is no index at all.
    """
    remarks = Remarks()
    top = document.read(payload, FORMAT)
    listed = top.get("index")
    if not isinstance(listed, dict):
        raise document.bad(payload, "it has no entries under 'index'")
    if len(listed) > MAX_ENTRIES:
        raise document.bad(payload, f"it has over {MAX_ENTRIES} entries")
    entries = []
    for name, body in sorted(listed.items()):
        try:
            entries.append(_entry(name, body, remarks))
        except InputError as error:
            remarks.add(name, f"skipped: {error}")
    updated = dates.parse(top.get("updated"), "index", remarks)
    return StreamIndex(
        updated, tuple(entries), carried(top, _TOP, _NONE, "index", remarks)
    ), remarks.collected()


def render(index: StreamIndex) -> bytes:
    """
    The document.

    Raises:
        InputError: a value is too long to be signed.
    """
    top: Object = {
        **index.extra,
        "format": FORMAT,
        "index": {entry.content_id: _written(entry) for entry in index.entries},
    }
    if index.updated is not None:
        top["updated"] = dates.render(index.updated)
    return document.render(top)


def _written(entry: IndexEntry) -> Object:
    written: Object = {
        **entry.extra,
        "path": entry.path,
        "format": entry.format,
        "datatype": entry.datatype,
        "products": [*sorted(entry.products)],
    }
    if entry.updated is not None:
        written["updated"] = dates.render(entry.updated)
    return written


def _entry(name: str, body: Json, remarks: Remarks) -> IndexEntry:
    if not isinstance(body, dict):
        raise InputError("it is not an object")
    content_id = names.content_id(name)
    return IndexEntry(
        content_id=content_id,
        path=names.item_path(body.get("path")),
        format=_format(body.get("format"), content_id, remarks),
        datatype=datatype(body.get("datatype"), content_id, remarks),
        updated=dates.parse(body.get("updated"), content_id, remarks),
        products=_products(body.get("products"), content_id, remarks),
        extra=carried(body, _ENTRY, _NONE, content_id, remarks),
    )


def _format(value: Json, subject: str, remarks: Remarks) -> str:
    if value is None:
        remarks.add(subject, f"does not say its format; {PRODUCTS} is taken")
        return PRODUCTS
    if not isinstance(value, str) or value not in {FORMAT, PRODUCTS}:
        raise InputError(f"its format, {shown(value)}, is none that we read")
    return value


def _products(value: Json, subject: str, remarks: Remarks) -> tuple[ProductName, ...]:
    if not isinstance(value, list):
        remarks.add(subject, "does not list its products")
        return ()
    found = set()
    for each in value:
        try:
            found.add(names.product_name(each))
        except InputError as error:
            remarks.add(subject, f"a product is left out: {error}")
    return tuple(sorted(found))
