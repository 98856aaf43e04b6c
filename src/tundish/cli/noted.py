"""
Who runs a command, and the line of the audit that each command which changes something leaves behind.

Commands made of deeds are noted by those; the others are named here. A test wants every command in one place.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tundish.core import clock
from tundish.core.image import Json
from tundish.core.people import EVERYTHING, Actor

if TYPE_CHECKING:  # the catalog's library costs 0.2 s to import
    from tundish.app.opened import App

CHANGING = frozenset(
    {
        "build",
        "bundle export",
        "bundle import",
        "channel promote",
        "channel resign",
        "channel rollback",
        "channel tidy",
        "image hold",
        "image pin",
        "image release",
        "image unpin",
        "notice commissioning",
        "notice dismiss",
        "notice off",
        "notice on",
        "publish",
        "push maas",
        "select add",
        "select remove",
        "source add",
        "source disable",
        "source enable",
        "source remove",
        "source restore-default",
        "source set",
        "source set-stream",
        "store gc",
        "store repair",
        "store verify",
        "sync",
        "sync auto",
        "sync stop",
    }
)
_SECRETS = ("token", "password", "secret", "proxy")
_LOGIN = re.compile(r"(?<=://)[^/@\s]*@")
_LONGEST = 500


def me() -> Actor:
    """
    Who runs the command: the system user, who may do everything with a state that can be written.
    """
    from tundish.settings import person

    return Actor(person(), EVERYTHING, "command")


@contextmanager
def noted(app: "App", context: click.Context) -> Iterator[None]:
    """
    Leave a line in the audit if the command that runs is one of those above, however it ends.
    """
    name = context.command_path.partition(" ")[2]
    if name not in CHANGING:
        yield
        return
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        app.catalog.audit.add(
            me(),
            name.replace(" ", "."),
            _subject(context),
            clock.now(),
            before="",
            after=json.dumps(said(context)),
            outcome=outcome,
        )


def said(context: click.Context) -> dict[str, Json]:
    """
    The words of a command, without what could be a secret.
    """
    return {name: _plain(name, value) for name, value in context.params.items() if value}


def _plain(name: str, value: object) -> Json:
    if any(part in name for part in _SECRETS):
        return "given"
    if isinstance(value, tuple):
        return [_plain(name, each) for each in value]
    if isinstance(value, bool | int):
        return value
    return _LOGIN.sub("***@", str(value))[:_LONGEST]


def _subject(context: click.Context) -> str:
    named = [each.name for each in context.command.params if isinstance(each, click.Argument)]
    first = _plain(named[0], context.params.get(named[0])) if named and named[0] else ""
    return str(first[0] if isinstance(first, list) and first else first or "")
