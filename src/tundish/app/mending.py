"""
Who may have a blob, answered from catalog and sources for `retain.repair`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from tundish.core.digest import Digest
from tundish.core.errors import TundishError
from tundish.core.image import Item
from tundish.core.names import ItemPath
from tundish.core.selection import Source
from tundish.fetch.routed import join
from tundish.retain.repair import Place
from tundish.sync.patient import Stoppable
from tundish.sync.reading import read, roots
from tundish.sync.run import Desk


class SourcePlaces:
    """
    Every enabled source, with all its mirrors.
    """

    def __init__(self, desk: Desk, stop: Stoppable) -> None:
        self._desk, self._ways = desk, desk.ways(stop)
        self._sources = {each.name: each for each in desk.catalog.sources.list() if each.enabled}

    def known(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The paths that the catalog knows of blobs, at the sources they came from.
        """
        wanted, found = set(digests), _Found()
        for holding in self._desk.catalog.images.list():
            source = self._sources.get(holding.source)
            if source is not None:
                found.note(source, holding.version.items, wanted)
        return self._places(found)

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
