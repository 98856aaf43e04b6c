"""
The figures for a monitor, counted by the engine in one look.

What would take long with many images (each blob counts once) is counted again only when something changed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from tundish.catalog import door_tables, tables
from tundish.catalog.db import Database
from tundish.catalog.schema import stored_revision
from tundish.core.errors import StorageError
from tundish.core.figures import Figures
from tundish.core.lifecycle import State

MOST_DEPLOYED = 500  # images and versions that are counted one by one; the rest are one sum
REST = "other"
_STATIC = "%-custom-download"  # content ids of images of one's own
_RUNS = "custom/%"  # and the beginning of their names


class FigureBook:
    def __init__(self, database: Database, *, most_deployed: int = MOST_DEPLOYED) -> None:
        self._database, self._most = database, most_deployed
        self._totals: tuple[object, int, int] = (None, 0, 0)

    def now(self) -> Figures:
        """
        Raises:
            Overloaded, StorageError: see `wall`.
        """
        with self._database.read() as connection:
            blobs, size = self._stored(connection)
            return Figures(
                sources=_sources(connection),
                last_sync=_last_sync(connection),
                images=_counted(connection, tables.versions.c.state),
                deployments=_deployments(connection, self._most),
                jobs={
                    (kind, outcome): count
                    for kind, outcome, count in connection.execute(
                        select(tables.jobs.c.kind, tables.jobs.c.outcome, func.count()).group_by(
                            tables.jobs.c.kind, tables.jobs.c.outcome
                        )
                    )
                },
                uploads=_counted(connection, door_tables.uploads.c.state),
                notices=_counted(
                    connection, tables.notices.c.severity, tables.notices.c.dismissed_at.is_(None)
                ),
                machines=connection.scalar(select(func.count()).select_from(tables.machines)) or 0,
                fetched={
                    source: int(came)
                    for source, came in connection.execute(
                        select(tables.transfers.c.source, func.sum(tables.transfers.c.came)).group_by(
                            tables.transfers.c.source
                        )
                    )
                },
                blobs=blobs,
                size=size,
                static=_static(connection),
                static_deployed=_static_deployed(connection),
            )

    def check(self) -> None:
        """
        Look whether the catalog answers, and has the schema that we know.

        Raises:
            Overloaded, StorageError: see `wall`; or somebody has brought it to another schema.
        """
        with self._database.read() as connection:
            if stored_revision(connection) != tables.HEAD:
                raise StorageError("the catalog has another schema by now; run the tundish that made it")

    def _stored(self, connection: Connection) -> tuple[int, int]:
        """
        How many blobs, and their bytes: of all files, each content once; retired versions do not count.
        """
        version = tables.versions.c
        mark = connection.execute(select(func.count(), func.max(version.id), func.max(version.since))).one()
        if self._totals[0] != tuple(mark):
            file = tables.files.c
            blobs = (
                select(file.sha256, func.max(file.size).label("size"))
                .select_from(tables.files.join(tables.versions))
                .where(version.state != State.RETIRED.value)
                .group_by(file.sha256)
                .subquery()
            )
            count, size = connection.execute(select(func.count(), func.sum(blobs.c.size))).one()
            self._totals = (tuple(mark), count, int(size or 0))
        return self._totals[1], self._totals[2]


def _counted(
    connection: Connection, column: ColumnElement[Any], *where: ColumnElement[bool]
) -> Mapping[str, int]:
    asked = select(column, func.count()).where(*where).group_by(column)
    return {str(name): count for name, count in connection.execute(asked)}


def _sources(connection: Connection) -> Mapping[str, datetime | None]:
    asked = (
        select(tables.sources.c.name, func.max(tables.seen.c.at))
        .outerjoin_from(tables.sources, tables.seen)
        .where(tables.sources.c.enabled)
        .group_by(tables.sources.c.name)
    )
    return {str(name): at for name, at in connection.execute(asked)}


def _last_sync(connection: Connection) -> tuple[str, datetime] | None:
    job = tables.jobs.c
    asked = (
        select(job.outcome, job.ended_at)
        .where((job.kind == "sync") & job.ended_at.is_not(None))
        .order_by(job.id.desc())
        .limit(1)
    )
    row = connection.execute(asked).first()
    return None if row is None else (row[0], row[1])


def _deployments(connection: Connection, most: int) -> Mapping[tuple[str, str, str], int]:
    boot = tables.deployments.c
    is_reported = boot.reported_at.is_not(None)
    count = func.count().label("count")
    asked = (
        select(boot.image, boot.version, is_reported, count)
        .group_by(boot.image, boot.version, is_reported)
        .order_by(count.desc(), boot.image, boot.version)
    )
    found: dict[tuple[str, str, str], int] = {}
    for image, version, reported, number in connection.execute(asked):
        words = ("yes" if reported else "no",)
        key = (image, version, *words) if len(found) < most else (REST, REST, *words)
        found[key] = found.get(key, 0) + number
    return found


def _static(connection: Connection) -> Mapping[tuple[str, str], int]:
    image, version = tables.images.c, tables.versions.c
    asked = (
        select(image.id, image.extra, version.extra)
        .select_from(tables.images.join(tables.versions))
        .where(image.content_id.like(_STATIC) & (version.state != State.RETIRED.value))
        .order_by(image.id, version.name)
    )
    newest = {
        number: (str(of_image.get("base_image", "")), str(words.get("filetype", "")))
        for number, of_image, words in connection.execute(asked)
    }
    counts: dict[tuple[str, str], int] = {}
    for key in newest.values():
        counts[key] = counts.get(key, 0) + 1
    return counts


def _static_deployed(connection: Connection) -> int:
    boot = tables.deployments.c
    last = (
        select(func.max(boot.id).label("id"))
        .where(boot.reported_at.is_not(None))
        .group_by(boot.mac)
        .subquery()
    )
    asked = (
        select(func.count())
        .select_from(tables.deployments.join(last, and_(boot.id == last.c.id)))
        .where(boot.image.like(_RUNS))
    )
    return connection.scalar(asked) or 0
