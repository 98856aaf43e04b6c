"""
`tundish token`: keys to the doors for programs.
"""

from collections.abc import Sequence

import click

from tundish.cli.amounts import span
from tundish.cli.command import Noun
from tundish.cli.noted import me
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.cli.user import GRANT
from tundish.core import clock
from tundish.core.people import Grant, Token


@click.group(
    cls=Noun,
    example="""
    tundish token create ann --name laptop --expires 90d
    tundish token create ann --maas
    """,
)
def token() -> None:
    """
    Make, list and revoke the keys of programs.
    """


@token.command(
    example="""
    tundish token create ann --name laptop --expires 90d
    tundish token create ci --role author:image:custom/*
    tundish token create ann --maas
    """
)
@click.argument("user")
@click.option("--name", default="", help="What people call it.")
@click.option("--maas", is_flag=True, help="In three parts, for MAAS's clients.")
@click.option("--expires", default="", metavar="SPAN", help="For how long it counts, as in 90d.")
@click.option("--role", "grants", type=GRANT, multiple=True, help="Narrow it to this; repeatable.")
@json_option
@click.pass_context
def create(
    context: click.Context,
    *,
    user: str,
    name: str,
    maas: bool,
    expires: str,
    grants: tuple[Grant, ...],
    as_json: bool,
) -> None:
    """
    Make a token of a user. It is shown once, on standard output.
    """
    from tundish.app.deeds import people

    end = clock.now() + span(expires) if expires else None
    with opened(context) as app:
        made, text = people.make_token(
            app, me(), user, name, kind="maas" if maas else "bearer", grants=grants, expires_at=end
        )
    say_made(made, text, as_json=as_json)


def say_made(made: Token, text: str, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    if as_json:
        answer({**people.public_token(made), "token": text})
        return
    click.echo(text)
    click.echo(f"keep it now, it is not shown again; take it back: tundish token revoke {made.key}", err=True)


@token.command("list", example="tundish token list --user ann")
@click.option("--user", default="", help="Of this user only.")
@json_option
@click.pass_context
def list_(context: click.Context, *, user: str, as_json: bool) -> None:
    """
    List the tokens, without their secrets.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        found = people.tokens(app, me(), user)
    say_all(found, as_json=as_json)


def say_all(found: Sequence[Token], *, as_json: bool) -> None:
    from tundish.app.deeds import people

    if as_json:
        answer([people.public_token(each) for each in found])
        return
    table(
        ["KEY", "USER", "KIND", "NAME", "EXPIRES", "LAST USED"],
        [
            (
                each.key,
                each.user,
                each.kind,
                each.name,
                time_text(each.expires_at),
                time_text(each.used_at),
            )
            for each in found
        ],
        empty="no token yet; make one: tundish token create USER",
    )


@token.command(example="tundish token revoke 0123456789abcdef")
@click.argument("key")
@json_option
@click.pass_context
def revoke(context: click.Context, *, key: str, as_json: bool) -> None:
    """
    Let a token count no more, at once. KEY is its public half, as the list shows it.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        gone = people.revoke(app, me(), key)
    say_revoked(gone, as_json=as_json)


def say_revoked(gone: Token, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    if as_json:
        answer(people.public_token(gone))
    else:
        click.echo(f"{gone.key} of {gone.user} counts no more")
