"""
Who may have a blob, answered from catalog and sources for `retain.repair`.
"""

import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import TundishError
from tundish.core.image import Item
from tundish.core.names import ItemPath
from tundish.core.selection import Source
from tundish.fetch.brake import Stoppable
from tundish.fetch.folder import FolderFetcher
from tundish.fetch.routed import join
from tundish.retain.refetch import Place
from tundish.sync.reading import read, roots
from tundish.sync.run import Desk


class SourcePlaces:
    """
    Every enabled source, with all its mirrors, and after these the trees of our own channels: what was
    deleted from the store may have a second name in one.
    """

    def __init__(self, desk: Desk, stop: Stoppable, trees: Path | None = None) -> None:
        self._desk, self._ways, self._trees = desk, desk.ways(stop), trees
        self._sources = {each.name: each for each in desk.catalog.sources.list() if each.enabled}

    def known(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The paths that the catalog knows of blobs, at the sources they came from.
        """
        wanted, found, ours = set(digests), _Found(), _Trees(self._roots())
        for holding in self._desk.catalog.images.list():
            source = self._sources.get(holding.source)
            if source is not None:
                found.note(source, holding.version.items, wanted)
            ours.note(holding.version.items, wanted)
        places = self._places(found)
        return {digest: [*places.get(digest, ()), *ours.places.get(digest, ())] for digest in wanted}

    def _roots(self) -> Sequence[Path]:
        if self._trees is None:
            return ()
        return [self._trees / channel.name for channel in self._desk.catalog.channels.list()]

    def offered(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The paths that sources offer now; one that cannot be read offers nothing.
        """
        wanted, found = set(digests), _Found()
        for source in self._sources.values():
            for product in self._read(source):
                found.note(source, product, wanted)
        return self._places(found)

    def _read(self, source: Source) -> Iterable[Sequence[Item]]:
        catalog = self._desk.catalog
        try:
            offer = read(
                source,
                fetcher=self._ways.pages(source),
                verifier=self._desk.verifier,
                seen=catalog.sources.seen(source.name),
                at=self._desk.gear.now(),
                kept=catalog.documents.of(source.name),
            )
        except TundishError:
            return []
        return [version.items for product in offer.products for version in product.versions]

    def _places(self, found: "_Found") -> Mapping[Digest, Sequence[Place]]:
        return {
            digest: [
                Place(join(root, path), self._ways.to(source))
                for source, path in paths
                for root in roots(source)
            ]
            for digest, paths in found.paths.items()
        }


class _Trees:
    """
    Files of channels that are as long as a blob and named like it, each once.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots, self._seen = roots, set[Path]()
        self.places: dict[Digest, list[Place]] = {}

    def note(self, items: Iterable[Item], wanted: Collection[Digest]) -> None:
        for item in items:
            if item.digest in wanted:
                for path in (root / item.path for root in self._roots):
                    if path not in self._seen and _length(path) == item.size:
                        self._seen.add(path)
                        place = Place(str(path.absolute()), FolderFetcher())
                        self.places.setdefault(item.digest, []).append(place)


def _length(path: Path) -> int | None:
    """
    Of a regular file; None of anything else, and of what cannot be looked at.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


class _Found:
    """
    Paths of blobs, each once.
    """

    def __init__(self) -> None:
        self.paths: dict[Digest, list[tuple[Source, ItemPath]]] = {}

    def note(self, source: Source, items: Iterable[Item], wanted: Collection[Digest]) -> None:
        for item in items:
            if item.digest in wanted:
                paths = self.paths.setdefault(item.digest, [])
                if (source, item.path) not in paths:
                    paths.append((source, item.path))
