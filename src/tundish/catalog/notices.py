"""
The notices that stand, until what they say is no longer so.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database
from tundish.core.errors import NotFound
from tundish.core.notice import Kind, Notice, Wanted

_is = tables.notices.c


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> tuple[Notice, ...]:
        """
        Every notice that stands, dismissed ones too, the oldest first.
        """
        with self._database.read() as connection:
            return _standing(connection)

    def reconcile(self, wanted: Collection[Wanted], at: datetime) -> None:
        """
        Let exactly these stand. Who stood before keeps its number, its beginning and whether it was
        dismissed, unless the announcement of a release says something new.
        """
        given = {(str(each.kind), each.subject): each for each in wanted}
        standing = {(each.kind, each.subject): each for each in self.list()}
        if standing.keys() == given.keys() and all(_is_said(standing[key], given[key]) for key in given):
            return
        with self._database.transaction() as connection:
            standing = {(each.kind, each.subject): each for each in _standing(connection)}
            for key, notice in standing.items():
                if key not in given:
                    connection.execute(delete(tables.notices).where(_is.id == notice.id))
                elif not _is_said(notice, given[key]):
                    _say_anew(connection, notice, given[key])
            for key, each in given.items():
                if key not in standing:
                    connection.execute(insert(tables.notices), _row(each, each.since or at))

    def dismiss(self, number: int, at: datetime) -> Notice:
        """
        Do not show a notice for two weeks; the answer is the notice.

        Raises:
            NotFound: there is none of this number.
        """
        change = update(tables.notices).where(_is.id == number).values(dismissed_at=at)
        with self._database.transaction() as connection:
            connection.execute(change)
            found = next((each for each in _standing(connection) if each.id == number), None)
        if found is None:
            raise NotFound(f"no notice {number} stands; see them all: tundish notice list --all")
        return found


def _standing(connection: Connection) -> tuple[Notice, ...]:
    columns = (_is.id, _is.kind, _is.subject, _is.text, _is.severity, _is.since, _is.dismissed_at)
    return tuple(Notice(*row) for row in connection.execute(select(*columns).order_by(_is.id)))


def _is_said(notice: Notice, wanted: Wanted) -> bool:
    return (notice.text, notice.severity) == (wanted.text, wanted.severity)


def _say_anew(connection: Connection, notice: Notice, wanted: Wanted) -> None:
    values = _row(wanted, wanted.since or notice.since)
    if wanted.kind is Kind.RELEASE:
        values["dismissed_at"] = None
    connection.execute(update(tables.notices).where(_is.id == notice.id).values(values))


def _row(wanted: Wanted, since: datetime) -> dict[str, object]:
    return {
        "kind": wanted.kind.value,
        "subject": wanted.subject,
        "text": wanted.text,
        "severity": wanted.severity.value,
        "since": since,
    }
