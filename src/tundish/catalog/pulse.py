"""
What a sync depends on, in a few questions: whoever finds the same again need not look closer.
"""

from tundish.catalog.db import Database
from tundish.catalog.questions import pulse


class Pulse:
    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> str:
        """
        A short word that is another one once a source, a selection, a kept document, what is held or what
        ties it has changed.
        """
        with self._database.read() as connection:
            return pulse(lambda question: connection.exec_driver_sql(question).all())
