"""
`tundish image restore` and `image rollback`: back to what was deleted, or to what was before.
"""

import click

from tundish.cli.command import Verb
from tundish.cli.noted import me
from tundish.cli.session import answer, json_option, opened
from tundish.core.holding import Holding

REF = "OS/SERIES/ARCH[/KERNEL][@VERSION]"


@click.command(cls=Verb, example="tundish image restore custom/rocky9/amd64@20261125")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def restore(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Take a deleted version back, while the store still holds all of it.
    """
    from tundish.app.deeds import images

    with opened(context) as app:
        held = images.restore(app, me(), ref)
    say_restored(held, as_json=as_json)


def say_restored(held: Holding, *, as_json: bool) -> None:
    if as_json:
        answer({"image": held.ref, "state": str(held.state)})
    else:
        click.echo(f"{held.ref} is {held.state} again")


@click.command(cls=Verb, example="tundish image rollback ubuntu/noble/amd64@20260401")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def rollback(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Go back to an older version: it is pinned, its image is held, and the newer versions are retired.
    """
    from tundish.app.deeds import images

    with opened(context) as app:
        held = images.roll_back(app, me(), ref)
    say_gone_back(held, as_json=as_json)


def say_gone_back(held: Holding, *, as_json: bool) -> None:
    if as_json:
        answer({"image": held.ref, "pinned": held.pinned, "on_hold": held.on_hold})
    else:
        again = f"tundish image release {held.product.ref}"
        click.echo(f"{held.ref} is pinned and on hold; take newer ones again: {again}")
