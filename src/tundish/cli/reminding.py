"""
The notices that stand, in a few lines on standard error, behind what a command has to say.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tundish.core import clock
from tundish.core.errors import Busy
from tundish.core.notice import Notice

if TYPE_CHECKING:  # it brings the catalog's library
    from tundish.app.opened import App

SHOWN = 3
COLOURS = {"error": "red", "warning": "yellow"}


def remind(app: "App") -> None:
    """
    Look whether there is anything an operator should know, and say it.
    """
    from tundish.app.noticing import notice

    try:
        found = notice(app.catalog, app.store, clock.now())
    except Busy:
        return  # somebody is writing; the next command says it
    say(found)


def say(found: Sequence[Notice]) -> None:
    """
    The first of these notices, and how many there are beyond.
    """
    for each in found[:SHOWN]:
        word = click.style(f"{each.severity}:", fg=COLOURS.get(each.severity))
        click.echo(f"{word} {each.text}", err=True)
    if len(found) > SHOWN:
        click.echo(f"and {len(found) - SHOWN} more: tundish notice list", err=True)
