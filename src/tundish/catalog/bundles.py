"""
Which bundles went out and came in. What a bundle brings becomes visible at once or not at all, together
with the note that it came.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, portions
from tundish.catalog.recording import record
from tundish.core.digest import Digest
from tundish.core.holding import HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import SourceName, source_name

IN, OUT = "in", "out"
IMPORTED = "bundle-imported"

_is, _version = tables.bundles.c, tables.versions.c


@dataclass(frozen=True, slots=True)
class Passed:
    """
    A bundle that went out or came in. `digest` is that of its signed text.
    """

    name: str  # of the file that went out; what its origin is called here, if it came in
    origin: str  # fingerprint of the key that signed it
    serial: int
    digest: Digest
    at: datetime


class Bundles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def last_serial(self) -> int:
        """
        The serial of the last bundle that went out; 0 if none did.
        """
        with self._database.read() as connection:
            return connection.scalar(select(func.max(_is.serial)).where(_is.direction == OUT)) or 0

    def sent(self, passed: Passed) -> None:
        """
        Note that a bundle goes out; its serial is used up from now on.

        Raises:
            Conflict: it was used before.
        """
        with self._database.transaction() as connection:
            connection.execute(insert(tables.bundles), _row(OUT, passed))

    def name_of(self, origin: str) -> SourceName | None:
        """
        What the bundles of an origin were called here when the last one came; None if none has.
        """
        asked = select(_is.name).where(_is.direction == IN, _is.origin == origin)
        with self._database.read() as connection:
            found = connection.scalar(asked.order_by(_is.serial.desc()).limit(1))
        return None if found is None else source_name(found)

    def last(self, name: SourceName) -> Passed | None:
        """
        The newest bundle that came in under a name.
        """
        asked = select(tables.bundles).where(_is.direction == IN, _is.name == name)
        with self._database.read() as connection:
            row = connection.execute(asked.order_by(_is.serial.desc()).limit(1)).first()
        return None if row is None else _as_passed(row)

    def arrive(
        self,
        passed: Passed,
        offers: Iterable[tuple[SourceName, Sequence[Product]]],
        retired: Collection[HoldingId],
        text: str,
    ) -> tuple[HoldingId, ...]:
        """
        Let everything that a bundle offers be complete, and retire what it replaces, all of it or nothing.
        The answer is the ids of what it offers; `text` says so to people.
        """
        at = passed.at
        numbers: list[HoldingId] = []
        with self._database.transaction() as connection:
            for source, products in offers:
                numbers += record(connection, source, products, state=State.COMPLETE, at=at)
            # Legal from every state, as the table of `core.lifecycle` has it.
            _move(connection, numbers, State.COMPLETE, at)
            _move(connection, sorted(retired), State.RETIRED, at)
            known = (_is.direction == IN) & (_is.origin == passed.origin) & (_is.serial == passed.serial)
            connection.execute(delete(tables.bundles).where(known))
            connection.execute(insert(tables.bundles), _row(IN, passed))
            event = {"at": at, "kind": IMPORTED, "subject": passed.name, "text": text}
            connection.execute(insert(tables.events), event)
        return tuple(numbers)


def _move(connection: Connection, numbers: Sequence[HoldingId], state: State, at: datetime) -> None:
    for part in portions(numbers):
        moving = update(tables.versions).where(_version.id.in_(part), _version.state != state.value)
        connection.execute(moving.values(state=state.value, since=at))


def _row(direction: str, passed: Passed) -> dict[str, object]:
    return {
        "direction": direction,
        "name": passed.name,
        "origin": passed.origin,
        "serial": passed.serial,
        "digest": passed.digest.hex,
        "at": passed.at,
    }


def _as_passed(row: Row[Any]) -> Passed:
    return Passed(row.name, row.origin, row.serial, Digest(row.digest), row.at)
