"""
Users: who may come in, with which password, and what each of them may do.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tundish.catalog.db import Database
from tundish.catalog.door_tables import users
from tundish.catalog.nearest import nearest
from tundish.core.errors import Conflict, NotFound
from tundish.core.image import Json
from tundish.core.people import Grant, Kind, Role, User

_is = users.c


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: User, password: str) -> None:
        """
        Let somebody be known; `password` is its hash, or empty.

        Raises:
            Conflict: there is a user of this name.
        """
        row = {
            "name": user.name,
            "email": user.email,
            "password": password,
            "grants": _written(user.grants),
            "enabled": user.enabled,
            "made_at": user.made_at,
        }
        with self._database.transaction() as connection:
            if connection.scalar(select(_is.name).where(_is.name == user.name)) is not None:
                raise Conflict(f"there is a user {user.name} already; see: tundish user show {user.name}")
            connection.execute(insert(users).values(row))

    def get(self, name: str) -> User:
        """
        The user of this name.

        Raises:
            NotFound: there is none; the message names the nearest.
        """
        with self._database.read() as connection:
            row = _row(connection, name)
            if row is None:
                raise NotFound(
                    f"there is no user {name!r}; {nearest(name, set(connection.scalars(select(_is.name))))}"
                )
            return _user(row)

    def list(self) -> tuple[User, ...]:
        """
        Every user, by name.
        """
        with self._database.read() as connection:
            return tuple(sorted(map(_user, connection.execute(select(users))), key=lambda each: each.name))

    def any(self) -> bool:
        """
        Whether somebody is known at all.
        """
        with self._database.read() as connection:
            return bool(connection.scalar(select(func.count()).select_from(users)))

    def password(self, name: str) -> tuple[User, str] | None:
        """
        A user and the hash of the password (empty: there is none); None if nobody has this name.
        """
        with self._database.read() as connection:
            row = _row(connection, name)
            return None if row is None else (_user(row), row.password)

    def set_password(self, name: str, password: str) -> None:
        """
        Raises:
            NotFound: there is no such user.
        """
        self._change(name, password=password)

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        """
        Raises:
            NotFound: there is no such user.
            Conflict: nobody would be left who may let others in.
        """
        self._change(name, enabled=enabled)

    def set_grants(self, name: str, grants: Sequence[Grant]) -> None:
        """
        Raises:
            NotFound: there is no such user.
            Conflict: nobody would be left who may let others in.
        """
        self._change(name, grants=_written(grants))

    def set_email(self, name: str, email: str) -> None:
        """
        Raises:
            NotFound: there is no such user.
        """
        self._change(name, email=email)

    def remove(self, name: str) -> None:
        """
        Forget a user and all tokens; what the audit says of the user stays.

        Raises:
            NotFound: there is no such user.
            Conflict: nobody would be left who may let others in.
        """
        self.get(name)
        with self._database.transaction() as connection:
            connection.execute(delete(users).where(_is.name == name))
            _must_leave_an_admin(connection)

    def _change(self, name: str, **values: object) -> None:
        self.get(name)
        with self._database.transaction() as connection:
            connection.execute(update(users).where(_is.name == name).values(**values))
            if "password" not in values and "email" not in values:
                _must_leave_an_admin(connection)


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(users).where(_is.name == name)).one_or_none()


def _must_leave_an_admin(connection: Connection) -> None:
    left = map(_user, connection.execute(select(users).where(_is.enabled)))
    if not any(Grant(Role.ADMIN) in user.grants for user in left):
        raise Conflict("nobody would be left who is an admin of everything; make another one first")


def read_grants(listed: Iterable[Json]) -> tuple[Grant, ...]:
    """
    Grants as they were written.
    """
    return tuple(
        Grant(Role(str(each[0])), Kind(str(each[1])), str(each[2]))
        for each in listed
        if isinstance(each, list)
    )


def write_grants(grants: Iterable[Grant]) -> list[Json]:
    return [[str(grant.role), str(grant.kind), grant.pattern] for grant in grants]


def _written(grants: Iterable[Grant]) -> dict[str, Json]:
    return {"grants": write_grants(grants)}


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        email=row.email,
        grants=read_grants(row.grants.get("grants", ())),
        enabled=row.enabled,
        made_at=row.made_at,
        has_password=bool(row.password),
    )
