"""
What was last read and verified of each source, as it came: for browsing without it, and for asking only
for what changed.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import delete, insert, select

from tundish.catalog import tables
from tundish.catalog.db import Database, portions
from tundish.core.names import SourceName
from tundish.core.selection import Kept

_is = tables.documents.c


class Documents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, source: SourceName) -> Mapping[str, Kept]:
        """
        Every document kept of a source, by its path; empty before it was first read.
        """
        asked = select(_is.document, _is.url, _is.validator, _is.body, _is.read_at)
        with self._database.read() as connection:
            rows = connection.execute(asked.where(_is.source == source))
            return MappingProxyType({row.document: Kept(*row) for row in rows})

    def keep(self, source: SourceName, documents: Collection[Kept], listed: Collection[str]) -> None:
        """
        Keep these documents in place of earlier ones, and of the others only those that are still listed.

        Raises:
            Conflict: there is no such source.
        """
        given = {each.document: each for each in documents}
        mine = _is.source == source
        with self._database.transaction() as connection:
            rows = connection.execute(select(_is.document, _is.url, _is.validator, _is.read_at).where(mine))
            known = {row.document: (row.url, row.validator, row.read_at) for row in rows}
            new = [
                name
                for name, each in given.items()
                if known.get(name) != (each.url, each.validator, each.read_at)
            ]
            gone = [name for name in known if name not in given and name not in listed]
            for part in portions([*new, *gone]):
                connection.execute(delete(tables.documents).where(mine, _is.document.in_(part)))
            for name in new:
                connection.execute(insert(tables.documents), {"source": source, **_row(given[name])})

    def forget(self, source: SourceName) -> None:
        """
        Keep nothing of a source any more.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tables.documents).where(_is.source == source))


def _row(kept: Kept) -> dict[str, object]:
    return {
        "document": kept.document,
        "url": kept.url,
        "validator": kept.validator,
        "body": kept.body,
        "read_at": kept.read_at,
    }
