"""
Bytes of an upload on their way into the store, and the step from the last of them to a version.

The store says how much has come; the catalog is told, for people. A writer has the upload to itself only
while a piece is written, never while bytes are waited for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.opened import Catalog
from tundish.catalog.uploads import Whole
from tundish.check.subject import Filetype
from tundish.core.digest import Digest
from tundish.core.errors import Busy, Conflict, InputError, IntegrityError, SizeMismatch
from tundish.core.image import Product
from tundish.core.upload import MOST_BYTES, Upload, UploadState
from tundish.intake.products import product_of
from tundish.intake.sniffing import ENOUGH, judge
from tundish.store.blobs import BlobJanitor, Receipt

PIECE = 4 * 1024 * 1024  # bytes gathered before the upload is claimed
FLUSH = 64 * 1024 * 1024  # bytes between two syncs


@dataclass(frozen=True, slots=True)
class Dock:
    """
    What an upload works with.
    """

    catalog: Catalog
    store: BlobJanitor
    now: Callable[[], datetime]


def take(dock: Dock, upload: Upload, offset: int, chunks: Iterable[bytes], *, lasting: bool = True) -> Upload:
    """
    Take bytes that belong at an offset; those that are there already are compared. What came when the
    chunks end, or break off, is durable; unless `lasting` is said of what comes next. The last promised byte
    completes the upload.

    Raises:
        Conflict, Busy, InputError, SizeMismatch, DigestMismatch, NoSpace: see `app.deeds.uploads.append`.
    """
    if offset < 0:
        raise InputError(f"an offset of {offset}; give the place of the first byte, counted from 0")
    if upload.state in {UploadState.CHECKING, UploadState.COMPLETE}:
        return _again(dock, upload, offset, chunks)
    if upload.is_over:
        raise Conflict(
            f"upload {upload.id} is {upload.state}: {upload.error or 'nothing is kept'}; begin anew"
        )
    came = _gather(dock, upload, offset, chunks, lasting=lasting)
    if came and upload.size is not None and came < upload.size:  # not whole: there is nothing to look at
        return dock.catalog.uploads.get(upload.id) if lasting else upload
    return complete(dock, upload)


def complete(dock: Dock, upload: Upload, *, must: bool = False) -> Upload:
    """
    Make a version of an upload if all its bytes are there; with `must`, they have to be.

    Raises:
        Conflict: they are not.
        Busy: somebody has the whole state to himself, or writes the upload; ask again.
        InputError, DigestMismatch: the bytes are not what was said; nothing is kept.
    """
    with _refusing(dock, upload), dock.catalog.database.together():
        with dock.store.receive(upload.part) as receipt:
            came = receipt.size
            is_whole = came > 0 and came == upload.size if upload.size is not None else must and came > 0
            if is_whole:
                filetype = judge(receipt.read_at(0, ENOUGH), upload.asked)
                if upload.sha256 is None:
                    dock.catalog.uploads.promise(upload.id, receipt.digest)
                blob = receipt.commit(upload.sha256)
        if is_whole:
            return _held(dock, upload, Whole(blob.digest, blob.size, filetype.value))
    known = dock.catalog.uploads.get(upload.id)
    if known.sha256 is not None and not came and dock.store.has(known.sha256):
        return from_held(dock, known, known.sha256)  # killed between naming the bytes and noting that
    if must and not known.is_over:
        raise Conflict(f"upload {upload.id} has {came} bytes of {upload.size or 'some'}; send the rest first")
    return known


def from_held(dock: Dock, upload: Upload, digest: Digest) -> Upload:
    """
    Make a version of bytes that the store holds already.

    Raises:
        InputError: they are of another type than was said.
        BlobMissing: they were swept a moment ago.
    """
    with _refusing(dock, upload), dock.catalog.database.together():
        with dock.store.open(digest) as content:
            filetype = judge(content.read(ENOUGH), upload.asked)
        done = _held(dock, upload, Whole(digest, dock.store.size(digest), filetype.value))
    with suppress(Busy):
        dock.store.discard(upload.part)
    return done


def _held(dock: Dock, upload: Upload, whole: Whole) -> Upload:
    at, filetype = dock.now(), Filetype(whole.filetype)

    def named(held: Mapping[str, frozenset[str]]) -> Product:
        return product_of(upload.asked, filetype, whole.digest, whole.size, held=held, at=at)

    try:
        dock.catalog.uploads.hold(upload.id, whole, named, at)
    except Conflict:  # who sent the same bytes at the same time was first
        known = dock.catalog.uploads.get(upload.id)
        if known.state in {UploadState.CHECKING, UploadState.COMPLETE} and known.sha256 == whole.digest:
            return known
        raise
    dock.catalog.events.add("uploaded", upload.asked.ref, f"upload {upload.id} by {upload.actor}", at)
    return dock.catalog.uploads.get(upload.id)


def _gather(dock: Dock, upload: Upload, offset: int, chunks: Iterable[bytes], *, lasting: bool) -> int:
    """
    All chunks into the store; the answer is how many bytes it has, as far as that is known.
    """
    waiting, length, unsynced, came = list[bytes](), 0, 0, 0

    def put() -> None:
        nonlocal offset, waiting, length, unsynced, came
        pieces, count, waiting, length = waiting, length, [], 0
        unsynced += count
        with _refusing(dock, upload):
            came = _put(dock, upload, offset, pieces, sync=unsynced >= FLUSH)
        offset += count
        unsynced = 0 if unsynced >= FLUSH else unsynced

    try:
        for chunk in chunks:
            waiting.append(chunk)
            length += len(chunk)
            if length >= PIECE:
                put()
    finally:  # what a client sent before it was cut off counts
        if length:
            put()
        if unsynced and lasting:
            _make_durable(dock, upload)
    return came


def _make_durable(dock: Dock, upload: Upload) -> None:
    with dock.store.receive(upload.part) as receipt:
        receipt.sync()
        dock.catalog.uploads.came(upload.id, receipt.size, dock.now())


def _put(dock: Dock, upload: Upload, offset: int, pieces: Sequence[bytes], *, sync: bool) -> int:
    """
    Some bytes into the store; the answer is how many it has then.
    """
    with dock.store.receive(upload.part) as receipt:
        came = receipt.size
        if offset > came:
            raise Conflict(f"upload {upload.id} has {came} bytes; send on from offset {came}, not {offset}")
        if offset < came:
            pieces = [_unknown(receipt, upload, offset, b"".join(pieces))]
        _write(receipt, upload, pieces)
        if sync:
            receipt.sync()
            dock.catalog.uploads.came(upload.id, receipt.size, dock.now())
        return receipt.size


def _unknown(receipt: Receipt, upload: Upload, offset: int, piece: bytes) -> bytes:
    """
    What of a piece is not there yet, once the rest was found to be the same.
    """
    known = min(len(piece), receipt.size - offset)
    if receipt.read_at(offset, known) != piece[:known]:
        raise _differs(upload, offset, receipt.size)
    return piece[known:]


def _write(receipt: Receipt, upload: Upload, pieces: Sequence[bytes]) -> None:
    came, count = receipt.size, sum(map(len, pieces))
    most = MOST_BYTES if upload.size is None else upload.size
    if count and came + count > most:
        raise SizeMismatch(most, came + count, f"upload {upload.id}")
    for piece in filter(None, pieces):
        receipt.write(piece)
    if came < ENOUGH <= receipt.size:
        judge(receipt.read_at(0, ENOUGH), upload.asked)


def _again(dock: Dock, upload: Upload, offset: int, chunks: Iterable[bytes]) -> Upload:
    """
    Bytes for an upload that is whole: those it is made of may come again.
    """
    if upload.sha256 is None:
        raise Conflict(f"upload {upload.id} is {upload.state} already; nothing more is taken")
    with dock.store.open(upload.sha256) as content:
        content.seek(offset)
        for chunk in chunks:
            if content.read(len(chunk)) != chunk:
                raise _differs(upload, offset, upload.came)
    return upload


def _differs(upload: Upload, offset: int, came: int) -> Conflict:
    return Conflict(
        f"upload {upload.id} holds other bytes at offset {offset} than were sent; the wanted offset is {came}"
    )


@contextmanager
def _refusing(dock: Dock, upload: Upload) -> Iterator[None]:
    """
    Keep nothing of an upload that turned out to be other than was said.
    """
    try:
        yield
    except (InputError, IntegrityError) as error:
        with suppress(Busy):
            dock.store.discard(upload.part)
        with suppress(Conflict):
            dock.catalog.uploads.end(upload.id, UploadState.REFUSED, str(error), dock.now())
        raise
