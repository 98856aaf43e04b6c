"""
Compare what two releases offer, reading the manifests of versions that differ. Writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing
from tundish.core.holding import Holding
from tundish.publish import difference
from tundish.publish.difference import Difference
from tundish.store.blobs import BlobSource

MOST_BYTES = 4 * 1024 * 1024  # of a manifest; a longer one is not read
MOST_MANIFESTS = 2_000  # in one comparison


@dataclass(frozen=True, slots=True)
class Compared:
    """
    Two releases by number, and what distinguishes them.
    """

    before: int
    after: int
    difference: Difference


def compare(catalog: Catalog, store: BlobSource, before: int, after: int) -> Compared:
    """
    What the second release has that the first has not, and the other way round. Release 0 offers nothing.

    Raises:
        NotFound: there is no such release.
    """
    old, new = (_offered(catalog, number) for number in (before, after))
    appears, goes = difference.versions(old, new)
    shelf = _Shelf(store, {})
    changes = tuple(
        difference.change(one, other, shelf.packages(one), shelf.packages(other))
        for one, other in difference.renewed(old, new)
    )
    return Compared(before, after, Difference(appears, goes, changes))


def release_of(catalog: Catalog, name: str) -> int:
    """
    The release people mean by the name of a channel or its number.

    Raises:
        NotFound: there is no such channel or release.
    """
    channel = catalog.channels.find(name)
    if channel is not None:
        return channel.release
    if name.isdecimal() and name.isascii() and len(name) < 10:
        return catalog.channels.release(int(name)).id
    return catalog.channels.get(name).release


def _offered(catalog: Catalog, release: int) -> Sequence[Holding]:
    if not release:
        return ()
    catalog.channels.release(release)
    return catalog.images.released(release)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """
    Manifests, each read once: many products share one.
    """

    store: BlobSource
    read: dict[Digest, Mapping[str, str] | None]

    def packages(self, holding: Holding) -> Mapping[str, str] | None:
        item = difference.manifest(holding)
        if item is None or item.size > MOST_BYTES:
            return None
        if item.digest not in self.read:
            self.read[item.digest] = self._read(item.digest) if len(self.read) < MOST_MANIFESTS else None
        return self.read[item.digest]

    def _read(self, digest: Digest) -> Mapping[str, str] | None:
        try:
            with self.store.open(digest) as stream:
                return difference.packages(stream.read(MOST_BYTES))
        except BlobMissing:
            return None
