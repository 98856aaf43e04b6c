"""
Who may come in at another server.
"""

from tundish.cli import token, user
from tundish.remote import values
from tundish.remote.server import Server


def user_list(server: Server, *, as_json: bool) -> None:
    user.say_all([values.read(values.user, row) for row in server.rows("/users")], as_json=as_json)


def token_list(server: Server, *, user: str, as_json: bool) -> None:
    rows = server.rows("/tokens", user=user or None)
    token.say_all([values.read(values.token, row) for row in rows], as_json=as_json)
