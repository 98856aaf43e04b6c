"""
The machines that asked to boot, what each was told, and whether it came up.

A deployment is begun when a machine is handed a script and reported when its userspace calls back. Of
what a machine never reported only the last is kept: it may ask many times.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, NotFound
from tundish.core.machine import Asker, Deployment, Machine, Report, mac_address

_machine = tables.machines.c
_boot = tables.deployments.c
_REPORTED = _boot.reported_at.is_not(None)


class Machines:
    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(self, asker: Asker, at: datetime) -> None:
        """
        Note that a machine asked to boot.
        """
        with self._database.transaction() as connection:
            _note(connection, mac_address(asker.mac), asker.uuid, at)

    def begin(self, token: str, mac: str, *, image: str, version: str, root: Digest, at: datetime) -> None:
        """
        Note what a machine is told to boot. An earlier boot that it never reported is forgotten.

        Raises:
            Conflict: the token was given out before.
        """
        mac = mac_address(mac)
        told = {"image": image, "version": version, "root": root.hex}
        row = {"token": token, "mac": mac, "started_at": at, **told}
        with self._database.transaction() as connection:
            _note(connection, mac, None, at)
            connection.execute(delete(tables.deployments).where(_boot.mac == mac, ~_REPORTED))
            connection.execute(insert(tables.deployments).values(row))

    def report(self, report: Report, at: datetime) -> Deployment:
        """
        Note that a machine's userspace runs. Telling it twice changes nothing.

        Raises:
            NotFound: no boot was begun under this token, or it was begun anew since.
            Conflict: the machine runs something else than it was told.
        """
        with self._database.transaction() as connection:
            row = connection.execute(select(tables.deployments).where(_boot.token == report.token)).first()
            if row is None:
                raise NotFound("no boot was begun under this token, or the machine has asked again since")
            _compare(row, report)
            if row.reported_at is not None:
                return _deployment(row)
            connection.execute(update(tables.deployments).where(_boot.id == row.id).values(reported_at=at))
            connection.execute(
                update(tables.machines)
                .where(_machine.mac == row.mac)
                .values(machine_id=report.machine_id, last_seen=at)
            )
            return Deployment(row.mac, row.image, row.version, Digest(row.root), row.started_at, at)

    def get(self, mac: str) -> Machine:
        """
        One machine.

        Raises:
            NotFound: none with this address has asked.
        """
        mac = mac_address(mac)
        with self._database.read() as connection:
            row = connection.execute(_counted().where(_machine.mac == mac)).first()
        if row is None:
            raise NotFound(f"no machine {mac} has asked to boot; see them all: tundish machine list")
        return _found(row)

    def list(self) -> tuple[Machine, ...]:
        """
        Every machine that ever asked, by address.
        """
        with self._database.read() as connection:
            return tuple(map(_found, connection.execute(_counted().order_by(_machine.mac))))

    def deployments(
        self, mac: str | None = None, limit: int = 100, *, before: int = 0
    ) -> tuple[Deployment, ...]:
        """
        The last deployments, of one machine or of all, the newest first; with `before`, older ones only.
        """
        asked = select(tables.deployments).order_by(_boot.id.desc()).limit(bounded(limit))
        if mac is not None:
            asked = asked.where(_boot.mac == mac_address(mac))
        if before:
            asked = asked.where(_boot.id < before)
        with self._database.read() as connection:
            return tuple(_deployment(row) for row in connection.execute(asked))

    def counts(self) -> Mapping[tuple[str, str], int]:
        """
        How often each version of each image was reported to run, by (image, version).
        """
        asked = select(_boot.image, _boot.version, func.count()).where(_REPORTED)
        with self._database.read() as connection:
            found = connection.execute(asked.group_by(_boot.image, _boot.version))
            return MappingProxyType({(image, version): count for image, version, count in found})


def _note(connection: Connection, mac: str, uuid: str | None, at: datetime) -> None:
    """
    The machine is known, and was seen just now. An address once told keeps its UUID until another is told.
    """
    change = {"last_seen": at} if uuid is None else {"last_seen": at, "uuid": uuid}
    known = connection.execute(update(tables.machines).where(_machine.mac == mac).values(change))
    if known.rowcount == 0:
        row = {"mac": mac, "uuid": uuid, "first_seen": at, "last_seen": at}
        connection.execute(insert(tables.machines).values(row))


def _compare(row: Row[Any], report: Report) -> None:
    told, runs = (row.version, row.root), (report.version, report.root.hex)
    if told != runs:
        raise Conflict(
            f"{row.mac} was told to boot {row.image} {row.version} with root {row.root[:12]}…, but reports "
            f"version {report.version[:80]!r} with root {report.root.hex[:12]}…; boot it again"
        )


def _counted() -> Select[Any]:
    """
    Every machine with the number of its reported deployments.
    """
    columns = list(tables.machines.columns)
    reported = func.count(_boot.reported_at).label("deployments")
    return select(*columns, reported).outerjoin_from(tables.machines, tables.deployments).group_by(*columns)


def _found(row: Row[Any]) -> Machine:
    return Machine(
        mac=row.mac,
        uuid=row.uuid,
        machine_id=row.machine_id,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        deployments=row.deployments,
    )


def _deployment(row: Row[Any]) -> Deployment:
    return Deployment(
        mac=row.mac,
        image=row.image,
        version=row.version,
        root=Digest(row.root),
        started_at=row.started_at,
        reported_at=row.reported_at,
    )
