"""
Releases and channels: what was offered under which name, and when that changed.

A release is written once, with the move that first names it, and never again. The moves of a channel are
its history; nothing deletes them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded, portions
from tundish.catalog.nearest import nearest
from tundish.core.digest import Digest
from tundish.core.errors import NotFound
from tundish.core.holding import HoldingId
from tundish.core.names import ChannelName
from tundish.core.release import Channel, Move, Release, Verb

_release, _released = tables.releases.c, tables.released.c
_channel, _move = tables.channels.c, tables.channel_moves.c


class Channels:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> tuple[Channel, ...]:
        """
        Every channel, by name.
        """
        with self._database.read() as connection:
            return tuple(sorted(map(_as_channel, connection.execute(select(tables.channels))), key=_by_name))

    def get(self, name: str) -> Channel:
        """
        The channel of this name.

        Raises:
            NotFound: there is none; the message names the nearest.
        """
        with self._database.read() as connection:
            row = connection.execute(select(tables.channels).where(_channel.name == name)).one_or_none()
            if row is None:
                known = set(connection.scalars(select(_channel.name)))
                raise NotFound(f"there is no channel {name!r}; {nearest(name, known)}")
            return _as_channel(row)

    def find(self, name: str) -> Channel | None:
        """
        The channel of this name, if there is one.
        """
        with self._database.read() as connection:
            row = connection.execute(select(tables.channels).where(_channel.name == name)).one_or_none()
            return None if row is None else _as_channel(row)

    def release(self, number: int) -> Release:
        """
        The release of this number; what it offers tells `Images.released`.

        Raises:
            NotFound: there is none.
        """
        versions = select(func.count()).where(_released.release_id == number).scalar_subquery()
        asked = select(_release.id, _release.made_at, _release.note, versions).where(_release.id == number)
        with self._database.read() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            raise NotFound(
                f"there is no release {number}; those of a channel shows: tundish channel show NAME"
            )
        return Release(row[0], row[1], Digest(row[2]), row[3])

    def moves(self, name: ChannelName, *, limit: int = 10_000) -> tuple[Move, ...]:
        """
        The last moves of a channel, the oldest of them first.
        """
        asked = select(tables.channel_moves).where(_move.channel == name)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(_move.id.desc()).limit(bounded(limit))).all()
        return tuple(_as_move(row) for row in reversed(rows))

    def as_of(self, name: ChannelName, moment: datetime) -> Move:
        """
        The move that a channel stood by at a moment.

        Raises:
            NotFound: it was not there yet.
        """
        asked = select(tables.channel_moves).where(_move.channel == name, _move.at <= moment)
        with self._database.read() as connection:
            row = connection.execute(asked.order_by(_move.id.desc()).limit(1)).one_or_none()
        if row is None:
            raise NotFound(f"channel {name!r} offered nothing yet on {moment:%Y-%m-%d %H:%M} UTC")
        return _as_move(row)

    def publish(
        self, channel: Channel, versions: Collection[HoldingId], content: Digest, at: datetime
    ) -> Release:
        """
        Write down a release of these versions and point a channel at it; `channel.release` does not matter.
        """
        row = {"made_at": at, "note": content.hex}
        with self._database.transaction() as connection:
            adding = insert(tables.releases).values(row).returning(_release.id)
            number = int(connection.execute(adding).scalar_one())
            for part in portions(sorted(set(versions))):
                rows = [{"release_id": number, "version_id": version} for version in part]
                connection.execute(insert(tables.released), rows)
            _point(connection, Channel(channel.name, channel.dialect, number), Verb.PUBLISH, at)
        return Release(number, at, content, len(set(versions)))

    def point(self, channel: Channel, verb: Verb, at: datetime) -> None:
        """
        Let a channel, which is made if it is new, name the release that `channel` says.

        Raises:
            Conflict: there is no such release.
        """
        with self._database.transaction() as connection:
            _point(connection, channel, verb, at)


def _point(connection: Connection, channel: Channel, verb: Verb, at: datetime) -> None:
    pointing = update(tables.channels).where(_channel.name == channel.name)
    if connection.execute(pointing.values(release_id=channel.release)).rowcount == 0:
        row = {"name": channel.name, "dialect": channel.dialect, "release_id": channel.release}
        connection.execute(insert(tables.channels).values(row))
    move = {"channel": channel.name, "release_id": channel.release, "verb": verb.value, "at": at}
    connection.execute(insert(tables.channel_moves).values(move))


def _as_channel(row: Row[Any]) -> Channel:
    return Channel(ChannelName(row.name), row.dialect, row.release_id)


def _as_move(row: Row[Any]) -> Move:
    return Move(row.id, ChannelName(row.channel), row.release_id, Verb(row.verb), row.at)


def _by_name(channel: Channel) -> str:
    return channel.name
