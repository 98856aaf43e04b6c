"""
A catalogue of exactly what a mirror holds, in our own words, decided before anything is written.

Products files are named by their own bytes, so a changed one is a new file; the two indexes come last.
Upstream's documents stay beside it under `streams/v1/upstream/`, named by each entry as evidence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tundish.core.digest import Digest
from tundish.core.image import Json, Products
from tundish.core.names import ContentId, ItemPath, item_path
from tundish.mirrors.plan import Held
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products

INDEXES = (item_path("streams/v1/index.json"), item_path("streams/v1/index.sjson"))
Evidence = Mapping[ContentId, Sequence[ItemPath]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One document to write.
    """

    path: ItemPath
    data: bytes


def evidence_path(path: ItemPath, data: bytes) -> ItemPath:
    """
    Where a document of upstream is kept: under the name of its bytes, so that it is never replaced.
    """
    suffix = "sjson" if path.endswith(".sjson") else "json"
    return item_path(f"streams/v1/upstream/{Digest.of(data).hex}.{suffix}")


def gist(held: Held, evidence: Evidence, fingerprint: str) -> str:
    """
    The hash of all that the catalogue says, but for its date, and of who signs it.
    """
    texts = [stream_products.render(replace(held[name], updated=None)) for name in sorted(held)]
    named = [f"{name} {path}\n".encode() for name in sorted(evidence) for path in evidence[name]]
    return Digest.of(b"".join([fingerprint.encode(), b"\n", *named, *texts])).hex


def next_moment(previous: datetime | None, at: datetime) -> datetime:
    """
    When the new index says it was made: whole seconds, and later than the one before, whatever the clock.
    """
    now = at.replace(microsecond=0)
    return now if previous is None else max(now, previous + timedelta(seconds=1))


def sheets(
    held: Held, evidence: Evidence, updated: datetime, sign: Callable[[bytes], bytes]
) -> tuple[Sheet, ...]:
    """
    The documents in the order to write them, in both renderings, the two indexes last.
    """
    written: list[Sheet] = []
    plain: list[stream_index.IndexEntry] = []
    clear: list[stream_index.IndexEntry] = []
    for name in sorted(held):
        document = replace(held[name], updated=updated)
        text = stream_products.render(document)
        for data, suffix, entries in ((text, "json", plain), (sign(text), "sjson", clear)):
            path = item_path(f"streams/v1/products-{Digest.of(data).hex}.{suffix}")
            written.append(Sheet(path, data))
            entries.append(_entry(document, Sheet(path, data), evidence.get(name, ())))
    texts = [
        stream_index.render(stream_index.StreamIndex(updated=updated, entries=tuple(entries)))
        for entries in (plain, clear)
    ]
    return (*written, Sheet(INDEXES[0], texts[0]), Sheet(INDEXES[1], sign(texts[1])))


def _entry(document: Products, sheet: Sheet, evidence: Sequence[ItemPath]) -> stream_index.IndexEntry:
    named: dict[str, Json] = {"upstream": [*evidence]} if evidence else {}
    return stream_index.IndexEntry(
        content_id=document.content_id,
        path=sheet.path,
        format=stream_products.FORMAT,
        datatype=document.datatype,
        updated=document.updated,
        products=tuple(product.name for product in document.products),
        extra={"sha256": Digest.of(sheet.data).hex, "size": len(sheet.data), **named},
    )
