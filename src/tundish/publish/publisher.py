"""
Write a tree so that every reader, at every instant, sees one complete release.

Files first, documents under the names of their own bytes, everything synced to disk, the indexes
swapped last. What an index once named stays for the grace period; publishing the same again changes
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Conflict, NotFound
from tundish.core.holding import Holding
from tundish.core.image import Products
from tundish.core.payload import Signature
from tundish.publish import combining, files, standing, tidying, tree
from tundish.publish.dialect import DEFAULT, Dialect, named
from tundish.publish.standing import Reader, Standing
from tundish.store.blobs import BlobSource
from tundish.store.durable import on_disk, sync_folder
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


@dataclass(frozen=True, slots=True)
class Press:
    """
    What a publisher works with.
    """

    store: BlobSource
    signer: Signer
    verifier: Verifier
    now: Callable[[], datetime]

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
) -> Publication:
    """
    Make the tree at `root` offer exactly these holdings.

    `expires` is in days: 0 is never, None is as long as the signature that stands. `renew` writes and signs
    anew also what stands already.

    Raises:
        NotFound: there is nothing to publish.
        Conflict: a path of the tree already holds other bytes.
        BlobMissing: the store lacks a file of a holding.
    """
    if not holdings:
        raise NotFound("there is no complete image to publish; build one or run: tundish sync")
    with press.signer.session():
        before = standing.read(root, press.reader())
        days = before.days if expires is None else expires
        issue = _issue(holdings, root, press, dialect or named(DEFAULT), before)
        kept = not renew and days == before.days and _stands(issue, before)
        expires_at = before.expires_at if kept else _replace(issue, before, root, press.lasting(days))
    return Publication(
        root=root,
        updated=before.updated if kept and before.updated else issue.updated,
        images=tuple(sorted(holding.ref for holding in holdings)),
        files=len(issue.files),
        size=sum({file.digest: file.size for file in issue.files}.values()),
        changed=not kept,
        fingerprint=press.signer.fingerprint,
        expires_at=expires_at,
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
    combined = combining.combined(dialect.pairs(holdings), press.store, root.parent)
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


def _replace(issue: _Issue, before: Standing, root: Path, press: Press) -> datetime | None:
    """
    Write the tree and swap its indexes; what left it is noted before, so that no old note counts, and after.

    The answer is when its signature ends.
    """
    tidying.note_left(root, before.named, press.now())
    _export(issue.files, root, press.store)
    with press.signer.session():
        named, signature = _write_documents(issue, root, press)
        tidying.note_left(root, named | {file.path for file in issue.files}, press.now())
        return signature.expires_at if signature else None


def _export(listed: Sequence[tree.TreeFile], root: Path, store: BlobSource) -> None:
    """
    Put the files in place, durably. A mark beside the tree says that this was begun: if it is found, whoever
    began was killed, and which folders were synced is not known.
    """
    absent = [file for file in listed if not _is_there(root / file.path, file, store)]
    for file in absent:
        if not store.has(file.digest):
            raise BlobMissing(file.digest, f"{file.path} cannot be published: the store")
    mark = root.with_name(f".{root.name}.linking")
    unsure = listed if mark.exists() else absent
    if not unsure:
        return
    with on_disk(mark):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    for file in absent:
        target = root / file.path
        with on_disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        store.export(file.digest, target)
    folders = {folder for file in unsure for folder in _between(root, (root / file.path).parent)}
    for folder in sorted({root.parent, *folders}, reverse=True):
        sync_folder(folder)
    with on_disk(mark):
        mark.unlink(missing_ok=True)


def _is_there(target: Path, file: tree.TreeFile, store: BlobSource) -> bool:
    """
    Whether the path already holds these bytes.

    Raises:
        Conflict: it holds others; a path never changes its content.
    """
    with on_disk(target):
        if not target.exists():
            return False
        blob = store.local_path(file.digest) if store.has(file.digest) else None
        if blob is not None and target.samefile(blob):
            return True
        with target.open("rb") as stream:
            if Digest.of_stream(stream) == file.digest:
                return True
    raise Conflict(
        f"{target} was published with other bytes, and a path never changes; give the image a new version"
    )


def _between(root: Path, folder: Path) -> Iterable[Path]:
    """
    The folders from `folder` up to `root`.
    """
    while folder != root and root in folder.parents:
        yield folder
        folder = folder.parent
    yield root


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
