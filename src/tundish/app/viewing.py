"""
What the control door shows, answered from catalog and store.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from tundish.app.noticing import shown
from tundish.catalog.opened import Catalog
from tundish.core import clock
from tundish.core.holding import Event, Holding, Job, Usage
from tundish.core.machine import Deployment, Machine
from tundish.core.notice import Notice
from tundish.core.progress import Running
from tundish.core.selection import Selection, Source
from tundish.store.blobs import BlobSink
from tundish.sync.status import status

_Row = TypeVar("_Row")


class CatalogViews:
    def __init__(self, catalog: Catalog, store: BlobSink) -> None:
        self._catalog, self._store = catalog, store

    def usage(self) -> Usage:
        """
        Counted from the catalog, so that it costs the same whatever the store is.
        """
        totals = self._catalog.images.totals()
        return Usage(
            sources=len(self._catalog.sources.list()),
            images=totals.versions,
            machines=len(self._catalog.machines.list()),
            deployments=sum(self._catalog.machines.counts().values()),
            blobs=totals.blobs,
            size=totals.size,
            free=self._store.free(),
        )

    def sources(self) -> Sequence[Source]:
        return self._catalog.sources.list()

    def selections(self) -> Sequence[Selection]:
        return [selection for _, selection in self._catalog.selections.list()]

    def images(self, *, limit: int, after: int) -> Sequence[Holding]:
        return self._catalog.images.page(after=after, limit=limit)

    def machines(self, *, limit: int, after: str) -> Sequence[Machine]:
        return _page(self._catalog.machines.list(), lambda each: each.mac > after, limit)

    def deployments(self, *, limit: int, after: int) -> Sequence[Deployment]:
        return self._catalog.machines.deployments(limit=limit, before=after)

    def jobs(self, *, limit: int, after: int) -> Sequence[Job]:
        return self._catalog.jobs.list(limit=limit, before=after)

    def events(self, *, limit: int, after: int) -> Sequence[Event]:
        return self._catalog.events.list(limit=limit, before=after)

    def notices(self) -> Sequence[Notice]:
        return shown(self._catalog.notices.list(), clock.now())

    def sync(self) -> Running | None:
        return status(self._catalog)


def _page(rows: Iterable[_Row], is_behind: Callable[[_Row], bool], limit: int) -> list[_Row]:
    return list(islice((row for row in rows if is_behind(row)), limit))
