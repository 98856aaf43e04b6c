"""
Take a bundle in: verify, judge where it stands among those before it, fetch what is lacking, show it all.

Nothing is shown until every byte is in. A killed import goes on from there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from tundish.bundle import contents
from tundish.bundle.contents import Offered
from tundish.bundle.manifest import Manifest, Since
from tundish.bundle.reader import Opened, Reader
from tundish.bundle.run import Desk
from tundish.catalog.bundles import Passed
from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict, InputError, NoSpace, RolledBack
from tundish.core.names import SourceName
from tundish.store.blobs import Blob, BlobSource
from tundish.trust.keyring import normalise

IMPORT = "bundle-import"
DEFAULT_NAME = SourceName("bundle")
_RESERVE = 64 * 1024 * 1024  # bytes left free beside what an import needs


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What an import did. The tuples of text are refs.
    """

    manifest: Manifest
    name: SourceName
    images: tuple[str, ...]
    retired: tuple[str, ...]
    taken_blobs: int
    taken_bytes: int


def take_in(
    desk: Desk,
    stream: BinaryIO,
    origin: str,
    *,
    keyring: bytes,
    name: SourceName | None = None,
    allow_mass_removal: bool = False,
) -> Taken:
    """
    Hold what a bundle offers, and nothing else of what came before it under its name.

    `name` is what its origin is called here; without one, what it was called last time.

    Raises:
        TrustError: it is not signed by a key of the keyring, or older than what came before.
        Conflict: what it builds on is not here, or its name belongs to something else.
        IntegrityError, CutShort: it is not as it was signed; nothing of it is shown.
        NoSpace: it does not fit; what came is kept.
        Busy: another import is under way.
        Stopped: somebody ended it; what came is kept.
    """
    catalog = desk.catalog
    with catalog.database.exclusive(IMPORT, desk.holder):
        reader = Reader(stream, origin)
        opened = reader.open(keyring=normalise(keyring), verifier=desk.verifier, now=desk.now())
        called = _called(catalog, opened.manifest, name)
        _check_order(catalog.bundles.last(called), opened, origin)
        offers = contents.renamed(reader.offers(opened), called)
        _check_base(desk.store, opened.manifest, origin)
        before = [each for each in catalog.images.list() if contents.is_of(each, called)]
        leaving = contents.retiring(before, offers, catalog.keeping.ties())
        if not allow_mass_removal:
            contents.check_removal(leaving, before, offers)
        files, size = _receive(desk, reader, opened.manifest)
        images = _refs(offers)
        passed = Passed(
            called, opened.manifest.origin, opened.manifest.serial, opened.payload.digest, desk.now()
        )
        catalog.bundles.arrive(
            passed,
            [(offered.source, offered.products) for offered in offers],
            [each.id for each in leaving],
            f"bundle {passed.serial}: {len(images)} image versions, {len(leaving)} retired",
        )
    retired = tuple(each.ref for each in leaving)
    return Taken(opened.manifest, called, images, retired, files, size)


def _called(catalog: Catalog, found: Manifest, wanted: SourceName | None) -> SourceName:
    """
    What the origin of a bundle is called here.
    """
    before = catalog.bundles.name_of(found.origin)
    if wanted and before and wanted != before:
        raise Conflict(f"bundles of {found.origin} are called {before} here already; pass --as {before}")
    name = wanted or before or DEFAULT_NAME
    if not wanted and not before and (last := catalog.bundles.last(name)):
        raise InputError(
            f"bundles of {last.origin} are called {name} here; call those of {found.origin} otherwise with "
            f"--as NAME, or, if they are of the same origin with a new key, pass --as {name}"
        )
    taken = [each.name for each in catalog.sources.list() if each.name.startswith(f"{name}.")]
    if taken:
        raise Conflict(f"there is a source {taken[0]}; call the bundle's origin otherwise with --as NAME")
    return name


def _check_order(last: Passed | None, opened: Opened, origin: str) -> None:
    """
    Let a bundle pass if it is newer than the last, or the last once more, which mends what is lacking.
    """
    serial, base = opened.manifest.serial, opened.manifest.base
    came = last.serial if last else 0
    if last and serial == came and opened.payload.digest == last.digest:
        return
    if last and serial <= came:
        raise RolledBack(
            f"{origin} is bundle {serial}, but bundle {came} came on {last.at:%Y-%m-%d}; "
            "import a newer one, nothing was changed"
        )
    if base and base.kind is Since.BUNDLE and base.number > came:
        lacking = f"the last that came is bundle {came}" if came else "none came yet"
        raise Conflict(
            f"{origin} is bundle {serial} and builds on bundle {base.number}, but {lacking}: "
            f"import bundle {base.number} first, or one that was exported without --since-bundle"
        )


def _check_base(store: BlobSource, found: Manifest, origin: str) -> None:
    lacking = [blob for blob in found.expected if not _holds(store, blob)]
    if lacking:
        raise Conflict(
            f"{origin} is bundle {found.serial} and builds on {found.base}, of which {len(lacking)} files "
            f"({sum(blob.size for blob in lacking)} bytes) are not here: import that first, or a bundle "
            "that was exported without --since and --since-bundle"
        )


def _holds(store: BlobSource, blob: Blob) -> bool:
    return store.has(blob.digest) and store.size(blob.digest) == blob.size


def _receive(desk: Desk, reader: Reader, found: Manifest) -> tuple[int, int]:
    """
    Bring every blob that is not here into the store. Returns how many came, and their bytes.
    """
    coming = {blob.digest for blob in found.blobs if not _holds(desk.store, blob)}
    size = sum(blob.size for blob in found.blobs if blob.digest in coming)
    begun = sum(min(blob.size, size) for blob in desk.store.unfinished() if blob.digest in coming)
    free, needed = desk.store.free(), size - begun + _RESERVE
    if coming and free is not None and needed > free:
        raise NoSpace("the store", needed, free)
    desk.watch.expect(len(coming), size)
    for member in found.carried:
        if member.digest in coming:
            reader.take(member, desk.store, desk.moved)
        else:
            reader.skip(member)
    reader.close()
    desk.store.sync()  # the catalog may not promise what a power cut could take back
    return len(coming), size


def _refs(offers: Iterable[Offered]) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{product.ref}@{version.name}"
            for offered in offers
            for product in offered.products
            for version in product.versions
        )
    )
