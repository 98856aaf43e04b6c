"""
The documents of one source: fetched where they changed, else taken from what is kept.

Several roots may hold them; a document that one of them cannot give is asked of the next. A bad
signature is no such failure: it is never covered up by asking somebody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, Gone, UpstreamError
from tundish.core.names import ItemPath, SourceName
from tundish.core.selection import Kept
from tundish.fetch.fetcher import Fetched
from tundish.fetch.routed import join

NONE_KEPT: Mapping[str, Kept] = MappingProxyType({})


class Pages(Protocol):
    """
    Where documents come from: see `Fetcher.fresh`.
    """

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None: ...


class Offline:
    """
    `Pages` that never leave this machine: only what is kept can be had.
    """

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        self._by_url = {each.url: each for each in kept.values()}

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        known = self._by_url.get(url)
        if known is None or len(known.body) > limit:
            raise Gone(f"{url} is not kept here; ask the source: tundish source browse NAME --refresh")
        return None if validator is not None else Fetched(known.body, None)


@dataclass(frozen=True, slots=True)
class Shelf:
    source: SourceName
    pages: Pages
    kept: Mapping[str, Kept]
    roots: Sequence[str]  # each with a trailing slash; the source's own first
    limit: int  # bytes of one document
    at: datetime

    def get(self, path: ItemPath, promised: Digest | None) -> Kept:
        """
        The document at a path; `promised` is what its bytes must be, where the index says so.

        Raises:
            UpstreamError: no root can give it; the error is the first root's.
        """
        known = self.kept.get(path)
        if known is not None and promised is not None and promised == Digest.of(known.body):
            return known
        errors: list[UpstreamError] = []
        for root in self.roots:
            try:
                return self._from(join(root, path), path, known, promised)
            except UpstreamError as error:
                errors.append(error)
        raise errors[0]

    def _from(self, url: str, path: ItemPath, known: Kept | None, promised: Digest | None) -> Kept:
        place = f"source {self.source}, {url}"
        had = known if known is not None and known.url == url else None
        found = self.pages.fresh(url, limit=self.limit, validator=had.validator if had else None)
        if found is None and had is not None:
            document = had
        elif found is not None:
            document = Kept(path, url, found.validator, found.body, self.at)
        else:
            raise BadDocument(f"{place}: said to be unchanged, but it was never read; run it again")
        if promised not in {None, Digest.of(document.body)}:
            raise BadDocument(f"{place}: not the file that the index names by {promised}; run it again")
        return document
