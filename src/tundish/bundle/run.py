"""
Make a bundle of what is held, and look into one. Taking one in is in `taking`.

A serial is used up before its first byte is written, so no two bundles of a state share one.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tundish.bundle import contents, manifest, writer
from tundish.bundle.contents import Offered
from tundish.bundle.manifest import Base, Manifest, Since
from tundish.bundle.reader import Opened, Reader
from tundish.bundle.writer import Draft
from tundish.catalog.bundles import Passed
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import NotFound, Stopped
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.store.blobs import Blob, BlobJanitor
from tundish.store.durable import on_disk
from tundish.trust.keyring import normalise
from tundish.trust.protocols import Signer, Verifier
from tundish.trust.sign import signed

EXPORT = "bundle-export"


class Watch(Protocol):
    """
    Who looks on while bytes move.
    """

    def expect(self, files: int, size: int) -> None: ...

    def moved(self, count: int) -> None:
        """
        So many more bytes are through; negative when they have to pass again.
        """


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What bundles are made and read with.
    """

    catalog: Catalog
    store: BlobJanitor
    verifier: Verifier
    now: Callable[[], datetime]
    holder: str  # who we are, for whoever finds the catalog taken
    watch: Watch
    stop: threading.Event

    def moved(self, count: int) -> None:
        """
        Tell the watcher.

        Raises:
            Stopped: somebody wants it to end.
        """
        self.watch.moved(count)
        if self.stop.is_set():
            raise Stopped


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the reader of a bundle to be made has already.
    """

    base: Base | None = None
    digests: Collection[Digest] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    opened: Opened
    offers: tuple[Offered, ...]


def since_release(catalog: Catalog, number: int) -> Known:
    """
    For a reader who holds what a release of ours offers.

    Raises:
        NotFound: there is no such release.
    """
    catalog.channels.release(number)
    held = catalog.images.released(number)
    return Known(Base(Since.RELEASE, number), {blob.digest for blob in _blobs(held)})


def since_bundle(stream: BinaryIO, origin: str, desk: Desk, *, keyring: bytes) -> Known:
    """
    For a reader who took in an earlier bundle of ours.

    Raises:
        TrustError: it is not ours.
        BadDocument: it is no bundle.
    """
    found = Reader(stream, origin).open(keyring=keyring, verifier=desk.verifier, now=desk.now()).manifest
    digests = {blob.digest for blob in (*found.blobs, *found.expected)}
    return Known(Base(Since.BUNDLE, found.serial), digests)


def export(desk: Desk, target: Path | BinaryIO, *, signer: Signer, known: Known) -> Manifest:
    """
    Make a bundle of every complete image, without the bytes that its reader knows.

    Raises:
        NotFound: nothing is complete, or there is no folder for it.
        Conflict: there is something at `target`.
        Busy: another export is under way.
        NoSpace: it does not fit.
        IntegrityError: the store is damaged; no file is left.
        Stopped: somebody ended it; no file is left.
    """
    if isinstance(target, Path):
        writer.check_target(target)
    with desk.catalog.database.exclusive(EXPORT, desk.holder):
        draft = _draft(desk, signer, known)
        name = target.name if isinstance(target, Path) else "-"
        listing = draft.manifest
        passed = Passed(name, listing.origin, listing.serial, draft.digest, listing.created)
        desk.catalog.bundles.sent(passed)
        desk.watch.expect(len(listing.blobs), listing.size)
        try:
            if isinstance(target, Path):
                with writer.new_file(target, draft.size) as output:
                    writer.write(output, draft, store=desk.store, moved=desk.moved)
            else:
                with on_disk(Path("standard output")):
                    writer.write(target, draft, store=desk.store, moved=desk.moved)
                    target.flush()
        except Stopped:
            raise Stopped("stopped; no bundle was written, export it again") from None
    return listing


def _draft(desk: Desk, signer: Signer, known: Known) -> Draft:
    holdings = desk.catalog.images.list(states=[State.COMPLETE])
    if not holdings:
        raise NotFound("there is no complete image to put into a bundle; build one or run: tundish sync")
    at = desk.now().replace(microsecond=0)
    texts, needed = contents.written(holdings, at), _blobs(holdings)
    before = known.base.number if known.base and known.base.kind is Since.BUNDLE else 0
    listing = Manifest(
        origin=signer.fingerprint,
        serial=max(desk.catalog.bundles.last_serial(), before) + 1,
        base=known.base,
        created=at,
        listed=tuple(text.listed for text in texts),
        blobs=tuple(blob for blob in needed if blob.digest not in known.digests),
        expected=tuple(blob for blob in needed if blob.digest in known.digests),
    )
    text = manifest.render(listing)
    opening = signed(text, signer=signer, verifier=desk.verifier, now=at)
    return Draft(listing, Digest.of(text), opening, texts)


def _blobs(holdings: Iterable[Holding]) -> tuple[Blob, ...]:
    found = {Blob(item.digest, item.size) for each in holdings for item in each.version.items}
    return tuple(sorted(found, key=lambda blob: blob.digest))


def show(desk: Desk, stream: BinaryIO, origin: str, *, keyring: bytes) -> Shown:
    """
    What is in a bundle, after all of it was verified. Writes nothing.

    Raises:
        TrustError: it is not signed by a key of the keyring.
        IntegrityError, CutShort: it is not as it was signed.
        BadDocument: it is no bundle.
    """
    reader = Reader(stream, origin)
    opened = reader.open(keyring=normalise(keyring), verifier=desk.verifier, now=desk.now())
    offers = reader.offers(opened)
    desk.watch.expect(len(opened.manifest.blobs), opened.manifest.size)
    for member in opened.manifest.carried:
        reader.check(member, desk.moved)
    reader.close()
    return Shown(opened, offers)
