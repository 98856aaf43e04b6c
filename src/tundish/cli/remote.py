"""
`tundish remote`: servers by name, so that neither address nor token need be typed again.
"""

import sys

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, table
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.remote.saved import MOST_TOKEN, Remote, Remotes
from tundish.settings import remotes_folder


def saved() -> Remotes:
    """
    The servers that whoever runs this has saved.
    """
    return Remotes(remotes_folder())


@click.group(
    cls=Noun,
    example="""
    tundish remote add lab https://images.lab:5240 < token
    tundish --server lab image list
    """,
)
def remote() -> None:
    """
    Save servers by name, with their tokens.
    """


@remote.command(example="tundish remote add lab https://images.lab:5240 < token")
@click.argument("name")
@click.argument("url")
@json_option
def add(name: str, url: str, *, as_json: bool) -> None:
    """
    Save a server and its token, which is asked for, or read from standard input.
    """
    made = saved().add(name, url, _token())
    _say(made, f"{name} is {made.url}; ask it: tundish --server {name} image list", as_json=as_json)


def _token() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(MOST_TOKEN + 1)
    asked: str = click.prompt("Token", hide_input=True, err=True)
    return asked


@remote.command("list", example="tundish remote list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """
    List the servers that are saved, without their tokens.
    """
    kept = saved()
    found, used = kept.list(), kept.in_use()
    if as_json:
        answer([_public(each, in_use=each.name == used) for each in found])
        return
    table(
        ["NAME", "URL", "IN USE"],
        [(each.name, each.url, "yes" if each.name == used else "") for each in found],
        empty="no server is saved; save one: tundish remote add NAME URL",
    )


@remote.command(
    example="""
    tundish remote use lab
    tundish remote use --here
    """
)
@click.argument("name", required=False)
@click.option("--here", is_flag=True, help="Let commands be for this machine again.")
@json_option
def use(name: str | None, *, here: bool, as_json: bool) -> None:
    """
    Let commands without --server, --state and TUNDISH_STATE be for this server from now on.
    """
    if (name is None) != here:
        raise InputError("give the name of a server, or --here; see: tundish remote list")
    saved().use(name)
    if as_json:
        answer({"in_use": name})
    else:
        click.echo(f"commands are for {name or 'this machine'} now")


@remote.command(example="tundish remote remove lab")
@click.argument("name")
@json_option
def remove(name: str, *, as_json: bool) -> None:
    """
    Forget a server and its token here; revoke the token there.
    """
    saved().remove(name)
    if as_json:
        answer({"removed": name})
    else:
        click.echo(f"{name} is forgotten; its token counts there until it is revoked")


def _public(each: Remote, *, in_use: bool) -> dict[str, Json]:
    return {"name": each.name, "url": each.url, "in_use": in_use}


def _say(each: Remote, text: str, *, as_json: bool) -> None:
    if as_json:
        answer(_public(each, in_use=False))
    else:
        click.echo(text)
