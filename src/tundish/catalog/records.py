"""
What was done and what happened: jobs and events, for whoever wants to read it later.

Both are bounded: the oldest ended jobs and the oldest events go when there are too many.
"""

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded
from tundish.core.errors import Conflict, InputError, NotFound
from tundish.core.holding import Event, Job

RUNNING = "running"
LOST = "lost"  # its process died
OUTCOMES = ("done", "partial", "failed", LOST)
JOBS_KEPT = 10_000
EVENTS_KEPT = 100_000

_job = tables.jobs.c
_event = tables.events.c


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, kind: str, subject: str, at: datetime) -> int:
        """
        Note that a verb began; the answer is its number.
        """
        row = {"kind": kind, "subject": subject, "started_at": at, "outcome": RUNNING, "detail": ""}
        with self._database.transaction() as connection:
            number = connection.execute(insert(tables.jobs).values(row).returning(_job.id)).scalar_one()
            old = (_job.id <= number - JOBS_KEPT) & (_job.outcome != RUNNING)
            connection.execute(delete(tables.jobs).where(old))
            return int(number)

    def end(self, number: int, outcome: str, detail: str, at: datetime) -> None:
        """
        Note how a job ended.

        Raises:
            NotFound: there is no such job.
            Conflict: it has ended before.
            InputError: not an outcome.
        """
        if outcome not in OUTCOMES:
            raise InputError(f"{outcome!r} is not how a job ends; one of {', '.join(OUTCOMES)}")
        running = (_job.id == number) & (_job.outcome == RUNNING)
        change = update(tables.jobs).where(running).values(outcome=outcome, detail=detail, ended_at=at)
        with self._database.transaction() as connection:
            if connection.execute(change).rowcount == 1:
                return
            before = connection.scalar(select(_job.outcome).where(_job.id == number))
            if before is None:
                raise NotFound(f"there is no job {number}")
            raise Conflict(f"job {number} has ended already: {before}")

    def list(self, limit: int = 50, *, before: int = 0) -> tuple[Job, ...]:
        """
        The last jobs, the newest first; with `before`, those older than the job of this number.
        """
        asked = select(tables.jobs).order_by(_job.id.desc()).limit(bounded(limit))
        if before:
            asked = asked.where(_job.id < before)
        with self._database.read() as connection:
            return tuple(
                Job(
                    id=row.id,
                    kind=row.kind,
                    subject=row.subject,
                    started_at=row.started_at,
                    ended_at=row.ended_at,
                    outcome=row.outcome,
                    detail=row.detail,
                )
                for row in connection.execute(asked)
            )

    def lose(self, kind: str, at: datetime) -> int:
        """
        Give up every running job of this kind, and say how many there were.

        Only for who holds the exclusive lock of the kind: then nobody can be running one.
        """
        running = (_job.kind == kind) & (_job.outcome == RUNNING)
        change = update(tables.jobs).where(running).values(outcome=LOST, ended_at=at)
        with self._database.transaction() as connection:
            return connection.execute(change).rowcount


class Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, subject: str, text: str, at: datetime) -> None:
        """
        Note that something happened.
        """
        row = {"kind": kind, "subject": subject, "text": text, "at": at}
        with self._database.transaction() as connection:
            number = connection.execute(insert(tables.events).values(row).returning(_event.id)).scalar_one()
            connection.execute(delete(tables.events).where(_event.id <= number - EVENTS_KEPT))

    def list(self, limit: int = 100, *, before: int = 0) -> tuple[Event, ...]:
        """
        The last events, the newest first; with `before`, those older than the event of this number.
        """
        asked = select(_event.id, _event.at, _event.kind, _event.subject, _event.text)
        if before:
            asked = asked.where(_event.id < before)
        newest = asked.order_by(_event.id.desc()).limit(bounded(limit))
        with self._database.read() as connection:
            return tuple(Event(*row) for row in connection.execute(newest))
