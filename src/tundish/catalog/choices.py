"""
Small facts by name that outlive a process: what was chosen, and what need not be done again.
"""

from sqlalchemy import delete, insert, select

from tundish.catalog import tables
from tundish.catalog.db import Database

_is = tables.choices.c


class Choices:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """
        What is noted under a name; None if nothing is.
        """
        with self._database.read() as connection:
            return connection.scalar(select(_is.value).where(_is.name == name))

    def set(self, name: str, value: str) -> None:
        """
        Note it in place of what was noted before.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tables.choices).where(_is.name == name))
            connection.execute(insert(tables.choices), {"name": name, "value": value})

    def drop(self, name: str) -> None:
        """
        Note nothing under this name any more.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tables.choices).where(_is.name == name))
