"""
Failed logins: how many there were of late, by account and by address, and until when no more are heard.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from tundish.catalog.db import Database
from tundish.catalog.door_tables import failures

_is = failures.c


@dataclass(frozen=True, slots=True)
class Strikes:
    count: int
    at: datetime  # of the last one
    locked_until: datetime | None


class Failures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, subject: str) -> Strikes | None:
        """
        What is noted of a subject.
        """
        with self._database.read() as connection:
            row = connection.execute(select(failures).where(_is.subject == subject)).one_or_none()
        return None if row is None else Strikes(row[1], row[2], row[3])

    def add(self, subject: str, at: datetime, wait: Callable[[int], timedelta], *, memory: timedelta) -> None:
        """
        Count one more, after which nothing is heard for `wait(count)`. It begins anew after `memory` without.
        """
        with self._database.transaction() as connection:
            count = connection.scalar(select(_is.count).where(_is.subject == subject, _is.at > at - memory))
            count = (count or 0) + 1
            pause = wait(count)
            connection.execute(delete(failures).where((_is.subject == subject) | (_is.at < at - memory)))
            connection.execute(
                insert(failures).values(
                    subject=subject, count=count, at=at, locked_until=at + pause if pause else None
                )
            )

    def clear(self, subject: str) -> None:
        """
        Forget the failures of a subject.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(failures).where(_is.subject == subject))

    def count(self) -> int:
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(failures)) or 0
