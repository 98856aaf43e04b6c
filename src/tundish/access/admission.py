"""
Who asks: a password, token, session or MAAS key becomes an actor, or nobody.

Tokens have secrets that nobody guesses, so they are only compared; passwords are counted and locked out.
Answers to wrong names and to wrong passwords are the same, and cost the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tundish.access import keys, policy
from tundish.access.keys import Key
from tundish.access.passwords import Passwords
from tundish.access.setup import Setup
from tundish.catalog.opened import Catalog
from tundish.catalog.tokens import Held
from tundish.core import names
from tundish.core.answered import note_asker
from tundish.core.errors import Conflict, Locked, Unauthorised
from tundish.core.people import EVERYTHING, Actor, Token, User

COOKIE = "tundish-session"  # what the page keeps a session in

_NOBODY = "no token, or one that does not count; make one: tundish token create NAME"
_WRONG = "wrong name or password"


@dataclass(frozen=True, slots=True)
class Admission:
    """
    All calls may wait for the disk; make them on a thread.
    """

    catalog: Catalog
    passwords: Passwords
    first: Setup
    now: Callable[[], datetime]

    def bearer(self, text: str, address: str) -> Actor:
        """
        Who has this token (what stands behind `Bearer`).

        Raises:
            Unauthorised: nobody, or it counts no more.
        """
        return self._holder(keys.parsed(text), "bearer", "api", address)

    def session(self, cookie: str, address: str) -> Actor:
        """
        Who opened the session of this cookie.

        Raises:
            Unauthorised: nobody, or it has ended.
        """
        return self._holder(keys.parsed(cookie), "session", "page", address)

    def maas(
        self, consumer: str, key: str, secret: str, *, nonce: str, timestamp: int, address: str
    ) -> Actor:
        """
        Who signed a request with this key of three parts. A nonce counts once.

        Raises:
            Unauthorised: its `reason` is key, secret, time or nonce.
        """
        held = self._counting(self.catalog.tokens.find(key), "maas")
        if held is None or held.token.consumer != consumer:
            raise Unauthorised("Invalid API key.", reason="key")
        if not keys.fits(secret, held.secret):
            raise Unauthorised("Invalid signature.", reason="secret")
        now = self.now()
        if abs(now.timestamp() - timestamp) > policy.WINDOW.total_seconds():
            raise Unauthorised(
                f"Expired timestamp: given {timestamp}, now {int(now.timestamp())}", reason="time"
            )
        if not self.catalog.tokens.signed(key, nonce, now, window=policy.WINDOW):
            raise Unauthorised(f"Nonce already used: {nonce[:80]!r}", reason="nonce")
        return self._actor(held, "maas", address)

    def login(self, name: str, password: str, address: str) -> Actor:
        """
        Who has this name and password.

        Raises:
            Unauthorised: nobody; it does not say which of the two was wrong.
            Locked: too many have failed.
        """
        name, limits = name[:255], policy.limits(name[:255], address)
        self._refuse_locked(limits)
        found = self.catalog.users.password(name)
        user, hashed = found if found is not None else (None, "")
        fits = self.passwords.fits(password[: policy.LONGEST + 1], hashed)
        if user is None or not fits or not user.enabled:
            self._note_failure(limits)
            raise Unauthorised(_WRONG, reason="password")
        self.catalog.failures.clear(next(iter(limits)))
        if self.passwords.is_dated(hashed):
            self.catalog.users.set_password(user.name, self.passwords.hashed(password))
        return _of(user, address)

    def open_session(self, actor: Actor) -> str:
        """
        The cookie of a new session, which ends when it was idle for half a day, or after a week.
        """
        now, key = self.now(), keys.bearer()
        self.catalog.tokens.prune(now, idle=policy.SESSION_IDLE)
        token = Token(
            key=key.public,
            user=actor.name,
            name=f"page, {actor.address}",
            kind="session",
            consumer="",
            grants=(),
            made_at=now,
            expires_at=now + policy.SESSION_END,
            used_at=None,
        )
        self.catalog.tokens.add(token, keys.digest(key.secret))
        return key.text

    def close_session(self, cookie: str) -> None:
        """
        End a session; one that is none changes nothing.
        """
        key = keys.parsed(cookie)
        held = self._counting(self.catalog.tokens.find(key.public), "session") if key else None
        if key is not None and held is not None and keys.fits(key.secret, held.secret):
            self.catalog.tokens.remove(key.public)

    def csrf(self, cookie: str) -> str:
        """
        What the forms of a session bring along; compare it with `hmac.compare_digest`.
        """
        key = keys.parsed(cookie)
        return keys.csrf(key) if key is not None else ""

    def is_new(self) -> bool:
        """
        Whether nobody is known yet, so that the first admin can be made with the code of `setup`.
        """
        return not self.catalog.users.any()

    def setup(self, code: str, name: str, password: str, address: str) -> Actor:
        """
        Make the first admin, by the code that only who can read the state folder knows.

        Raises:
            Unauthorised: it is another code.
            Conflict: somebody is known already.
            InputError, InvalidName: no name, or no password to have.
        """
        limits = {f"address:{policy.origin(address)}": policy.ADDRESS}
        self._refuse_locked(limits)
        if not self.is_new():
            raise Conflict("somebody is known here already; log in, or ask an admin: tundish user create")
        try:
            self.first.must_be(code)
        except Unauthorised:
            self._note_failure(limits)
            raise
        policy.check_password(password, name)
        known = names.word("user name", name)
        user = User(known, "", EVERYTHING, enabled=True, made_at=self.now(), has_password=True)
        self.catalog.users.add(user, self.passwords.hashed(password))
        self.first.close()
        return _of(user, address)

    def _note_failure(self, limits: dict[str, policy.Limit]) -> None:
        for subject, limit in limits.items():
            self.catalog.failures.add(subject, self.now(), limit.wait, memory=policy.MEMORY)

    def _refuse_locked(self, limits: dict[str, policy.Limit]) -> None:
        now = self.now()
        for subject in limits:
            strikes = self.catalog.failures.of(subject)
            if strikes is not None and strikes.locked_until is not None and strikes.locked_until > now:
                wait = max(1.0, (strikes.locked_until - now).total_seconds())
                raise Locked(f"too many failed logins; try again in {wait:.0f} s", retry_after=wait)

    def _holder(self, key: Key | None, kind: str, door: str, address: str) -> Actor:
        held = self._counting(self.catalog.tokens.find(key.public), kind) if key is not None else None
        if key is None or held is None or not keys.fits(key.secret, held.secret):
            raise Unauthorised(_NOBODY, reason="key")
        return self._actor(held, door, address)

    def _counting(self, held: Held | None, kind: str) -> Held | None:
        """
        The same, if it is of this kind and counts now.
        """
        if held is None or held.token.kind != kind or not held.enabled:
            return None
        now, token = self.now(), held.token
        last = token.used_at or token.made_at
        is_idle = kind == "session" and now - last > policy.SESSION_IDLE
        return None if is_idle or (token.expires_at is not None and token.expires_at <= now) else held

    def _actor(self, held: Held, door: str, address: str) -> Actor:
        self.catalog.tokens.used(held.token, self.now())
        note_asker(held.token.user)
        token = held.token
        end = None if token.kind == "session" else token.expires_at
        return Actor(token.user, held.grants, door, address, token.grants, end, token.key)


def admission(
    catalog: Catalog, folder: Path, now: Callable[[], datetime], passwords: Passwords | None = None
) -> Admission:
    """
    What the doors ask; `folder` is that of the keys, where the code for the first admin stands.
    """
    return Admission(catalog, passwords or Passwords(), Setup(folder), now)


def _of(user: User, address: str) -> Actor:
    return Actor(user.name, user.grants, "page", address)
