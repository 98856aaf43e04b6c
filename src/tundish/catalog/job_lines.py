"""
What jobs say while they run, line by line. Bounded: the oldest lines of a job go, and long ones are cut.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from tundish.catalog.db import Database, bounded
from tundish.catalog.door_tables import job_lines
from tundish.core.holding import Line

LINES_KEPT = 1_000  # of one job
MOST_WORDS = 500  # characters of one line

_line = job_lines.c


class JobLines:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: int, said: Sequence[tuple[datetime, str]]) -> None:
        """
        Write lines down, in their order.

        Raises:
            Conflict: there is no such job.
        """
        newest = select(func.coalesce(func.max(_line.number), 0)).where(_line.job_id == job)
        with self._database.transaction() as connection:
            last = int(connection.execute(newest).scalar_one())
            rows = [
                {"job_id": job, "number": number, "at": at, "text": _cut(text)}
                for number, (at, text) in enumerate(said[-LINES_KEPT:], last + 1)
            ]
            if rows:
                connection.execute(insert(job_lines), rows)
                old = (_line.job_id == job) & (_line.number <= last + len(rows) - LINES_KEPT)
                connection.execute(delete(job_lines).where(old))

    def of(self, job: int, *, after: int = 0, limit: int = LINES_KEPT) -> tuple[Line, ...]:
        """
        The first lines of a job behind the one of this number.
        """
        asked = select(_line.number, _line.at, _line.text).where(_line.job_id == job, _line.number > after)
        with self._database.read() as connection:
            found = connection.execute(asked.order_by(_line.number).limit(bounded(limit)))
            return tuple(Line(*row) for row in found)


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 3] + "..."
