"""
The sources we know, and how far we have read each: its high-water marks against replay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from tundish.catalog import tables
from tundish.catalog.db import Database, portions
from tundish.catalog.nearest import nearest
from tundish.catalog.questions import fetching
from tundish.core.errors import Conflict, InputError, NotFound
from tundish.core.holding import OWN
from tundish.core.names import SourceName
from tundish.core.selection import SPOKEN_FOR, Seen, Source

_is = tables.sources.c


class Sources:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, source: Source, at: datetime) -> None:
        """
        Know a source from now on.

        Raises:
            Conflict: there is one of this name.
            InputError: the name is reserved.
        """
        if source.name == OWN:
            raise InputError(f"{OWN!r} is what we built ourselves; give the source another name")
        if source.name in SPOKEN_FOR:
            raise InputError(
                f"`tundish sync {source.name}` means something else; give the source another name"
            )
        with self._database.transaction() as connection:
            if connection.scalar(select(_is.name).where(_named(source.name))) is not None:
                raise Conflict(
                    f"there is a source {source.name} already; change it (tundish source set {source.name}), "
                    "or give this one another name"
                )
            connection.execute(insert(tables.sources), {**_row(source), "added_at": at})

    def replace(self, source: Source) -> None:
        """
        Give a known source other settings; its selections, marks and images stay.

        Raises:
            NotFound: there is none of this name.
        """
        change = update(tables.sources).where(_named(source.name)).values(_row(source))
        with self._database.transaction() as connection:
            if connection.execute(change).rowcount == 0:
                raise _unknown(connection, source.name)

    def get(self, name: str) -> Source:
        """
        The source of this name.

        Raises:
            NotFound: there is none; the message names the nearest.
        """
        with self._database.read() as connection:
            row = connection.execute(select(tables.sources).where(_named(name))).first()
            if row is None:
                raise _unknown(connection, name)
            return _source(row)

    def list(self) -> tuple[Source, ...]:
        """
        Every source: those of high priority first, equals by name.
        """
        with self._database.read() as connection:
            found = map(_source, connection.execute(select(tables.sources)))
            return tuple(sorted(found, key=lambda source: (-source.priority, source.name)))

    def added(self) -> Mapping[str, datetime]:
        """
        Since when each source is known.
        """
        with self._database.read() as connection:
            found = {row.name: row.added_at for row in connection.execute(select(_is.name, _is.added_at))}
        return MappingProxyType(found)

    def remove(self, name: str) -> None:
        """
        Forget a source with its selections and marks. Its images stay.

        Raises:
            NotFound: there is none of this name.
        """
        with self._database.transaction() as connection:
            if connection.execute(delete(tables.sources).where(_named(name))).rowcount == 0:
                raise _unknown(connection, name)

    def seen(self, name: str) -> Mapping[str, Seen]:
        """
        The last accepted state of each document of a source, by its place; empty before the first sync.
        """
        mark = tables.seen.c
        asked = select(mark.document, mark.updated, mark.digest, mark.at).where(mark.source == name)
        with self._database.read() as connection:
            found = {row.document: Seen(*row) for row in connection.execute(asked)}
        return MappingProxyType(found)

    def record_seen(self, name: str, marks: Iterable[Seen]) -> None:
        """
        Note what was accepted; documents that are not named keep their mark.

        Raises:
            NotFound: there is no source of this name.
        """
        given = {mark.document: {**asdict(mark), "source": name} for mark in marks}
        mark = tables.seen.c
        with self._database.transaction() as connection:
            if connection.scalar(select(_is.name).where(_named(name))) is None:
                raise _unknown(connection, name)
            for part in portions(list(given)):
                replaced = (mark.source == name) & mark.document.in_(part)
                connection.execute(delete(tables.seen).where(replaced))
                connection.execute(insert(tables.seen), [given[document] for document in part])

    def forget_seen(self, name: str) -> None:
        """
        Take the next contact for the first: nothing was accepted before.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tables.seen).where(tables.seen.c.source == name))


def _named(name: str) -> ColumnElement[bool]:
    return _is.name == name


def _row(source: Source) -> dict[str, object]:
    return {
        "name": source.name,
        "url": source.url,
        "keyring": source.keyring,
        "priority": source.priority,
        "enabled": source.enabled,
        "options": {**asdict(source.fetching), "signers": list(source.signers)},
    }


def _source(row: Row[Any]) -> Source:
    way, signers = fetching(row.options)
    return Source(SourceName(row.name), row.url, row.keyring, row.priority, row.enabled, way, signers)


def _unknown(connection: Connection, name: str) -> NotFound:
    known = connection.scalars(select(_is.name)).all()
    return NotFound(f"there is no source {name[:80]!r}; {nearest(name, known)}")
