"""
What stays although something newer took its place, and how the rest leaves the catalog.

A version is tied by a pin, by a machine that runs it, or by a channel that offers it or would after a
roll back. Ties are asked again in the transaction that forgets: a pin set a moment ago counts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, delete, exists, func, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, portions
from tundish.core.errors import NotFound
from tundish.core.holding import HoldingId
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName
from tundish.core.release import Move, Verb, stack

_image, _version, _file = tables.images.c, tables.versions.c, tables.files.c
_boot, _released = tables.deployments.c, tables.released.c


class Keeping:
    def __init__(self, database: Database) -> None:
        self._database = database

    def pin(self, number: HoldingId, *, pinned: bool) -> None:
        """
        Let a version stay, whatever is newer, or let it go with the others again.

        Raises:
            NotFound: there is no such version.
        """
        change = update(tables.versions).where(_version.id == number).values(pinned=pinned)
        with self._database.transaction() as connection:
            if connection.execute(change).rowcount == 0:
                raise _gone(number)

    def hold(self, number: HoldingId, *, on: bool) -> None:
        """
        Take nothing newer of the image that this version is of, or take it again.

        Raises:
            NotFound: there is no such version.
        """
        image = select(_version.image_id).where(_version.id == number).scalar_subquery()
        change = update(tables.images).where(_image.id == image).values(hold=on)
        with self._database.transaction() as connection:
            if connection.execute(change).rowcount == 0:
                raise _gone(number)

    def drop(self, gone: Collection[HoldingId], back: Collection[HoldingId], at: datetime) -> None:
        """
        Mark what its source no longer offers, and take the mark from what it offers again.
        """
        if not gone and not back:
            return
        with self._database.transaction() as connection:
            for part in portions(sorted(gone)):
                marking = update(tables.versions).where(_version.id.in_(part), _version.dropped_at.is_(None))
                connection.execute(marking.values(dropped_at=at))
            for part in portions(sorted(back)):
                connection.execute(
                    update(tables.versions).where(_version.id.in_(part)).values(dropped_at=None)
                )

    def ties(self) -> Mapping[HoldingId, str]:
        """
        The versions that stay, each with the reason.
        """
        with self._database.read() as connection:
            return MappingProxyType(_ties(connection))

    def forget(self, numbers: Collection[HoldingId], before: datetime) -> tuple[HoldingId, ...]:
        """
        Strike out those of these versions that were retired before a moment and that nothing ties; old
        releases lose them. The answer is what went; the store keeps their bytes until they are swept.
        """
        gone: list[HoldingId] = []
        with self._database.transaction() as connection:
            tied = _ties(connection)
            for part in portions(sorted(set(numbers) - set(tied))):
                old = (_version.state == State.RETIRED.value) & (_version.since <= before)
                found = list(connection.scalars(select(_version.id).where(_version.id.in_(part), old)))
                connection.execute(delete(tables.released).where(_released.version_id.in_(found)))
                connection.execute(delete(tables.versions).where(_version.id.in_(found)))
                gone += map(HoldingId, found)
            if gone:
                inside = exists().where(_version.image_id == _image.id)
                connection.execute(delete(tables.images).where(~inside))
        return tuple(sorted(gone))


def _gone(number: int) -> NotFound:
    return NotFound(f"the catalog holds no image version number {number}; see them all: tundish image list")


def _ties(connection: Connection) -> dict[HoldingId, str]:
    """
    The strongest reason last: what people did themselves is what they are told.
    """
    return (
        _released_by_channels(connection)
        | _deployed(connection)
        | {
            HoldingId(number): "pinned"
            for number in connection.scalars(select(_version.id).where(_version.pinned))
        }
    )


def _released_by_channels(connection: Connection) -> dict[HoldingId, str]:
    """
    What a channel offers, and what it would offer after a roll back.
    """
    reasons: dict[int, str] = {}
    found = _stacks(connection)
    for name, passed in found.items():
        if len(passed) > 1:
            reasons[passed[-2]] = f"a roll back of channel {name} goes back to it"
    for name, passed in found.items():
        reasons[passed[-1]] = f"channel {name} offers it"
    tied: dict[HoldingId, str] = {}
    for release in sorted(reasons, key=lambda each: "offers" in reasons[each]):
        inside = select(_released.version_id).where(_released.release_id == release)
        tied |= {HoldingId(number): reasons[release] for number in connection.scalars(inside)}
    return tied


def _stacks(connection: Connection) -> dict[str, tuple[int, ...]]:
    """
    For each channel the releases that roll backs pass, that which it names now last.
    """
    moves: dict[str, list[Move]] = {}
    for row in connection.execute(select(tables.channel_moves).order_by(tables.channel_moves.c.id)):
        move = Move(row.id, ChannelName(row.channel), row.release_id, Verb(row.verb), row.at)
        moves.setdefault(row.channel, []).append(move)
    return {name: stack(found) for name, found in moves.items()}


def _deployed(connection: Connection) -> dict[HoldingId, str]:
    """
    What machines reported to run when they last reported.
    """
    newest = select(func.max(_boot.id)).where(_boot.reported_at.is_not(None)).group_by(_boot.mac)
    asked = select(_boot.image, _boot.version, _boot.root, func.count()).where(_boot.id.in_(newest))
    rows = connection.execute(asked.group_by(_boot.image, _boot.version, _boot.root))
    running = {(image, version, root): count for image, version, root, count in rows}
    tied: dict[HoldingId, str] = {}
    for part in portions(sorted({root for _, _, root in running})):
        columns = (_version.id, _version.name, _file.sha256)
        name = (_image.os, _image.series, _image.arch, _image.kernel)
        inside = tables.files.join(tables.versions).join(tables.images)
        asked_files = select(*columns, *name).select_from(inside).where(_file.sha256.in_(part))
        for number, version, root, *words in connection.execute(asked_files):
            count = running.get(("/".join(filter(None, words)), version, root))
            if count:
                tied[HoldingId(number)] = f"deployed on {count} machine{'' if count == 1 else 's'}"
    return tied
