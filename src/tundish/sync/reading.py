"""
Read what a source offers: index, then its products files, each fetched once and verified before parsed.

What is known already is asked for only if it changed. Nothing is written. A products file that cannot
be had is named in the offer and hides no other; a trust error ends the reading of its source, whichever
document it is in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.errors import InputError, TrustError, UpstreamError
from tundish.core.image import Product, Remark
from tundish.core.names import ContentId, ItemPath, item_path
from tundish.core.notice import Announcement
from tundish.core.payload import Payload, Signature, unverified
from tundish.core.selection import Kept, Seen, Source
from tundish.fetch.fetcher import MIB, Limits
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products
from tundish.stream.document import bad
from tundish.sync.offer import Offer, Unread
from tundish.sync.shelf import NONE_KEPT, Pages, Shelf
from tundish.trust import clearsign, history
from tundish.trust.expiry import expiries
from tundish.trust.protocols import Verifier

DATATYPES = {"image-ids", "image-downloads"}
MAX_NESTING = 3  # levels of indexes below the first
MAX_DOCUMENTS = 1_000  # of one source
MAX_BYTES = 256 * MIB  # of all documents of one source
_ENTRY = "streams/v1/index"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Where a source's reading begins: its root, with a trailing slash, and the path of its index.
    """

    root: str
    path: ItemPath


def entry(url: str, *, signed: bool) -> Entry:
    """
    Split a source's URL: a base with or without slash, or the full path of an index.

    Raises:
        InputError: the URL names an unsigned index, but the source is to be signed, or the reverse.
    """
    for suffix in (".sjson", ".json"):
        if url.endswith(f"/{_ENTRY}{suffix}"):
            if signed != (suffix == ".sjson"):
                raise InputError(
                    f"{url} names {'an unsigned' if signed else 'a signed'} index, but the source is set to "
                    f"{'signed: give the URL ending in .sjson' if signed else 'unsigned: give a keyring'}"
                )
            return Entry(url.removesuffix(_ENTRY + suffix), item_path(_ENTRY + suffix))
    root = url if url.endswith("/") else url + "/"
    return Entry(root, item_path(_ENTRY + (".sjson" if signed else ".json")))


def roots(source: Source) -> tuple[str, ...]:
    """
    Where the files of a source are, its own root first, then its mirrors; each with a trailing slash.
    """
    own = entry(source.url, signed=source.is_signed).root
    return (own, *(each if each.endswith("/") else f"{each}/" for each in source.fetching.mirrors))


def read(
    source: Source,
    *,
    fetcher: Pages,
    verifier: Verifier,
    seen: Mapping[str, Seen],
    at: datetime,
    limits: Limits | None = None,
    kept: Mapping[str, Kept] = NONE_KEPT,
) -> Offer:
    """
    Fetch, verify and parse all documents of a source.

    `seen` holds the marks of earlier readings, `kept` the documents that came then.

    Raises:
        TrustError: a document is not signed by a key of this source, or older than what was accepted.
        UpstreamError: the index cannot be had or is not an index.
    """
    start = entry(source.url, signed=source.is_signed)
    shelf = Shelf(source.name, fetcher, kept, roots(source), (limits or Limits()).document, at)
    reading = _Reading(source, shelf, verifier, seen, at, expiries(source.keyring))
    reading.index(start.path, above=())
    return reading.offer()


@dataclass(slots=True)
class _Reading:
    source: Source
    shelf: Shelf
    verifier: Verifier
    seen: Mapping[str, Seen]
    at: datetime
    keys: Mapping[str, datetime]  # when they expire, those that do
    products: list[Product] = field(default_factory=list)
    marks: list[Seen] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    documents: list[Kept] = field(default_factory=list)
    asked: set[ItemPath] = field(default_factory=set)
    chained: set[ItemPath] = field(default_factory=set)
    came: int = 0  # bytes of all documents
    signature: Signature | None = None
    good_until: datetime | None = None
    announced: list[Announcement] = field(default_factory=list)

    def index(self, path: ItemPath, *, above: tuple[ItemPath, ...]) -> None:
        payload = self._payload(path)
        if len(above) > MAX_NESTING:
            raise bad(payload, f"indexes nest deeper than {MAX_NESTING} levels")
        document, remarks = stream_index.parse(payload)
        self.remarks.extend(remarks)
        self.signature = self.signature or payload.signature
        self._accept(f"index {path}", document.updated, payload)
        for each in document.entries:
            is_index = each.format == stream_index.FORMAT
            if is_index and each.path in {*above, path}:
                raise bad(payload, "the index names itself")
            if not is_index and each.datatype not in DATATYPES:
                self.remarks.append(Remark(each.content_id, f"datatype {each.datatype!r} is not for images"))
            elif each.path in self.asked:
                self.remarks.append(Remark(each.content_id, f"{each.path} is listed twice; read once"))
            elif len(self.asked) >= MAX_DOCUMENTS or self.came > MAX_BYTES:
                raise bad(payload, f"it leads to over {MAX_DOCUMENTS} documents or {MAX_BYTES} bytes of them")
            elif is_index:
                self.index(each.path, above=(*above, path))
            else:
                self._products(each)

    def _products(self, listed: stream_index.IndexEntry) -> None:
        try:
            payload = self._payload(listed.path, listed.digest)
            document, remarks = stream_products.parse(payload)
        except TrustError:
            raise
        except UpstreamError as error:
            self.unread.append(Unread(listed.content_id, error))
            return
        self.remarks.extend(remarks)
        if document.content_id != listed.content_id:
            text = f"the index lists this products file as {listed.content_id}"
            self.remarks.append(Remark(document.content_id, text))
        self._accept(f"products {document.content_id}", document.updated, payload)
        self.products.extend(document.products)
        self.announced.extend(document.announced)

    def _payload(self, path: ItemPath, promised: Digest | None = None) -> Payload:
        self.asked.add(path)
        document = self.shelf.get(path, promised)
        self.came += len(document.body)
        self.documents.append(document)
        if promised is not None:
            self.chained.add(path)
        origin = f"source {self.source.name}, {document.url}"
        if not self.source.is_signed:
            return unverified(document.body, origin)
        payload = clearsign.verify(
            document.body,
            keyring=self.source.keyring,
            verifier=self.verifier,
            now=self.at,
            origin=origin,
            allowed=frozenset(self.source.signers),
        )
        if payload.signature is not None:
            self._note_end(payload.signature)
        return payload

    def _note_end(self, signature: Signature) -> None:
        """
        Remember when the first of the signatures, or a key that made one, expires.
        """
        ends = (
            self.good_until,
            signature.expires_at,
            self.keys.get(signature.fingerprint),
            self.keys.get(signature.primary),
        )
        self.good_until = min((end for end in ends if end is not None), default=None)

    def _accept(self, document: str, updated: datetime | None, payload: Payload) -> None:
        self.marks.append(
            history.accept(
                self.seen.get(document),
                document=document,
                updated=updated,
                digest=Digest.of(payload.text),
                at=self.at,
                origin=payload.origin,
            )
        )

    def offer(self) -> Offer:
        return Offer(
            self.source,
            _once(self.products, self.remarks),
            tuple(self.marks),
            tuple(self.remarks),
            tuple(self.unread),
            self.signature,
            tuple(self.documents),
            frozenset(self.asked),
            frozenset(self.chained),
            self.good_until,
            announced=tuple(self.announced),
        )


def _once(products: list[Product], remarks: list[Remark]) -> tuple[Product, ...]:
    """
    Each product once: a second of the same name in the same products file is left out, and said.
    """
    found: dict[tuple[ContentId, str], Product] = {}
    for product in products:
        if (product.content_id, product.name) in found:
            remarks.append(Remark(product.name, "listed twice; the first is taken"))
        else:
            found[product.content_id, product.name] = product
    return tuple(found.values())
