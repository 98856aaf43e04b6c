"""
What a sync depends on, in a few questions: whoever finds the same again need not look closer.
"""

from sqlalchemy import ColumnElement, Select, func, select

from tundish.catalog import tables
from tundish.catalog.db import Database
from tundish.core.digest import Digest

_source, _selection, _document = tables.sources.c, tables.selections.c, tables.documents.c
_image, _version = tables.images.c, tables.versions.c


class Pulse:
    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> str:
        """
        A short word that is another one once a source, a selection, a kept document, what is held or what
        ties it has changed.
        """
        with self._database.read() as connection:
            rows = [[tuple(row) for row in connection.execute(asked)] for asked in _questions()]
        return Digest.of(repr(rows).encode()).hex


def _questions() -> tuple[Select[*tuple[object, ...]], ...]:
    boots, moves = tables.deployments.c, tables.channel_moves.c
    return (
        select(tables.sources).order_by(_source.name),
        select(_selection.identity).order_by(_selection.identity),
        select(
            _document.source, _document.document, _document.url, _document.validator, _document.read_at
        ).order_by(_document.source, _document.document),
        select(
            _version.state,
            func.count(),
            func.max(_version.id),
            func.max(_version.since),
            _those(_version.pinned),
            func.count(_version.dropped_at),
        )
        .group_by(_version.state)
        .order_by(_version.state),
        select(func.count(), _those(_image.hold)).select_from(tables.images),
        select(func.max(boots.id), func.count(boots.reported_at)),
        select(func.max(moves.id)),
    )


def _those(flag: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(flag)
