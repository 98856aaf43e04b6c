"""
Users and tokens: who may come in, what each may do, and the keys of programs. Who is no admin sees own ones.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import quote

from tundish.app.deeds import people as deeds
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.errors import InputError, NotFound, TundishError
from tundish.core.people import Actor, Grant, Kind, Power, Role, User
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit, Words

ROLES: Mapping[str, str] = {
    "viewer": "looks",
    "author": "and uploads, and has images checked",
    "operator": "and changes sources, images, channels, machines, jobs",
    "admin": "and changes settings and people",
}
SPANS: Mapping[str, str] = {"30": "30 days", "90": "90 days", "365": "a year", "": "no end"}


def show(visit: Visit) -> Answer:
    return _list(visit)


def _list(visit: Visit, *, problem: str = "", status: int = 200) -> Shown:
    is_admin = visit.actor.may(Power.PEOPLE_EDIT)
    users = [each for each in visit.app.catalog.users.list() if is_admin or each.name == visit.actor.name]
    held = deeds.tokens(visit.app, visit.actor)
    values = {
        "users": [(each, _grants(each), sum(one.user == each.name for one in held)) for each in users],
        "is_admin": is_admin,
        "said": visit.form,
        "problem": problem,
        "roles": ROLES,
        "kinds": tuple(Kind),
    }
    same = (
        Same("tundish user list", "/users"),
        Same("tundish user create NAME --role operator", "/users", "POST", '{"name":"NAME"}'),
    )
    return Shown("people.html", values, same, status=status)


def create(visit: Visit) -> Answer:
    """
    Let somebody in.
    """
    form, name = visit.form, visit.form.one("name")
    try:
        deeds.create(
            visit.app,
            visit.actor,
            name,
            [_grant(form)],
            password=form.text("password"),
            email=form.one("email"),
        )
    except TundishError as error:
        return _list(visit, problem=str(error), status=422)
    return Moved(f"/people/{quote(name)}", f"{name} may come in now.")


def one(visit: Visit) -> Answer:
    return _one(visit, _user(visit))


def _one(visit: Visit, user: User, *, problem: str = "", status: int = 200, token: str = "") -> Shown:
    values = {
        "user": user,
        "grants": _grants(user),
        "tokens": [(each, _narrow(each.grants)) for each in deeds.tokens(visit.app, visit.actor, user.name)],
        "is_admin": visit.actor.may(Power.PEOPLE_EDIT),
        "is_own": user.name == visit.actor.name,
        "problem": problem,
        "token": token,
        "roles": ROLES,
        "kinds": tuple(Kind),
        "spans": SPANS,
    }
    same = (
        Same(f"tundish user show {user.name}", f"/users/{user.name}"),
        Same(
            f"tundish token create {user.name} --expires 90d",
            "/tokens",
            "POST",
            f'{{"user":"{user.name}"}}',
        ),
    )
    return Shown("person.html", values, same, status=status)


Act = Callable[[App, Actor, User, Words], str]


def act(visit: Visit) -> Answer:
    """
    Do one deed to a user or a token.

    Raises:
        NotFound: there is no such user, or none to be seen.
        InputError: there is no such deed.
    """
    user, form = _user(visit), visit.form
    verb = form.one("deed")
    if verb in ("remove", "revoke") and form.one("sure") != "yes":
        return _ask(visit, user) if verb == "remove" else _ask_token(user, form.one("key"))
    try:
        if verb == "token":
            return _one(visit, user, token=_made(visit, user))
        if verb not in ACTS:
            raise InputError(f"{verb[:40]!r} cannot be done to a user; one of {', '.join(ACTS)}, token")
        said = ACTS[verb](visit.app, visit.actor, user, form)
    except TundishError as error:
        return _one(visit, user, problem=str(error), status=422)
    if verb == "password" and user.name == visit.actor.name:
        return Moved("/login", said)
    return Moved("/people" if verb == "remove" else f"/people/{quote(user.name)}", said)


def _ask(visit: Visit, user: User) -> Shown:
    held = deeds.tokens(visit.app, visit.actor, user.name)
    same = Same(f"tundish user remove {user.name}", f"/users/{user.name}", "DELETE")
    return Shown("person_ask.html", {"user": user, "tokens": len(held)}, (same,))


def _ask_token(user: User, key: str) -> Shown:
    values = {
        "title": f"Revoke token {key}?",
        "told": ("What uses it is let in no more. It cannot be taken back; make a new one.",),
        "action": f"/people/{quote(user.name)}",
        "deed": "revoke",
        "kept": (("key", key),),
        "word": "Revoke it",
    }
    return Shown("sure.html", values, (Same(f"tundish token revoke {key}", f"/tokens/{key}", "DELETE"),))


def _made(visit: Visit, user: User) -> str:
    form = visit.form
    days = form.number("days", 0, most=3650)
    grants = [_grant(form)] if form.one("role") else []
    _, text = deeds.make_token(
        visit.app,
        visit.actor,
        user.name,
        form.one("name"),
        kind="maas" if form.one("kind") == "maas" else "bearer",
        grants=grants,
        expires_at=clock.now() + timedelta(days=days) if days else None,
    )
    return text


def _granted(app: App, actor: Actor, user: User, form: Words) -> str:
    given = _grant(form)
    deeds.grant(app, actor, user.name, given)
    return f"{user.name} may now: {deeds.shown(given)}."


def _ungranted(app: App, actor: Actor, user: User, form: Words) -> str:
    word = form.one("grant")
    taken = next((each for each in user.grants if deeds.shown(each) == word), None)
    if taken is None:
        raise NotFound(f"{user.name} was not granted {word[:80]}")
    deeds.ungrant(app, actor, user.name, taken)
    return f"{user.name} may no longer: {word}."


def _enabled(app: App, actor: Actor, user: User, _: Words) -> str:
    deeds.set_enabled(app, actor, user.name, enabled=True)
    return f"{user.name} counts again."


def _disabled(app: App, actor: Actor, user: User, _: Words) -> str:
    deeds.set_enabled(app, actor, user.name, enabled=False)
    return f"{user.name} and all tokens of {user.name} count no more."


def _renamed(app: App, actor: Actor, user: User, form: Words) -> str:
    if form.text("password") != form.text("again"):
        raise InputError("the two passwords differ")
    deeds.set_password(app, actor, user.name, form.text("password"), old=form.text("old"))
    return f"{user.name} has another password; log in with it."


def _removed(app: App, actor: Actor, user: User, _: Words) -> str:
    deeds.remove(app, actor, user.name)
    return f"{user.name} may not come in any more."


def _revoked(app: App, actor: Actor, user: User, form: Words) -> str:
    gone = deeds.revoke(app, actor, form.one("key"))
    return f"Token {gone.key} of {user.name} counts no more."


ACTS: Mapping[str, Act] = {
    "grant": _granted,
    "ungrant": _ungranted,
    "enable": _enabled,
    "disable": _disabled,
    "password": _renamed,
    "remove": _removed,
    "revoke": _revoked,
}


def _grant(form: Words) -> Grant:
    """
    Raises:
        InputError: no such role or kind.
    """
    try:
        role, kind = Role(form.one("role", "viewer")), Kind(form.one("about", "all"))
    except ValueError:
        raise InputError(f"choose a role of {', '.join(Role)} and a scope of {', '.join(Kind)}") from None
    return Grant(role, kind, (form.one("pattern") or "*") if kind is not Kind.ALL else "*")


def _grants(user: User) -> list[str]:
    return _narrow(user.grants)


def _narrow(grants: tuple[Grant, ...]) -> list[str]:
    return [deeds.shown(each) for each in grants]


def _user(visit: Visit) -> User:
    """
    Raises:
        NotFound: there is none, or none to be seen.
    """
    name = visit.place["name"]
    if name != visit.actor.name and not visit.actor.may(Power.PEOPLE_EDIT):
        raise NotFound(f"there is no user {name!r}, or it is not yours to see")
    return visit.app.catalog.users.get(name)


ROUTES = (
    Route("/people", show),
    Route("/people", create, "POST"),
    Route("/people/{name}", one),
    Route("/people/{name}", act, "POST"),
)
