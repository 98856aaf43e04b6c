"""
Deeds on users and their tokens. Everybody may change the own password and keep own tokens, but not by a token
that is narrowed; the rest needs an admin. Passwords and secrets never get into the audit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from tundish.access import keys, policy
from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core import clock, names
from tundish.core.errors import Conflict, Forbidden, InputError, NotFound, Unauthorised
from tundish.core.image import Json
from tundish.core.people import Actor, Grant, Power, Token, User

KINDS = ("bearer", "maas")
_MOST_TOKENS = 100  # of one user
_MOST_TEXT = 200
_Change: TypeAlias = Callable[[tuple[Grant, ...]], tuple[Grant, ...]]


def create(
    app: App, actor: Actor, name: str, grants: Sequence[Grant], *, password: str = "", email: str = ""
) -> User:
    """
    Let somebody be known. Without a password the user has tokens only.

    Raises:
        InvalidName, InputError: no name, or no password to have.
        Conflict: there is one of this name.
    """
    user = User(
        names.word("user name", name),
        _plain(email),
        _must_be_plain(grants),
        enabled=True,
        made_at=clock.now(),
        has_password=bool(password),
    )
    with deed(app.catalog.audit, actor, Power.PEOPLE_EDIT, "user.create", name=name) as account:
        if password:
            policy.check_password(password, name)
        account.after = public(user)
        app.catalog.users.add(user, app.admission().passwords.hashed(password) if password else "")
    return user


def set_password(app: App, actor: Actor, name: str, password: str, *, old: str = "") -> None:
    """
    Give a user another password; all sessions of the user end. One's own needs the `old` one, so that a
    session left open is no account lost; wrong ones count as failed logins.

    Raises:
        InputError: no password to have.
        NotFound: there is no such user.
        Forbidden: the actor may not, or the old password is another one.
        Locked: too many have failed.
    """
    with deed(app.catalog.audit, actor, _power(actor, name), "user.password", name=name):
        user = app.catalog.users.get(name)
        if actor.name == name and actor.door != "command":
            _must_prove(app, actor, user, old)
        policy.check_password(password, name)
        app.catalog.users.set_password(name, app.admission().passwords.hashed(password))
        app.catalog.tokens.remove_sessions(name)


def grant(app: App, actor: Actor, name: str, given: Grant) -> User:
    """
    Let a user do more.

    Raises:
        NotFound: there is no such user.
    """
    return _regranted(app, actor, name, "user.grant", lambda had: _must_be_plain((*had, given)))


def ungrant(app: App, actor: Actor, name: str, taken: Grant) -> User:
    """
    Let a user do less.

    Raises:
        NotFound: there is no such user, or the user was not granted this.
        Conflict: nobody would be left who is an admin of everything.
    """

    def less(had: tuple[Grant, ...]) -> tuple[Grant, ...]:
        if taken not in had:
            raise NotFound(f"{name} was not granted {shown(taken)}; see: tundish user show {name}")
        return tuple(each for each in had if each != taken)

    return _regranted(app, actor, name, "user.ungrant", less)


def set_enabled(app: App, actor: Actor, name: str, *, enabled: bool) -> User:
    """
    Let a user and the user's tokens count, or not.

    Raises:
        NotFound: there is no such user.
        Conflict: nobody would be left who is an admin of everything.
    """
    verb = "user.enable" if enabled else "user.disable"
    with deed(app.catalog.audit, actor, Power.PEOPLE_EDIT, verb, name=name) as account:
        account.before = public(app.catalog.users.get(name))
        app.catalog.users.set_enabled(name, enabled=enabled)
        after = app.catalog.users.get(name)
        account.after = public(after)
        return after


def remove(app: App, actor: Actor, name: str) -> None:
    """
    Forget a user and the user's tokens.

    Raises:
        NotFound: there is no such user.
        Conflict: nobody would be left who is an admin of everything.
    """
    with deed(app.catalog.audit, actor, Power.PEOPLE_EDIT, "user.remove", name=name) as account:
        account.before = public(app.catalog.users.get(name))
        app.catalog.users.remove(name)


def make_token(
    app: App,
    actor: Actor,
    user: str,
    name: str,
    *,
    kind: str = "bearer",
    grants: Sequence[Grant] = (),
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """
    A new token, and the text that is shown only now. `grants` narrow what the user may. One that is made by
    means of a token ends with that at the latest.

    Raises:
        NotFound: there is no such user.
        InputError: no such kind, or it would have expired already.
        Conflict: the user has too many.
        Forbidden: the token in use is narrowed, and the new one would not be.
    """
    if kind not in KINDS:
        raise InputError(f"{kind!r} is no kind of token; choose bearer or maas")
    if expires_at is not None and expires_at <= clock.now():
        raise InputError("the token would have expired already; give a later moment")
    key = keys.maas() if kind == "maas" else keys.bearer()
    power = None if actor.narrowed and actor.name == user else _power(actor, user)  # made as narrow, below
    with deed(app.catalog.audit, actor, power, "token.create", name=user) as account:
        app.catalog.users.get(user)
        if len(app.catalog.tokens.list(user)) >= _MOST_TOKENS:
            raise Conflict(f"{user} has {_MOST_TOKENS} tokens; revoke some: tundish token revoke KEY")
        token = Token(
            key=key.public,
            user=user,
            name=_plain(name),
            kind=kind,
            consumer=key.consumer,
            grants=_narrowed(actor, _must_be_plain(grants)),
            made_at=clock.now(),
            expires_at=min(filter(None, (expires_at, actor.until)), default=None),
            used_at=None,
        )
        app.catalog.tokens.add(token, keys.digest(key.secret))
        account.after = public_token(token)
    return token, key.text


def rename_token(app: App, actor: Actor, key: str, name: str) -> Token:
    """
    Call a token something else.

    Raises:
        NotFound: there is none, or it is not the actor's to see.
    """
    token = _visible(app, actor, key)
    with deed(
        app.catalog.audit, actor, _power(actor, token.user), "token.rename", name=token.user
    ) as account:
        account.before = public_token(token)
        app.catalog.tokens.rename(key, _plain(name))
        after = replace(token, name=_plain(name))
        account.after = public_token(after)
        return after


def revoke(app: App, actor: Actor, key: str) -> Token:
    """
    Let a token count no more, at once.

    Raises:
        NotFound: there is none, or it is not the actor's to see.
    """
    token = _visible(app, actor, key)
    with deed(
        app.catalog.audit, actor, _power(actor, token.user), "token.revoke", name=token.user
    ) as account:
        account.before = public_token(token)
        app.catalog.tokens.remove(key)
        return token


def tokens(app: App, actor: Actor, user: str = "") -> tuple[Token, ...]:
    """
    The tokens that an actor may see: the own ones, or all for an admin. Sessions are not among them.
    """
    seen = user if actor.may(Power.PEOPLE_EDIT) else actor.name
    if user and user != seen:
        return ()
    return tuple(each for each in app.catalog.tokens.list(seen) if each.kind != "session")


def public(user: User) -> dict[str, Json]:
    """
    A user for front-ends and the audit: fields are added, never changed.
    """
    return {
        "name": user.name,
        "email": user.email,
        "enabled": user.enabled,
        "has_password": user.has_password,
        "grants": [shown(each) for each in user.grants],
        "made_at": user.made_at.isoformat(),
    }


def public_token(token: Token) -> dict[str, Json]:
    """
    A token for front-ends and the audit, without its secret.
    """
    return {
        "key": token.key,
        "user": token.user,
        "name": token.name,
        "kind": token.kind,
        "grants": [shown(each) for each in token.grants],
        "made_at": token.made_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "used_at": token.used_at.isoformat() if token.used_at else None,
    }


def shown(given: Grant) -> str:
    """
    A grant in one word: `operator`, `author:image:custom/*`.
    """
    return str(given.role) if given.kind.value == "all" else f"{given.role}:{given.kind}:{given.pattern}"


def _plain(text: str) -> str:
    """
    Without control characters: whoever lists names reads them at a terminal.
    """
    return "".join(sign for sign in text if sign.isprintable())[:_MOST_TEXT]


def _must_be_plain(grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """
    The grants, each once.

    Raises:
        InputError: a pattern has control characters, which no name has.
    """
    for each in grants:
        if not each.pattern.isprintable():
            raise InputError(f"{each.pattern[:80]!r} is no pattern of names: it has control characters")
    return tuple(dict.fromkeys(grants))


def _power(actor: Actor, user: str) -> Power | None:
    """
    What it takes to change a user's password and tokens. By a narrowed token these are not one's own: a new
    password would give back what the token was narrowed by.
    """
    is_own = actor.name == user and actor.door != "command" and not actor.narrowed
    return None if is_own else Power.PEOPLE_EDIT


def _must_prove(app: App, actor: Actor, user: User, old: str) -> None:
    """
    Raises:
        Forbidden: it is another password; or there is none, and the first one is given by an admin.
        Locked: too many have failed.
    """
    if not user.has_password:
        actor.must(Power.PEOPLE_EDIT)
        return
    try:
        app.admission().login(user.name, old, actor.address)
    except Unauthorised:
        raise Forbidden(f"the password of {user.name} until now is needed, and is another one") from None


def _visible(app: App, actor: Actor, key: str) -> Token:
    token = app.catalog.tokens.get(key)
    if token.user != actor.name and not actor.may(Power.PEOPLE_EDIT):
        raise NotFound(f"there is no token {key!r}; see them all: tundish token list")
    return token


def _narrowed(actor: Actor, wanted: tuple[Grant, ...]) -> tuple[Grant, ...]:
    if not actor.narrowed:
        return wanted
    if any(each not in actor.narrowed for each in wanted):
        raise Forbidden("this token is narrowed, so it can only make tokens that are narrowed alike")
    return wanted or actor.narrowed


def _regranted(app: App, actor: Actor, name: str, verb: str, change: _Change) -> User:
    with deed(app.catalog.audit, actor, Power.PEOPLE_EDIT, verb, name=name) as account:
        before = app.catalog.users.get(name)
        account.before = public(before)
        app.catalog.users.set_grants(name, change(before.grants))
        after = app.catalog.users.get(name)
        account.after = public(after)
        return after
