"""
What a tree offers now, read back from its own two indexes.

It is read to keep what readers may ask for and to date the next one later, never to believe: nothing but
the date goes from here into what is signed. So a tree that was damaged, or whose signature has expired,
can always be published anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, TrustError
from tundish.core.image import Products
from tundish.core.payload import Payload, Signature, unverified
from tundish.publish import tree
from tundish.store.durable import on_disk
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products
from tundish.stream.index import IndexEntry, StreamIndex
from tundish.trust import clearsign
from tundish.trust.protocols import Signer, Verifier

_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Reader:
    """
    What reading a tree of ours takes.
    """

    signer: Signer
    verifier: Verifier
    now: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """
    `named` are all paths that either index leads to. Of a tree that is not `sound` they may be more.
    """

    updated: datetime | None
    documents: tuple[Products, ...]
    named: frozenset[str]
    signature: Signature | None  # of the signed index; None: missing, expired, not ours, damaged
    days: int  # that its signature was made for, also if it holds no more; 0: for ever
    sound: bool  # every document is there, unchanged
    settled: bool  # both indexes are of one publication

    @property
    def expires_at(self) -> datetime | None:
        return self.signature.expires_at if self.signature else None


NOTHING = Standing(None, (), frozenset(), None, days=0, sound=True, settled=True)


@dataclass(frozen=True, slots=True)
class _Rendering:
    """
    One of the two closed trees.
    """

    index: StreamIndex | None
    text: "_Text"
    present: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """
    What the verifier takes as signed, and the signature if it holds now and is by our present key.
    """

    data: bytes
    signature: Signature | None = None
    days: int = 0


def read(root: Path, reader: Reader) -> Standing:
    """
    What stands at `root`; `NOTHING`, if nothing does.

    Raises:
        StorageError: it cannot be read.
    """
    bare = _rendering(root, reader, signed=False)
    clear = _rendering(root, reader, signed=True)
    if not bare.present and not clear.present:
        return NOTHING
    settled = bare.index is not None and clear.index is not None and bare.index.updated == clear.index.updated
    documents, named, sound = _documents(root, bare, reader, signed=False)
    if not settled:
        others, more, also = _documents(root, clear, reader, signed=True)
        documents, named, sound = documents or others, named | more, sound and also
    entries = [entry for each in (bare, clear) if each.index for entry in each.index.entries]
    listed = {entry.path for entry in entries} | {tree.index_path(signed=signed) for signed in (False, True)}
    dates = [each.index.updated for each in (bare, clear) if each.index and each.index.updated]
    return Standing(
        updated=max(dates, default=None),
        documents=documents,
        named=named | listed,
        signature=clear.text.signature,
        days=clear.text.days,
        sound=sound and all(_is_as_named(root, entry) for entry in entries),
        settled=settled,
    )


def _rendering(root: Path, reader: Reader, *, signed: bool) -> _Rendering:
    data = _bytes(root / tree.index_path(signed=signed))
    if data is None:
        return _Rendering(None, _Text(b""), present=False)
    text = _text(data, reader) if signed else _Text(data)
    try:
        return _Rendering(stream_index.parse(_ours(text.data))[0], text, present=True)
    except BadDocument:
        return _Rendering(None, text, present=True)


def _documents(
    root: Path, rendering: _Rendering, reader: Reader, *, signed: bool
) -> tuple[tuple[Products, ...], frozenset[str], bool]:
    """
    The products files of a rendering, every item path they name, and whether all could be read.
    """
    if rendering.index is None:
        return (), frozenset(), not rendering.present
    found, sound = [], True
    for entry in rendering.index.entries:
        document = _document(root, entry, reader, signed=signed)
        if document is None:
            sound = False
        else:
            found.append(document)
    return tuple(found), frozenset(_paths(found)), sound


def _document(root: Path, entry: IndexEntry, reader: Reader, *, signed: bool) -> Products | None:
    data = _bytes(root / entry.path)
    if data is None or Digest.of(data) != entry.digest:
        return None
    try:
        return stream_products.parse(_ours(_text(data, reader).data if signed else data))[0]
    except BadDocument:
        return None


def _is_as_named(root: Path, entry: IndexEntry) -> bool:
    data = _bytes(root / entry.path)
    return data is not None and Digest.of(data) == entry.digest


def _paths(documents: Iterable[Products]) -> set[str]:
    return {
        item.path
        for document in documents
        for product in document.products
        for version in product.versions
        for item in version.items
    }


def _bytes(path: Path) -> bytes | None:
    with on_disk(path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def _text(message: bytes, reader: Reader) -> _Text:
    inspection = reader.verifier.inspect(message, reader.signer.keyring())
    days = next(filter(None, map(_days, inspection.status)), 0)
    try:
        signature = clearsign.judge(
            inspection.status,
            now=reader.now,
            origin="the published index",
            allowed=frozenset({reader.signer.fingerprint}),
        )
    except TrustError:
        return _Text(inspection.text, None, days)
    return _Text(inspection.text, signature, days)


def _days(line: str) -> int:
    """
    The days that a signature was made for, where this status line tells.
    """
    words = line.split(" ")
    if words[0] != "VALIDSIG" or len(words) < 5 or not (words[3].isdecimal() and words[4].isdecimal()):
        return 0
    return max(round((int(words[4]) - int(words[3])) / _DAY), 0)


def _ours(text: bytes) -> Payload:
    return unverified(text, "the published tree")
