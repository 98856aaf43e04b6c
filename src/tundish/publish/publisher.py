"""
Write a tree so that every reader, at every instant, sees one complete release.

Files first, documents under the names of their own bytes, everything synced to disk, the indexes
swapped last. What an index once named stays; publishing the same again changes nothing.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import Conflict, NoSpace, NotFound, StorageError
from tundish.core.holding import Holding
from tundish.core.image import Products
from tundish.core.names import ItemPath
from tundish.core.payload import Payload
from tundish.publish import tree
from tundish.store.blobs import BlobSource
from tundish.stream import index as stream_index
from tundish.stream import products as stream_products
from tundish.trust import clearsign
from tundish.trust.protocols import Signer, Verifier
from tundish.trust.sign import signed


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


@dataclass(frozen=True, slots=True)
class Press:
    """
    What a publisher works with.
    """

    store: BlobSource
    signer: Signer
    verifier: Verifier
    now: Callable[[], datetime]


def publish(holdings: Sequence[Holding], root: Path, press: Press) -> Publication:
    """
    Make the tree at `root` offer exactly these holdings.

    Raises:
        NotFound: there is nothing to publish.
        Conflict: a path of the tree already holds other bytes.
        BlobMissing: the store lacks a file of a holding.
    """
    if not holdings:
        raise NotFound("there is no complete image to publish; build one or run: tundish sync")
    with press.signer.session():
        return _publish(holdings, root, press)


def _publish(holdings: Sequence[Holding], root: Path, press: Press) -> Publication:
    before = _standing(root, press)
    updated = tree.next_moment(before.updated if before else None, press.now())
    documents = tree.catalogue(holdings, updated)
    kept = _unchanged(documents, before, root, press)
    files = tree.files(documents)
    if not kept:
        _export(files, root, press.store)
        _write_documents(documents, updated, root, press)
    return Publication(
        root=root,
        updated=before.updated if kept and before and before.updated else updated,
        images=tuple(sorted(holding.ref for holding in holdings)),
        files=len(files),
        size=sum({file.digest: file.size for file in files}.values()),
        changed=not kept,
        fingerprint=press.signer.fingerprint,
    )


def _standing(root: Path, press: Press) -> stream_index.StreamIndex | None:
    """
    The index that stands in the tree, verified like anybody else's; None for a new tree.
    """
    path = root / tree.index_path(signed=True)
    if not path.exists():
        return None
    return stream_index.parse(_verified(path, press))[0]


def _verified(path: Path, press: Press) -> Payload:
    return clearsign.verify(
        path.read_bytes(),
        keyring=press.signer.keyring(),
        verifier=press.verifier,
        now=press.now(),
        origin=f"the published {path}",
    )


def _unchanged(
    documents: Iterable[Products], before: stream_index.StreamIndex | None, root: Path, press: Press
) -> bool:
    """
    Whether the tree already says all this, but for the time.
    """
    if before is None:
        return False
    standing = {
        parsed.content_id: _timeless(parsed)
        for parsed in (
            stream_products.parse(_verified(root / each.path, press))[0] for each in before.entries
        )
    }
    return standing == {document.content_id: _timeless(document) for document in documents}


def _timeless(document: Products) -> bytes:
    return stream_products.render(replace(document, updated=None))


def _export(files: Iterable[tree.TreeFile], root: Path, store: BlobSource) -> None:
    folders: set[Path] = set()
    for file in files:
        target = root / file.path
        if _is_there(target, file, store):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.update(_between(root, target.parent))
        store.export(file.digest, target)
    for folder in sorted(folders, reverse=True):
        _sync_folder(folder)


def _is_there(target: Path, file: tree.TreeFile, store: BlobSource) -> bool:
    """
    Whether the path already holds these bytes.

    Raises:
        Conflict: it holds others; a path never changes its content.
    """
    if not target.exists():
        return False
    blob = store.local_path(file.digest)
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


def _write_documents(documents: Sequence[Products], updated: datetime, root: Path, press: Press) -> None:
    """
    Both renderings: products files under their hashes, then the two indexes, the signed one last.
    """
    plain, clear = [], []
    for document in documents:
        text = stream_products.render(document)
        message = _sign(text, press)
        plain.append(tree.listed(document, text, signed=False))
        clear.append(tree.listed(document, message, signed=True))
        _write(root, plain[-1].path, text)
        _write(root, clear[-1].path, message)
    text = stream_index.render(stream_index.StreamIndex(updated=updated, entries=tuple(plain)))
    message = _sign(
        stream_index.render(stream_index.StreamIndex(updated=updated, entries=tuple(clear))), press
    )
    _write(root, tree.index_path(signed=False), text)
    _write(root, tree.index_path(signed=True), message)


def _sign(text: bytes, press: Press) -> bytes:
    return signed(text, signer=press.signer, verifier=press.verifier, now=press.now())


def _write(root: Path, path: ItemPath, data: bytes) -> None:
    """
    A file that is whole or not there: written beside its place, synced, then renamed.
    """
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    try:
        with draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if error.errno in NoSpace.CODES:
            raise NoSpace(str(target)) from error
        raise StorageError(f"cannot write {target}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
