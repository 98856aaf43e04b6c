"""
Write a tree so that every reader, at every instant, sees one complete release.

Files first, documents under the names of their own bytes, everything synced to disk, the indexes
swapped last. What an index once named stays for the grace period; publishing the same again changes
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tundish.core.errors import NotFound
from tundish.core.holding import Holding
from tundish.core.image import Products
from tundish.core.payload import Signature
from tundish.core.progress import UNWATCHED, Gauge
from tundish.publish import combining, files, linking, standing, tidying, tree
from tundish.publish.dialect import DEFAULT, Dialect, named
from tundish.publish.standing import Reader, Standing
from tundish.store.blobs import BlobSource
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products
from tundish.stream.index import StreamIndex
from tundish.trust.protocols import Signer, Verifier
from tundish.trust.sign import proven


@dataclass(frozen=True, slots=True)
class Publication:
    """
    What stands in a channel now. `changed` is false if it stood there before.
    """

    root: Path
    updated: datetime
    images: tuple[str, ...]  # refs
    files: int
    size: int  # bytes of all items
    changed: bool
    fingerprint: str  # of the key that signed
    expires_at: datetime | None  # of the signature
    release: int = 0
    left_out: tuple[str, ...] = ()  # images not offered, each with the reason
    renewed: tuple[str, ...] = ()  # files that it named already, and that were not the store's any more


@dataclass(frozen=True, slots=True)
class Press:
    """
    What a publisher works with.
    """

    store: BlobSource
    signer: Signer
    verifier: Verifier
    now: Callable[[], datetime]
    gauge: Gauge = UNWATCHED

    def reader(self) -> Reader:
        return Reader(self.signer, self.verifier, self.now())

    def lasting(self, days: int) -> "Press":
        """
        The same, whose signatures end after so many days; 0: never.
        """
        return replace(self, signer=self.signer.expiring(days)) if days else self


def publish(
    holdings: Sequence[Holding],
    root: Path,
    press: Press,
    *,
    dialect: Dialect | None = None,
    expires: int | None = None,
    renew: bool = False,
    again: bool = False,
) -> Publication:
    """
    Make the tree at `root` offer exactly these holdings.

    `expires` is in days: 0 is never, None is as long as the signature that stands. `renew` writes and signs
    anew also what stands already. `again`: the tree offered exactly these once. A file that is not the
    store's blob any more is put right in any case.

    Raises:
        NotFound: there is nothing to publish.
        Conflict: a path of the tree already holds other bytes.
        BlobMissing: the store lacks a file of a holding.
        Stopped: the gauge of the press wants it to end; readers find what they found before.
    """
    if not holdings:
        raise NotFound("there is no complete image to publish; build one or run: tundish sync")
    with press.signer.session():
        before = standing.read(root, press.reader())
        days = before.days if expires is None else expires
        issue = _issue(holdings, root, press, dialect or named(DEFAULT), before)
        kept = not renew and days == before.days and _stands(issue, before)
        if not kept:
            tidying.note_left(root, before.named, press.now())  # so that no old note counts
        stood = linking.named(before.documents)
        renewed = linking.export(issue.files, root, press.store, stood, again=again, gauge=press.gauge)
        expires_at = before.expires_at if kept else _replace(issue, root, press.lasting(days))
    return Publication(
        root=root,
        updated=before.updated if kept and before.updated else issue.updated,
        images=tuple(sorted(holding.ref for holding in holdings)),
        files=len(issue.files),
        size=sum({file.digest: file.size for file in issue.files}.values()),
        changed=not kept or bool(renewed),
        fingerprint=press.signer.fingerprint,
        expires_at=expires_at,
        renewed=renewed,
    )


@dataclass(frozen=True, slots=True)
class _Issue:
    """
    What shall stand.
    """

    updated: datetime
    documents: tuple[Products, ...]
    files: tuple[tree.TreeFile, ...]


def _issue(
    holdings: Sequence[Holding], root: Path, press: Press, dialect: Dialect, before: Standing
) -> _Issue:
    combined = combining.combined(dialect.pairs(holdings), press.store, root.parent, press.gauge)
    updated = tree.next_moment(before.updated, press.now())
    documents = dialect.catalogue(holdings, updated, combined)
    return _Issue(updated, documents, tree.files(documents))


def _stands(issue: _Issue, before: Standing) -> bool:
    """
    Whether the tree already says all this, but for the time.
    """
    if not (before.sound and before.settled and before.signature):
        return False
    there = {document.content_id: _timeless(document) for document in before.documents}
    return there == {document.content_id: _timeless(document) for document in issue.documents}


def _timeless(document: Products) -> bytes:
    return stream_products.render(replace(document, updated=None))


def _replace(issue: _Issue, root: Path, press: Press) -> datetime | None:
    """
    Write the documents of a tree whose files are there, and swap its indexes; then note what left.

    The answer is when its signature ends.
    """
    with press.signer.session():
        named, signature = _write_documents(issue, root, press)
        tidying.note_left(root, named | {file.path for file in issue.files}, press.now())
        return signature.expires_at if signature else None


def _write_documents(issue: _Issue, root: Path, press: Press) -> tuple[frozenset[str], Signature | None]:
    """
    Both renderings: products files under their hashes, then the two indexes, the signed one last. All
    their paths, and the signature of the index.
    """
    plain, clear = [], []
    for document in issue.documents:
        text = stream_products.render(document)
        message, _ = _sign(text, press)
        plain.append(tree.listed(document, text, signed=False))
        clear.append(tree.listed(document, message, signed=True))
        files.write(root / plain[-1].path, text)
        files.write(root / clear[-1].path, message)
    text = stream_index.render(StreamIndex(updated=issue.updated, entries=tuple(plain)))
    message, signature = _sign(
        stream_index.render(StreamIndex(updated=issue.updated, entries=tuple(clear))), press
    )
    files.write(root / tree.index_path(signed=False), text)
    files.write(root / tree.index_path(signed=True), message)
    indexes = {tree.index_path(signed=each) for each in (False, True)}
    return frozenset({*indexes, *(entry.path for entry in (*plain, *clear))}), signature


def _sign(text: bytes, press: Press) -> tuple[bytes, Signature | None]:
    return proven(text, signer=press.signer, verifier=press.verifier, now=press.now())
