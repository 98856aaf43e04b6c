"""
What has changed since a moment, in a few cheap questions: for one reader who tells all others.

Every answer has a bound, the oldest first; what is behind it comes with the next question.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from tundish.catalog import tables
from tundish.catalog.db import Database
from tundish.catalog.door_tables import audit, uploads
from tundish.catalog.records import QUEUED, RUNNING, as_job
from tundish.core.holding import Event, Job
from tundish.core.upload import Asked

MOST = 500  # rows of each kind in one answer
TYING = ("image.pin", "image.unpin", "image.hold", "image.unhold", "image.release")

_job, _event, _transfer, _upload = tables.jobs.c, tables.events.c, tables.transfers.c, uploads.c
_version, _image = tables.versions.c, tables.images.c
_versions_of_images = tables.versions.join(tables.images, _image.id == _version.image_id)


@dataclass(frozen=True, slots=True)
class Moved:
    """
    A version of an image, or an upload or a transfer, that has another state since `at`.
    """

    id: str
    name: str  # a ref, or the name of an image, or of a source
    state: str
    at: datetime
    came: int = 0
    size: int = 0
    path: str = ""


class Changes:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def watching(self) -> Iterator[Callable[[], object]]:
        """
        A question that costs next to nothing: its answer is another one once anybody has written anything.
        """
        with self._database.watching() as stamp:
            yield stamp

    def newest(self) -> tuple[int, int]:
        """
        The numbers of the last job and the last event; 0: there is none.
        """
        asked = select(
            select(func.coalesce(func.max(_job.id), 0)).scalar_subquery(),
            select(func.coalesce(func.max(_event.id), 0)).scalar_subquery(),
        )
        with self._database.read() as connection:
            job, event = connection.execute(asked).one()
            return int(job), int(event)

    def jobs(self, after: int, known: Collection[int]) -> tuple[Job, ...]:
        """
        Every job that waits or runs, those behind the one of a number, and those that are known.
        """
        wanted = or_(_job.outcome.in_((QUEUED, RUNNING)), _job.id > after, _job.id.in_(known))
        asked = select(tables.jobs).where(wanted).order_by(_job.id).limit(2 * MOST)
        with self._database.read() as connection:
            return tuple(map(as_job, connection.execute(asked)))

    def events(self, after: int) -> tuple[Event, ...]:
        """
        The first events behind the one of a number.
        """
        asked = select(_event.id, _event.at, _event.kind, _event.subject, _event.text)
        asked = asked.where(_event.id > after).order_by(_event.id).limit(MOST)
        with self._database.read() as connection:
            return tuple(Event(*row) for row in connection.execute(asked))

    def images(self, since: datetime) -> tuple[Moved, ...]:
        """
        The first versions whose state is of this moment or later.
        """
        words = (_image.os, _image.series, _image.arch, _image.kernel)
        asked = select(_version.id, _version.state, _version.since, _version.name, *words)
        asked = asked.select_from(_versions_of_images).where(_version.since >= since)
        with self._database.read() as connection:
            found = connection.execute(asked.order_by(_version.since, _version.id).limit(MOST)).all()
        return tuple(
            Moved(str(number), f"{'/'.join(filter(None, parts))}@{name}", state, at)
            for number, state, at, name, *parts in found
        )

    def ties(self) -> tuple[int, int]:
        """
        The number of the last deed that pinned an image, held one or let it go, and how many versions there
        are; their states say the rest.
        """
        deed = select(func.coalesce(func.max(audit.c.id), 0)).where(audit.c.deed.in_(TYING))
        asked = select(
            deed.scalar_subquery(), select(func.count()).select_from(tables.versions).scalar_subquery()
        )
        with self._database.read() as connection:
            last, count = connection.execute(asked).one()
            return int(last), int(count)

    def uploads(self, since: datetime) -> tuple[Moved, ...]:
        """
        The first uploads that were touched at this moment or later.
        """
        asked = select(uploads).where(_upload.touched_at >= since).order_by(_upload.touched_at, _upload.id)
        with self._database.read() as connection:
            found = connection.execute(asked.limit(MOST)).all()
        return tuple(
            Moved(str(row.id), Asked(**row.asked).name, row.state, row.touched_at, row.came, row.size)
            for row in found
        )

    def transfers(self, since: datetime) -> tuple[Moved, ...]:
        """
        The first files of running jobs that moved at this moment or later.
        """
        asked = select(tables.transfers).where(_transfer.at >= since)
        with self._database.read() as connection:
            found = connection.execute(asked.order_by(_transfer.at, _transfer.sha256).limit(MOST)).all()
        return tuple(
            Moved(
                row.sha256,
                row.source,
                "ended" if row.ended else "moving",
                row.at,
                row.came,
                row.size,
                row.path,
            )
            for row in found
        )
