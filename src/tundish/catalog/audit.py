"""
What was done, by whom and from where: rows are added and read, never changed and never deleted.
"""

from datetime import datetime

from sqlalchemy import insert, select

from tundish.catalog.db import Database, bounded
from tundish.catalog.door_tables import audit
from tundish.core.people import Actor, Deed

_row = audit.c


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, actor: Actor, deed: str, subject: str, at: datetime, *, before: str, after: str, outcome: str
    ) -> None:
        """
        Note a deed. `before` and `after` are JSON without secrets, or empty; `outcome` is done, refused or
        failed.
        """
        row = {
            "at": at,
            "actor": actor.name,
            "door": actor.door,
            "address": actor.address,
            "deed": deed,
            "subject": subject,
            "before": before,
            "after": after,
            "outcome": outcome,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(audit).values(row))

    def list(
        self,
        limit: int = 100,
        *,
        before: int = 0,
        actor: str = "",
        deed: str = "",
        subject: str = "",
        since: datetime | None = None,
    ) -> tuple[Deed, ...]:
        """
        The last deeds, the newest first: of one actor, of one kind, on one subject, not from before `since`;
        with `before`, those older than the one of this number.
        """
        asked = select(audit).order_by(_row.id.desc()).limit(bounded(limit))
        for column, wanted in ((_row.actor, actor), (_row.deed, deed), (_row.subject, subject)):
            if wanted:
                asked = asked.where(column == wanted)
        if before:
            asked = asked.where(_row.id < before)
        if since is not None:
            asked = asked.where(_row.at >= since)
        with self._database.read() as connection:
            return tuple(Deed(*row) for row in connection.execute(asked))
