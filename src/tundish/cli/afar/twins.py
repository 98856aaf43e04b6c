"""
Which commands can be done on another server, and the function that does each: its twin, which takes the same
words, asks the server, and says the answer with the command's own function.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tundish.cli.command import SERVER
from tundish.core.errors import InputError
from tundish.remote.opened import opened
from tundish.settings import load

TWINS = {  # command: module of this package, and function in it
    "audit list": ("history", "audit_list"),
    "channel list": ("channels", "list_"),
    "channel promote": ("channels", "promote"),
    "channel rollback": ("channels", "rollback"),
    "event list": ("history", "event_list"),
    "image delete": ("images", "delete"),
    "image hold": ("images", "hold"),
    "image list": ("images", "list_"),
    "image pin": ("images", "pin"),
    "image release": ("images", "release"),
    "image restore": ("images", "restore"),
    "image rollback": ("images", "rollback"),
    "image show": ("images", "show"),
    "image unpin": ("images", "unpin"),
    "job list": ("jobs", "list_"),
    "job log": ("jobs", "log"),
    "job retry": ("jobs", "retry"),
    "job show": ("jobs", "show"),
    "job stop": ("jobs", "stop"),
    "machine list": ("history", "machine_list"),
    "machine show": ("history", "machine_show"),
    "notice dismiss": ("history", "notice_dismiss"),
    "notice list": ("history", "notice_list"),
    "publish": ("channels", "publish"),
    "select add": ("selections", "add"),
    "select list": ("selections", "list_"),
    "select remove": ("selections", "remove"),
    "source add": ("sources", "add"),
    "source check": ("sources", "check"),
    "source disable": ("sources", "disable"),
    "source enable": ("sources", "enable"),
    "source list": ("sources", "list_"),
    "source remove": ("sources", "remove"),
    "source set": ("sources", "set_"),
    "source set-stream": ("sources", "set_stream"),
    "sync": ("syncs", "sync"),
    "sync status": ("syncs", "status"),
    "sync stop": ("syncs", "stop"),
    "token list": ("people", "token_list"),
    "user list": ("people", "user_list"),
}
HERE = frozenset({"completion", "demo", "doctor"})  # they have to do with this machine alone
MOST_TOKEN = 4096  # bytes


def carry_out(context: click.Context, here: Callable[[click.Context], Any]) -> Any:
    """
    Do on the server what the command says.

    Raises:
        InputError: it can only be done on the server itself.
    """
    name = context.command_path.partition(" ")[2]
    if name in HERE:
        return here(context)
    twin = TWINS.get(name)
    if twin is None:
        raise InputError(
            f"`tundish {name}` cannot be done from afar: run it on the server itself, without --server and "
            "TUNDISH_SERVER"
        )
    module, function = twin
    act = getattr(importlib.import_module(f"tundish.cli.afar.{module}"), function)
    settings = load()
    with opened(
        str(context.meta[SERVER]),
        _token(settings.token_file),
        http_proxy=settings.http_proxy,
        no_proxy=settings.no_proxy,
    ) as server:
        return act(server, **context.params)


def _token(path: Path | None) -> str:
    if path is None:
        raise InputError(
            "a server wants a token: make one there with `tundish token create USER`, save it in a file that "
            "only you can read, and name that in TUNDISH_TOKEN_FILE"
        )
    try:
        with path.open("rb") as file:
            text = file.read(MOST_TOKEN + 1)
    except OSError as error:
        raise InputError(f"the token file {path} cannot be read: {error.strerror}") from error
    token = text.decode("utf-8", "replace").strip()
    if not token or len(text) > MOST_TOKEN or not token.isascii() or not token.isprintable():
        raise InputError(f"{path} holds no token; save it there as `tundish token create` printed it")
    return token
