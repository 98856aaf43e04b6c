"""
Who may come in at another server.
"""

from urllib.parse import quote

from tundish.cli import token, user
from tundish.cli.amounts import span
from tundish.core import clock
from tundish.core.errors import NotFound
from tundish.core.image import Json
from tundish.core.people import Grant, Role, User
from tundish.remote import values
from tundish.remote.server import Document, Server, record


def user_list(server: Server, *, as_json: bool) -> None:
    user.say_all([values.read(values.user, row) for row in server.rows("/users")], as_json=as_json)


def user_password(server: Server, *, name: str, password_stdin: bool, as_json: bool) -> None:
    is_own = record(server.get("/me")).get("name") == name
    old = user.password_of("Old password", from_stdin=password_stdin, is_new=False) if is_own else ""
    chosen = user.password_of("New password", from_stdin=password_stdin)
    server.send("PUT", f"/users/{name}/password", {"password": chosen, "old": old})
    user.say_password(values.read(values.user, record(server.get(f"/users/{name}"))), as_json=as_json)


def token_list(server: Server, *, user: str, as_json: bool) -> None:
    rows = server.rows("/tokens", user=user or None)
    token.say_all([values.read(values.token, row) for row in rows], as_json=as_json)


def user_show(server: Server, *, name: str, as_json: bool) -> None:
    found = _user(server.get(_place(name)))
    held = [values.read(values.token, row) for row in server.rows("/tokens", user=name)]
    user.say_one(found, held, as_json=as_json)


def user_create(
    server: Server,
    *,
    name: str,
    grants: tuple[Grant, ...],
    email: str,
    no_password: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    chosen = None if no_password else user.password_of(from_stdin=password_stdin)
    wanted = [_given(each) for each in grants or (Grant(Role.VIEWER),)]
    new: Document = {"name": name, "email": email, "password": chosen, "grants": [*wanted]}
    user.say_made(_user(server.send("POST", "/users", new)), as_json=as_json)


def user_grant(server: Server, *, name: str, grant: Grant, as_json: bool) -> None:
    changed = _user(server.send("POST", f"{_place(name)}/grant", _given(grant)))
    user.say_granted(changed, grant, as_json=as_json)


def user_ungrant(server: Server, *, name: str, grant: Grant, as_json: bool) -> None:
    changed = _user(server.send("POST", f"{_place(name)}/ungrant", _given(grant)))
    user.say_ungranted(changed, grant, as_json=as_json)


def user_enable(server: Server, *, name: str, as_json: bool) -> None:
    user.say_enabled(_user(server.send("PATCH", _place(name), {"enabled": True})), as_json=as_json)


def user_disable(server: Server, *, name: str, as_json: bool) -> None:
    user.say_enabled(_user(server.send("PATCH", _place(name), {"enabled": False})), as_json=as_json)


def user_remove(server: Server, *, name: str, as_json: bool) -> None:
    server.send("DELETE", _place(name))
    user.say_removed(name, as_json=as_json)


def token_create(
    server: Server,
    *,
    user: str,
    name: str,
    maas: bool,
    expires: str,
    grants: tuple[Grant, ...],
    as_json: bool,
) -> None:
    new: Document = {
        "user": user,
        "name": name,
        "kind": "maas" if maas else "bearer",
        "expires_at": (clock.now() + span(expires)).isoformat() if expires else None,
        "grants": [_given(each) for each in grants],
    }
    answered = record(server.send("POST", "/tokens", new))
    made = values.read(values.token, record(answered.get("made")))
    token.say_made(made, str(answered.get("token")), as_json=as_json)


def token_revoke(server: Server, *, key: str, as_json: bool) -> None:
    rows = [values.read(values.token, row) for row in server.rows("/tokens")]
    gone = next((each for each in rows if each.key == key), None)
    if gone is None:
        raise NotFound(f"there is no token {key!r}; see them all: tundish token list")
    server.send("DELETE", f"/tokens/{quote(key, safe='')}")
    token.say_revoked(gone, as_json=as_json)


def _user(row: Json) -> User:
    return values.read(values.user, record(row))


def _given(grant: Grant) -> Document:
    return {"role": str(grant.role), "kind": str(grant.kind), "pattern": grant.pattern}


def _place(name: str) -> str:
    return f"/users/{quote(name, safe='')}"
