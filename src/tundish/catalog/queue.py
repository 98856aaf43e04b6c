"""
Jobs that wait for a server. A server claims one with a lease, and renews that while it runs.

What the servers agree on is in the rows and nowhere else: a job whose lease is over is anybody's, and an
index lets one running job at a time have a resource, so a claim that lost a race is refused by the engine.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, exists, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from tundish.catalog import tables
from tundish.catalog.db import Database
from tundish.catalog.records import LOST, OUTCOMES, QUEUED, RUNNING, STOPPED, Jobs, as_job, forget_old
from tundish.core.errors import Busy, Conflict, InputError
from tundish.core.holding import Job
from tundish.core.image import Json

MOST_QUEUED = 1_000
ATTEMPTS = 3  # after so many that nobody ended, a job is lost
NO_LEASE = {"holder": "", "lease_until": None}

_job = tables.jobs.c


@dataclass(frozen=True, slots=True)
class TakenUp:
    """
    What became of jobs whose server died: by number.
    """

    queued: tuple[int, ...]
    lost: tuple[int, ...]
    stopped: tuple[int, ...]


class Queue(Jobs):
    def __init__(self, database: Database, *, most: int = MOST_QUEUED) -> None:
        super().__init__(database)
        self._most = most

    def enqueue(
        self,
        kind: str,
        subject: str,
        arguments: Mapping[str, Json],
        *,
        actor: str,
        resource: str,
        at: datetime,
    ) -> int:
        """
        Let a job wait for a server; the answer is its number. `resource`: what one job at a time may have.

        Raises:
            Busy: too many are waiting already.
        """
        row = {
            "kind": kind,
            "subject": subject,
            "arguments": arguments,
            "actor": actor,
            "resource": resource,
            "started_at": at,
            "outcome": QUEUED,
            "detail": "",
        }
        waiting = select(func.count()).where(_job.outcome == QUEUED)
        with self._database.transaction() as connection:
            if connection.execute(waiting).scalar_one() >= self._most:
                raise Busy(f"{self._most} jobs are waiting already; wait, or stop some: tundish job list")
            number = connection.execute(insert(tables.jobs).values(row).returning(_job.id)).scalar_one()
            forget_old(connection, number)
            return int(number)

    def claim(self, holder: str, at: datetime, until: datetime) -> Job | None:
        """
        Take the first job that is due and whose resource is free, with a lease; None if there is none.
        """
        change = claiming(holder, at, until)
        try:
            with self._database.transaction() as connection:
                row = connection.execute(change).first()
        except Conflict:
            return None  # another server took a job with the same resource at the same moment
        return as_job(row) if row is not None else None

    def has_due(self, at: datetime) -> bool:
        """
        Whether a job may be waiting to be claimed: cheap, to be asked often.
        """
        due = (_job.outcome == QUEUED) & or_(_job.not_before.is_(None), _job.not_before <= at)
        with self._database.read() as connection:
            return connection.execute(select(_job.id).where(due).limit(1)).first() is not None

    def beat(self, holder: str, until: datetime) -> Mapping[int, bool]:
        """
        Renew the leases of all jobs that a server runs; the answer is which these are, and which of them were
        asked to stop. One that is not among them is the server's no more.
        """
        change = update(tables.jobs).where(_mine(holder)).values(lease_until=until)
        with self._database.transaction() as connection:
            return {row.id: row.stop for row in connection.execute(change.returning(_job.id, _job.stop))}

    def note(self, number: int, holder: str, detail: str) -> None:
        """
        Note how far a job is, if this server still runs it.
        """
        change = update(tables.jobs).where(_job.id == number, _mine(holder)).values(detail=detail)
        with self._database.transaction() as connection:
            connection.execute(change)

    def close(self, number: int, holder: str, outcome: str, detail: str, at: datetime) -> bool:
        """
        Note how a job ended, if this server still runs it; whether it did.

        Raises:
            InputError: not an outcome.
        """
        if outcome not in OUTCOMES:
            raise InputError(f"{outcome!r} is not how a job ends; one of {', '.join(OUTCOMES)}")
        mine = (_job.id == number) & _mine(holder)
        return self._change(mine, {"outcome": outcome, "detail": detail, "ended_at": at, **NO_LEASE}) == 1

    def requeue(
        self, number: int, holder: str, detail: str, not_before: datetime, *, is_counted: bool = True
    ) -> bool:
        """
        Let a job wait again, if this server still runs it; whether it did. An attempt that is not counted
        was none of its own: its resource was busy, or the server stops.
        """
        attempt = _job.attempt if is_counted else _job.attempt - 1
        again = {
            "outcome": QUEUED,
            "detail": detail,
            "not_before": not_before,
            "attempt": attempt,
            **NO_LEASE,
        }
        return self._change((_job.id == number) & _mine(holder), again) == 1

    def drop(self, number: int, detail: str, at: datetime) -> bool:
        """
        End a job that still waits; whether it did.
        """
        waits = (_job.id == number) & (_job.outcome == QUEUED)
        return self._change(waits, {"outcome": STOPPED, "detail": detail, "ended_at": at}) == 1

    def take_up(self, at: datetime, lost: str, dead: Collection[str] = ()) -> TakenUp:
        """
        Let jobs whose lease is over, or whose holder is dead, wait again; those that were asked to stop, or
        were begun too often, end. `lost` is what the detail of the latter says then.
        """
        over = _lapsed(at, dead)
        ended = {"ended_at": at, **NO_LEASE}
        changes = (
            (over & _job.stop.is_(True), {"outcome": STOPPED, **ended}),
            (over & (_job.attempt >= ATTEMPTS), {"outcome": LOST, "detail": lost, **ended}),
            (over, {"outcome": QUEUED, "not_before": None, **NO_LEASE}),
        )
        with self._database.transaction() as connection:
            stopped, given_up, queued = (
                tuple(connection.execute(_changed(where, values).returning(_job.id)).scalars())
                for where, values in changes
            )
        return TakenUp(queued=queued, lost=given_up, stopped=stopped)

    def has_lapsed(self, at: datetime, dead: Collection[str] = ()) -> bool:
        """
        Whether there is a job whose lease is over, or whose holder is dead: cheap, to be asked often.
        """
        with self._database.read() as connection:
            return connection.execute(select(_job.id).where(_lapsed(at, dead)).limit(1)).first() is not None

    def holders(self) -> frozenset[str]:
        """
        The servers that run jobs, or died while they did.
        """
        asked = select(_job.holder).where(_job.outcome == RUNNING, _job.lease_until.is_not(None)).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(asked).scalars())

    def active(self) -> Sequence[Job]:
        """
        All jobs that wait or run, the oldest first.
        """
        asked = select(tables.jobs).where(_job.outcome.in_((QUEUED, RUNNING))).order_by(_job.id)
        with self._database.read() as connection:
            return tuple(map(as_job, connection.execute(asked)))

    def _change(self, where: ColumnElement[bool], values: Mapping[str, object]) -> int:
        with self._database.transaction() as connection:
            return connection.execute(_changed(where, values)).rowcount


def claiming(holder: str, at: datetime, until: datetime) -> ReturningUpdate[Any]:
    """
    The one statement that takes a job. Where engines let several write at once, each claimer passes over the
    rows that another is taking.
    """
    waiting, other = tables.jobs.alias("waiting"), tables.jobs.alias("other")
    is_taken = exists().where(other.c.outcome == RUNNING, other.c.resource == waiting.c.resource)
    first = (
        select(waiting.c.id)
        .where(
            waiting.c.outcome == QUEUED,
            or_(waiting.c.not_before.is_(None), waiting.c.not_before <= at),
            or_(waiting.c.resource == "", ~is_taken),
        )
        .order_by(waiting.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    lease = {"holder": holder, "lease_until": until, "started_at": at, "not_before": None}
    return (
        update(tables.jobs)
        .where(_job.id == first, _job.outcome == QUEUED)
        .values(outcome=RUNNING, attempt=_job.attempt + 1, **lease)
        .returning(*_job)
    )


def _mine(holder: str) -> ColumnElement[bool]:
    return (_job.outcome == RUNNING) & (_job.holder == holder)


def _lapsed(at: datetime, dead: Collection[str]) -> ColumnElement[bool]:
    over = or_(_job.lease_until <= at, _job.lease_until.is_not(None) & _job.holder.in_(dead))
    return (_job.outcome == RUNNING) & over


def _changed(where: ColumnElement[bool], values: Mapping[str, object]) -> Update:
    return update(tables.jobs).where(where).values(**values)
