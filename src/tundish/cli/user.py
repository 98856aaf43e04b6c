"""
`tundish user`: who may come in by the doors, and what each may do.
"""

import sys
from collections.abc import Sequence

import click

from tundish.cli.command import Noun
from tundish.cli.noted import me
from tundish.cli.session import answer, json_option, opened, table
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.people import Grant, Kind, Role, Token, User

NOBODY = "nobody may come in yet; make an admin: tundish user create NAME --role admin"


class GrantWord(click.ParamType[Grant]):
    """
    A role, or a role within a scope: `operator`, `author:image:custom/*`.
    """

    name = "grant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Grant:
        role, _, scope = str(value).partition(":")
        kind, _, pattern = scope.partition(":")
        try:
            return Grant(Role(role), Kind(kind or "all"), pattern or "*")
        except ValueError:
            self.fail(
                f"{value!r}: give ROLE or ROLE:KIND:PATTERN, as in author:image:custom/*; roles are "
                f"{', '.join(Role)}, kinds {', '.join(Kind)}",
                param,
                ctx,
            )


GRANT = GrantWord()


@click.group(
    cls=Noun,
    example="""
    tundish user create ann --role admin
    tundish user grant bob author:image:custom/*
    """,
)
def user() -> None:
    """
    Let people in by the doors, and say what each may do.
    """


@user.command(
    example="""
    tundish user create ann --role admin
    tundish user create ci --role author:image:custom/* --no-password
    """
)
@click.argument("name")
@click.option("--role", "grants", type=GRANT, multiple=True, help="A role, or ROLE:KIND:PATTERN; repeatable.")
@click.option("--email", default="", help="Where to write to.")
@click.option("--no-password", is_flag=True, help="Tokens only.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@click.pass_context
def create(
    context: click.Context,
    *,
    name: str,
    grants: tuple[Grant, ...],
    email: str,
    no_password: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """
    Let somebody in; the password is asked for. Without a role it is a viewer.
    """
    from tundish.app.deeds import people

    password = "" if no_password else password_of(from_stdin=password_stdin)
    with opened(context) as app:
        made = people.create(app, me(), name, grants or (Grant(Role.VIEWER),), password=password, email=email)
    say_made(made, as_json=as_json)


def say_made(made: User, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    said = ", ".join(people.shown(each) for each in made.grants)
    tell(people.public(made), f"{made.name} may come in: {said}", as_json=as_json)


def password_of(word: str = "Password", *, from_stdin: bool, is_new: bool = True) -> str:
    """
    A password from the terminal, typed twice if it is new; or a line of standard input.

    Raises:
        InputError: there is no terminal.
    """
    if from_stdin:
        return sys.stdin.readline(1_000).rstrip("\n")
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask for a password; give --password-stdin or --no-password")
    asked: str = click.prompt(word, hide_input=True, confirmation_prompt=is_new, err=True)
    return asked


@user.command("list", example="tundish user list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List everybody who may come in.
    """
    with opened(context) as app:
        found = app.catalog.users.list()
    say_all(found, as_json=as_json)


def say_all(found: Sequence[User], *, as_json: bool) -> None:
    from tundish.app.deeds import people

    if as_json:
        answer([people.public(each) for each in found])
        return
    table(
        ["NAME", "MAY", "PASSWORD", "ENABLED"],
        [
            (
                each.name,
                ", ".join(people.shown(one) for one in each.grants),
                "yes" if each.has_password else "no",
                "yes" if each.enabled else "no",
            )
            for each in found
        ],
        empty=NOBODY,
    )


@user.command(example="tundish user show ann")
@click.argument("name")
@json_option
@click.pass_context
def show(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Show a user and the user's tokens.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        found, held = app.catalog.users.get(name), people.tokens(app, me(), name)
    say_one(found, held, as_json=as_json)


def say_one(found: User, held: Sequence[Token], *, as_json: bool) -> None:
    from tundish.app.deeds import people

    if as_json:
        answer({**people.public(found), "tokens": [people.public_token(each) for each in held]})
        return
    for word, value in people.public(found).items():
        click.echo(f"{word:<13} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    for token in held:
        click.echo(f"{'token':<13} {token.key}  {token.kind}  {token.name}")


@user.command(example="tundish user grant bob operator:channel:candidate")
@click.argument("name")
@click.argument("grant", type=GRANT)
@json_option
@click.pass_context
def grant(context: click.Context, *, name: str, grant: Grant, as_json: bool) -> None:
    """
    Let a user do more: a role, or a role within a scope.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        changed = people.grant(app, me(), name, grant)
    say_granted(changed, grant, as_json=as_json)


def say_granted(changed: User, grant: Grant, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    tell(people.public(changed), f"{changed.name} may now: {people.shown(grant)}", as_json=as_json)


@user.command(example="tundish user ungrant bob operator:channel:candidate")
@click.argument("name")
@click.argument("grant", type=GRANT)
@json_option
@click.pass_context
def ungrant(context: click.Context, *, name: str, grant: Grant, as_json: bool) -> None:
    """
    Take back what was granted.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        changed = people.ungrant(app, me(), name, grant)
    say_ungranted(changed, grant, as_json=as_json)


def say_ungranted(changed: User, grant: Grant, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    tell(people.public(changed), f"{changed.name} may no longer: {people.shown(grant)}", as_json=as_json)


@user.command(example="tundish user disable bob")
@click.argument("name")
@json_option
@click.pass_context
def disable(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Let a user and the user's tokens count no more, until enabled again.
    """
    _enable(context, name, enabled=False, as_json=as_json)


@user.command(example="tundish user enable bob")
@click.argument("name")
@json_option
@click.pass_context
def enable(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Let a user count again.
    """
    _enable(context, name, enabled=True, as_json=as_json)


def _enable(context: click.Context, name: str, *, enabled: bool, as_json: bool) -> None:
    from tundish.app.deeds import people

    with opened(context) as app:
        changed = people.set_enabled(app, me(), name, enabled=enabled)
    say_enabled(changed, as_json=as_json)


def say_enabled(changed: User, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    word = "enabled" if changed.enabled else "disabled"
    tell(people.public(changed), f"{changed.name} is {word}", as_json=as_json)


@user.command(example="tundish user password ann")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@click.pass_context
def password(context: click.Context, *, name: str, password_stdin: bool, as_json: bool) -> None:
    """
    Give a user another password; open sessions of the user end. From afar, one's own needs the old one, which
    is asked for first.
    """
    from tundish.app.deeds import people

    chosen = password_of(from_stdin=password_stdin)
    with opened(context) as app:
        people.set_password(app, me(), name, chosen)
        changed = app.catalog.users.get(name)
    say_password(changed, as_json=as_json)


def say_password(changed: User, *, as_json: bool) -> None:
    from tundish.app.deeds import people

    tell(people.public(changed), f"{changed.name} has another password", as_json=as_json)


@user.command(example="tundish user remove bob")
@click.argument("name")
@json_option
@click.pass_context
def remove(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Forget a user and the user's tokens; the audit keeps what was done.
    """
    from tundish.app.deeds import people

    with opened(context) as app:
        people.remove(app, me(), name)
    say_removed(name, as_json=as_json)


def say_removed(name: str, *, as_json: bool) -> None:
    tell({"removed": name}, f"{name} may not come in any more", as_json=as_json)


def tell(value: dict[str, Json], text: str, *, as_json: bool) -> None:
    if as_json:
        answer(value)
    else:
        click.echo(text)
