"""
Tokens: found by their public half, believed by the sha256 of their secret one. And what was signed with them.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, String, delete, insert, select, type_coerce, update

from tundish.catalog.db import Database, portions
from tundish.catalog.door_tables import nonces, tokens, users
from tundish.catalog.users import read_grants, write_grants
from tundish.core.errors import Conflict, NotFound
from tundish.core.people import Grant, Token

_is, _nonce, _user = tokens.c, nonces.c, users.c
_SELDOM = timedelta(minutes=1)  # how often it is written that a token was used


@dataclass(frozen=True, slots=True)
class Held:
    """
    A token with what it is believed by, and what its user may now.
    """

    token: Token
    secret: str  # sha256, hex
    grants: tuple[Grant, ...]  # of the user
    enabled: bool  # the user


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: Token, secret: str) -> None:
        """
        Let a token count; `secret` is the sha256 of its secret half.
        """
        row = {
            "key": token.key,
            "user": token.user,
            "name": token.name,
            "kind": token.kind,
            "consumer": token.consumer,
            "secret": secret,
            "grants": {"grants": write_grants(token.grants)},
            "made_at": token.made_at,
            "expires_at": token.expires_at,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(tokens).values(row))

    def find(self, key: str) -> Held | None:
        """
        The token with this public half, and what its user may.
        """
        asked = select(tokens, _user.grants.label("may"), _user.enabled)
        with self._database.read() as connection:
            row = connection.execute(
                asked.join(users, _is.user == _user.name).where(_is.key == key)
            ).one_or_none()
        if row is None:
            return None
        return Held(_token(row), row.secret, read_grants(row.may.get("grants", ())), row.enabled)

    def standing(self, keys: Collection[str], at: datetime) -> dict[str, tuple[Grant, ...]]:
        """
        Of the tokens with these public halves those that count at this moment, and what their users may.
        """
        found: dict[str, tuple[Grant, ...]] = {}
        asked = select(_is.key, type_coerce(_user.grants, String)).join(users, _is.user == _user.name)
        counting = asked.where(_user.enabled, _is.expires_at.is_(None) | (_is.expires_at > at))
        with self._database.read() as connection:
            for part in portions(sorted(keys)):
                rows = connection.execute(counting.where(_is.key.in_(part)))
                found.update((key, _grants(written)) for key, written in rows)
        return found

    def list(self, user: str = "", *, kind: str = "") -> tuple[Token, ...]:
        """
        All tokens (of one user, of one kind), the oldest first; those that have expired, too.
        """
        asked = select(tokens).order_by(_is.made_at, _is.key)
        if user:
            asked = asked.where(_is.user == user)
        if kind:
            asked = asked.where(_is.kind == kind)
        with self._database.read() as connection:
            return tuple(map(_token, connection.execute(asked)))

    def get(self, key: str) -> Token:
        """
        Raises:
            NotFound: there is none with this public half.
        """
        with self._database.read() as connection:
            row = connection.execute(select(tokens).where(_is.key == key)).one_or_none()
        if row is None:
            raise NotFound(f"there is no token {key!r}; see them all: tundish token list")
        return _token(row)

    def rename(self, key: str, name: str) -> None:
        """
        Raises:
            NotFound: there is none with this public half.
        """
        self.get(key)
        with self._database.transaction() as connection:
            connection.execute(update(tokens).where(_is.key == key).values(name=name))

    def remove(self, key: str) -> None:
        """
        Let a token count no more; one that is not there changes nothing.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tokens).where(_is.key == key))

    def remove_sessions(self, user: str) -> None:
        """
        End all sessions of a user, as after a new password.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(tokens).where(_is.user == user, _is.kind == "session"))

    def used(self, token: Token, at: datetime) -> None:
        """
        Note that a token was used, at most once a minute.
        """
        if token.used_at is not None and at - token.used_at < _SELDOM:
            return
        with self._database.transaction() as connection:
            connection.execute(update(tokens).where(_is.key == token.key).values(used_at=at))

    def signed(self, key: str, nonce: str, at: datetime, *, window: timedelta) -> bool:
        """
        Remember that something was signed with this nonce: false if it was, within the window, before.
        """
        try:
            with self._database.transaction() as connection:
                connection.execute(delete(nonces).where(_nonce.at < at - 2 * window))
                connection.execute(insert(nonces).values(token=key, nonce=nonce, at=at))
        except Conflict:
            return False
        return True

    def prune(self, at: datetime, *, idle: timedelta) -> None:
        """
        Forget sessions that have ended, and the tokens that expired a month ago.
        """
        with self._database.transaction() as connection:
            connection.execute(
                delete(tokens).where(_is.kind == "session", (_is.expires_at < at) | (_is.used_at < at - idle))
            )
            connection.execute(delete(tokens).where(_is.expires_at < at - timedelta(days=30)))


@lru_cache(maxsize=256)
def _grants(written: str) -> tuple[Grant, ...]:
    return read_grants(json.loads(written).get("grants", ()))


def _token(row: Row[Any]) -> Token:
    return Token(
        key=row.key,
        user=row.user,
        name=row.name,
        kind=row.kind,
        consumer=row.consumer,
        grants=read_grants(row.grants.get("grants", ())),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
