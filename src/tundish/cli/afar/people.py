"""
Who may come in at another server.
"""

from tundish.cli import token, user
from tundish.remote import values
from tundish.remote.server import Server, record


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
