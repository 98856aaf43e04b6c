"""
Numbers for what we know by name, for doors whose clients want numbers. A number means one thing for ever.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import insert, select, update

from tundish.catalog.db import Database, portions
from tundish.catalog.door_tables import numbers
from tundish.core.errors import NotFound

_is = numbers.c
_MOST = 2**31 - 1
_MANY = 2_000  # keys, from which on all that are known are read at once
_APART = "(for a moment)"


class Numbers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str, keys: Collection[str]) -> Mapping[str, int]:
        """
        The number of each key; those that have none yet are given one.
        """
        wanted = sorted(set(keys))
        found = self._known(kind, wanted)
        new = [key for key in wanted if key not in found]
        if not new:
            return found
        with self._database.transaction() as connection:
            for part in portions(new):
                taken = set(connection.scalars(select(_is.key).where(_is.kind == kind, _is.key.in_(part))))
                rows = [{"kind": kind, "key": key} for key in part if key not in taken]
                if rows:
                    connection.execute(insert(numbers), rows)
        return self._known(kind, wanted)

    def key(self, kind: str, number: int) -> str:
        """
        What a number means.

        Raises:
            NotFound: it was never given to anything of this kind.
        """
        asked = select(_is.key).where(_is.kind == kind, _is.id == min(max(number, 0), _MOST))
        with self._database.read() as connection:
            key = connection.scalar(asked)
        if key is None:
            raise NotFound(f"there is no {kind} number {number}")
        return str(key)

    def rename(self, kind: str, before: str, after: str) -> None:
        """
        Let the number of `before` mean `after`. A number that `after` had means `before` from then on.
        """
        with self._database.transaction() as connection:
            for old, new in ((after, f"{after} {_APART}"), (before, after), (f"{after} {_APART}", before)):
                change = update(numbers).where(_is.kind == kind, _is.key == old)
                connection.execute(change.values(key=new))

    def _known(self, kind: str, keys: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        with self._database.read() as connection:
            if len(keys) > _MANY:
                asked = select(_is.key, _is.id).where(_is.kind == kind)
                wanted = frozenset(keys)
                return {key: number for key, number in connection.execute(asked) if key in wanted}
            for part in portions(list(keys)):
                asked = select(_is.key, _is.id).where(_is.kind == kind, _is.key.in_(part))
                found.update({row.key: row.id for row in connection.execute(asked)})
        return found
