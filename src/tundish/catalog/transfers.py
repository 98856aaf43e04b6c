"""
How far a running job is, written down now and then by who runs it and read by everybody else.

Only the files of the last job that noted any are kept.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, portions
from tundish.catalog.records import RUNNING
from tundish.core.progress import Transfer

_is = tables.transfers.c
_job = tables.jobs.c
_COLUMNS = (_is.sha256, _is.source, _is.path, _is.size, _is.came, _is.retries, _is.error, _is.ended, _is.at)


class Transfers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, job: int, detail: str, changed: Sequence[Transfer]) -> bool:
        """
        Note how far a running job is; the answer is whether somebody asked it to stop.
        """
        rows = {each.sha256: _row(job, each) for each in changed}
        running = (_job.id == job) & (_job.outcome == RUNNING)
        change = update(tables.jobs).where(running).values(detail=detail).returning(_job.stop)
        with self._database.transaction() as connection:
            asked = connection.execute(change).scalar()
            connection.execute(delete(tables.transfers).where(_is.job_id != job))
            for part in portions(list(rows)):
                connection.execute(delete(tables.transfers).where(_is.job_id == job, _is.sha256.in_(part)))
                connection.execute(insert(tables.transfers), [rows[sha256] for sha256 in part])
        return bool(asked)

    def of(self, job: int) -> tuple[Transfer, ...]:
        """
        What was noted of a job's files, by source and path.
        """
        asked = select(*_COLUMNS).where(_is.job_id == job)
        with self._database.read() as connection:
            found = [Transfer(*row) for row in connection.execute(asked)]
        return tuple(sorted(found, key=lambda each: (each.source, each.path)))


def _row(job: int, transfer: Transfer) -> dict[str, object]:
    row = {column.name: getattr(transfer, column.name) for column in _COLUMNS}
    return {**row, "job_id": job}
