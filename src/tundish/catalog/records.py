"""
What was done and what happened: jobs and events, for whoever wants to read it later.

Both are bounded: the oldest ended jobs and the oldest events go when there are too many.
"""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded
from tundish.core.errors import Conflict, InputError, NotFound
from tundish.core.holding import Event, Job

QUEUED = "queued"  # it waits for a server
RUNNING = "running"
LOST = "lost"  # its process died
STOPPED = "stopped"  # a person, or the end of a window, ended it early
OUTCOMES = ("done", "partial", "failed", STOPPED, LOST)
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
            forget_old(connection, number)
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

    def list(self, limit: int = 50, *, before: int = 0, kind: str = "") -> tuple[Job, ...]:
        """
        The last jobs, the newest first, of all kinds or of one; with `before`, those older than the job of
        this number.
        """
        asked = select(tables.jobs).order_by(_job.id.desc()).limit(bounded(limit))
        if before:
            asked = asked.where(_job.id < before)
        if kind:
            asked = asked.where(_job.kind == kind)
        with self._database.read() as connection:
            return tuple(map(as_job, connection.execute(asked)))

    def get(self, number: int) -> Job:
        """
        The job of this number.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            row = connection.execute(select(tables.jobs).where(_job.id == number)).first()
        if row is None:
            raise NotFound(f"there is no job {number}; see the last ones: tundish job list")
        return as_job(row)

    def ask_to_stop(self, number: int) -> None:
        """
        Ask whoever runs a job, or will, to end it early; a job that has ended is left alone.
        """
        open_ = (_job.id == number) & _job.outcome.in_((QUEUED, RUNNING))
        with self._database.transaction() as connection:
            connection.execute(update(tables.jobs).where(open_).values(stop=True))

    def lose(self, kind: str, at: datetime) -> int:
        """
        Give up every running job of this kind, and say how many there were. One with a lease is left to that.

        Only for who holds the exclusive lock of the kind: then nobody can be running one.
        """
        running = (_job.kind == kind) & (_job.outcome == RUNNING) & _job.lease_until.is_(None)
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

    def list(
        self, limit: int = 100, *, before: int = 0, kind: str = "", since: datetime | None = None
    ) -> tuple[Event, ...]:
        """
        The last events, the newest first, of all kinds or of one, and not from before `since`; with
        `before`, those older than the event of this number.
        """
        asked = select(_event.id, _event.at, _event.kind, _event.subject, _event.text)
        if before:
            asked = asked.where(_event.id < before)
        if kind:
            asked = asked.where(_event.kind == kind)
        if since is not None:
            asked = asked.where(_event.at >= since)
        newest = asked.order_by(_event.id.desc()).limit(bounded(limit))
        with self._database.read() as connection:
            return tuple(Event(*row) for row in connection.execute(newest))


def forget_old(connection: Connection, newest: int) -> None:
    """
    Delete the ended jobs that are too many once the newest has this number.
    """
    old = (_job.id <= newest - JOBS_KEPT) & _job.outcome.not_in((QUEUED, RUNNING))
    connection.execute(delete(tables.jobs).where(old))


def as_job(row: Row[Any]) -> Job:
    return Job(**{each.name: getattr(row, each.name) for each in fields(Job)})
