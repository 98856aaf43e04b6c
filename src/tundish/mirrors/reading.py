"""
Read what a source has: its entry document and all it leads to, each verified before it is parsed.

Nothing is written. What was verified is what is handed on, byte for byte. A products file that cannot
be had is named and hides no other; a trust error ends the reading.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeAlias

from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, Stopped, TooLong, TrustError, TundishError, UpstreamError
from tundish.core.image import Products, Remark
from tundish.core.names import ContentId, ItemPath
from tundish.core.payload import Payload, unverified
from tundish.core.selection import Seen
from tundish.fetch.fetcher import MIB, Fetched, Fetcher
from tundish.fetch.headers import shown
from tundish.fetch.routed import join
from tundish.mirrors.plan import OWN, safe
from tundish.mirrors.record import Kept
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products
from tundish.stream.document import bad
from tundish.trust import clearsign, history
from tundish.trust.protocols import Verifier

MAX_NESTING = 3  # levels of indexes below the first
MAX_DOCUMENTS = 1_000
LIMIT = 64 * MIB  # of one document
_MOST = 256 * MIB  # of all documents of a run
_HEADER, _FOOTER = b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----"
Persist: TypeAlias = Callable[[Callable[[], Fetched | None]], Fetched | None]


@dataclass(slots=True)
class Shelf:
    """
    The documents of one run: each is fetched at most once, and none that has not changed.

    The source is asked first, then the further roots. `persist` tries a request again where that may
    help; `copy` finds our own copy of a document that was accepted.
    """

    fetcher: Fetcher
    roots: Sequence[str]
    persist: Persist
    copy: Callable[[Kept], bytes | None]
    came: int = 0  # bytes of documents that were transferred
    _found: dict[ItemPath, Fetched] = field(default_factory=dict)

    def is_unchanged(self, kept: Kept) -> bool:
        """
        Whether the source still has this very document; asks for it if that is not known yet.

        Raises:
            UpstreamError: no root gives an answer.
        """
        found = self._ask(kept.path, kept.validator)
        if found is not None:
            self._found[kept.path] = found
            return Digest.of(found.body).hex == kept.digest
        if (copy := self.copy(kept)) is not None:
            self._found[kept.path] = Fetched(copy, kept.validator)
        return True

    def get(self, path: ItemPath) -> Fetched:
        """
        A document as it is now.

        Raises:
            UpstreamError: no root has it.
        """
        found = self._found.get(path) or self._ask(path, None)
        if found is None:
            raise UpstreamError(
                f"{shown(self.roots[0])}{path}: the server says 'unchanged' to a first request"
            )
        self._found[path] = found
        return found

    def _ask(self, path: ItemPath, validator: str | None) -> Fetched | None:
        first: UpstreamError | None = None
        for root in self.roots:
            try:
                found = self.persist(partial(self._sent, join(root, path), validator))
            except Stopped:
                raise
            except UpstreamError as error:
                first = first or error
            else:
                self.came += len(found.body) if found else 0
                if self.came > _MOST:
                    raise TooLong(
                        f"{shown(self.roots[0])}: over {_MOST} bytes of documents; is it the right source?"
                    )
                return found
        raise first or UpstreamError(f"{path}: there is no address to ask")

    def _sent(self, url: str, validator: str | None) -> Fetched | None:
        return self.fetcher.fresh(url, limit=LIMIT, validator=validator)


@dataclass(frozen=True, slots=True)
class Document:
    """
    One document as it came.
    """

    kept: Kept
    body: bytes


@dataclass(frozen=True, slots=True)
class Offered:
    """
    One products file, and the paths of the documents that vouch for it, itself first.
    """

    products: Products
    documents: tuple[ItemPath, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """
    A products file that could not be had, and why.
    """

    content_id: ContentId
    error: TundishError


@dataclass(slots=True)
class Offer:
    """
    What a source has. `documents` are in the order they were read: the entry first.
    """

    documents: list[Document] = field(default_factory=list)
    offered: dict[ContentId, Offered] = field(default_factory=dict)
    marks: list[Seen] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


@dataclass(slots=True)
class Reader:
    """
    `seen` holds the marks of earlier readings. Without a keyring, knowingly, nothing is verified.
    """

    shelf: Shelf
    keyring: bytes
    verifier: Verifier
    seen: Mapping[str, Seen]
    at: datetime
    offer: Offer = field(default_factory=Offer)
    asked: set[ItemPath] = field(default_factory=set)

    def read(self, path: ItemPath) -> Offer:
        """
        Everything from this document on: an index, or one products file.

        Raises:
            TrustError: a document is not signed by a key of the keyring, or older than what was accepted.
            UpstreamError: the document cannot be had or is neither.
        """
        payload = self._payload(path)
        if b'"products:1.0"' in payload.text and b'"index:1.0"' not in payload.text:
            self._take(payload, (path,))
        else:
            self._index(payload, path, above=())
        return self.offer

    def _index(self, payload: Payload, path: ItemPath, *, above: tuple[ItemPath, ...]) -> None:
        if len(above) > MAX_NESTING:
            raise bad(payload, f"indexes nest deeper than {MAX_NESTING} levels")
        document, remarks = stream_index.parse(payload)
        self.offer.remarks.extend(remarks)
        self._accept(f"index {path}", document.updated, payload)
        line = (path, *above)
        for each in document.entries:
            if each.path in line:
                raise bad(payload, "the index names itself")
            if each.path in self.asked or each.path.split("/", 1)[0] == OWN:
                self.offer.remarks.append(Remark(each.content_id, f"{each.path} is not read (again)"))
            elif len(self.asked) >= MAX_DOCUMENTS:
                raise bad(payload, f"it leads to over {MAX_DOCUMENTS} documents")
            elif each.format == stream_index.FORMAT:
                self._index(self._payload(each.path), each.path, above=line)
            else:
                self._products(each, line)

    def _products(self, listed: stream_index.IndexEntry, line: tuple[ItemPath, ...]) -> None:
        try:
            payload = self._payload(listed.path, listed.digest)
            name = self._take(payload, (listed.path, *line))
        except TrustError:
            raise
        except UpstreamError as error:
            self.offer.unread.append(Unread(listed.content_id, error))
            return
        if name != listed.content_id:
            text = f"the index lists this products file as {listed.content_id}"
            self.offer.remarks.append(Remark(name, text))

    def _take(self, payload: Payload, documents: tuple[ItemPath, ...]) -> ContentId:
        document, remarks = stream_products.parse(payload, nameless=True)
        document, unsafe = safe(document)
        self.offer.remarks.extend((*remarks, *unsafe))
        self._accept(f"products {document.content_id}", document.updated, payload)
        if document.content_id in self.offer.offered:
            self.offer.remarks.append(Remark(document.content_id, "listed twice; the first is taken"))
        else:
            self.offer.offered[document.content_id] = Offered(document, documents)
        return document.content_id

    def _payload(self, path: ItemPath, promised: Digest | None = None) -> Payload:
        self.asked.add(path)
        fetched, origin = self.shelf.get(path), shown(join(self.shelf.roots[0], path))
        digest = Digest.of(fetched.body)
        if promised not in {None, digest}:
            raise BadDocument(f"{origin}: not the file that the index names by {promised}; run it again")
        payload = self._judged(fetched.body, origin)
        expires = payload.signature.expires_at if payload.signature else None
        self.offer.documents.append(
            Document(Kept(path, digest.hex, fetched.validator, expires), fetched.body)
        )
        return payload

    def _judged(self, body: bytes, origin: str) -> Payload:
        if not self.keyring:
            return unverified(_unarmoured(body), origin)
        return clearsign.verify(
            body, keyring=self.keyring, verifier=self.verifier, now=self.at, origin=origin
        )

    def _accept(self, document: str, updated: datetime | None, payload: Payload) -> None:
        self.offer.marks.append(
            history.accept(
                self.seen.get(document),
                document=document,
                updated=updated,
                digest=payload.digest,
                at=self.at,
                origin=payload.origin,
            )
        )


def _unarmoured(body: bytes) -> bytes:
    """
    The text of a clearsigned message that nobody checks (RFC 4880 §7); any other text as it is.
    """
    if not body.startswith(_HEADER):
        return body
    _, _, rest = body.replace(b"\r\n", b"\n").partition(b"\n\n")
    text, _, _ = rest.partition(b"\n" + _FOOTER)
    return b"\n".join(line.removeprefix(b"- ") for line in text.split(b"\n")) + b"\n"
