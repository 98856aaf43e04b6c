"""
Answers to requests that came with a key of their own, to be given again when the same request comes again.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from tundish.catalog.db import Database
from tundish.catalog.door_tables import answers
from tundish.core.errors import Busy, InputError
from tundish.core.repeated import Given

KEPT = timedelta(days=1)
STUCK = timedelta(minutes=10)  # after which one that was begun and never answered may be tried again

_is = answers.c


class Answers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, actor: str, key: str, request: str, at: datetime) -> Given | None:
        """
        The answer that was given to this very request; None: it is to be answered now, and then `finish`ed.

        Raises:
            InputError: the key came with another request.
            Busy: the same request is being answered at this moment.
        """
        mine = (_is.actor == actor) & (_is.key == key)
        row = {
            "actor": actor,
            "key": key,
            "request": request,
            "status": 0,
            "headers": {},
            "body": b"",
            "at": at,
        }
        with self._database.transaction() as connection:
            connection.execute(
                delete(answers).where((_is.at < at - KEPT) | ((_is.status == 0) & (_is.at < at - STUCK)))
            )
            found = connection.execute(select(answers).where(mine)).one_or_none()
            if found is None:
                connection.execute(insert(answers).values(row))
                return None
        if found.request != request:
            raise InputError(f"the idempotency key {key[:80]!r} came with another request; choose a new one")
        if not found.status:
            raise Busy("the same request is being answered at this moment; ask again in a moment")
        return Given(found.status, {name: str(value) for name, value in found.headers.items()}, found.body)

    def finish(self, actor: str, key: str, given: Given) -> None:
        """
        Keep the answer for whoever sends the same again.
        """
        values = {"status": given.status, "headers": given.headers, "body": given.body}
        with self._database.transaction() as connection:
            connection.execute(update(answers).where(_is.actor == actor, _is.key == key).values(**values))

    def drop(self, actor: str, key: str) -> None:
        """
        Let the request be tried again: it did not come to an answer.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(answers).where(_is.actor == actor, _is.key == key, _is.status == 0))
