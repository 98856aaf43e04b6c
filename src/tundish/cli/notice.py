"""
`tundish notice`: what an operator should know.
"""

from collections.abc import Sequence
from datetime import datetime

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core import clock
from tundish.core.image import Json
from tundish.core.notice import OPTIONAL, Notice


@click.group(
    cls=Noun,
    example="""
    tundish notice list
    tundish notice dismiss 3
    """,
)
def notice() -> None:
    """
    Show what an operator should know, and put it aside.
    """


@notice.command("list", example="tundish notice list --all --json")
@click.option("--all", "show_all", is_flag=True, help="Dismissed ones too.")
@json_option
@click.pass_context
def list_(context: click.Context, *, show_all: bool, as_json: bool) -> None:
    """
    List the notices that stand, the worst first; a dismissed one comes back after two weeks.
    """
    from tundish.app.noticing import notice as look

    now = clock.now()
    with opened(context) as app:
        found = look(app.catalog, app.store, now)
        if show_all:
            found = app.catalog.notices.list()
    say(found, now, as_json=as_json)


def say(found: Sequence[Notice], now: datetime, *, as_json: bool) -> None:
    if as_json:
        answer([_fields(each, shown=each.is_shown(now)) for each in found])
        return
    table(
        ["ID", "SEVERITY", "KIND", "SINCE", "SHOWN", "TEXT"],
        [
            (
                str(each.id),
                each.severity,
                each.kind,
                time_text(each.since),
                "yes" if each.is_shown(now) else "no",
                each.text,
            )
            for each in found
        ],
        empty="nothing needs attention",
    )


def _fields(each: Notice, *, shown: bool) -> Json:
    return {
        "id": each.id,
        "kind": each.kind,
        "subject": each.subject,
        "severity": each.severity,
        "text": each.text,
        "since": each.since.isoformat(),
        "dismissed_at": each.dismissed_at.isoformat() if each.dismissed_at else None,
        "shown": shown,
    }


@notice.command(example="tundish notice dismiss 3")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def dismiss(context: click.Context, *, number: int) -> None:
    """
    Put a notice aside for two weeks.
    """
    with opened(context) as app:
        app.catalog.notices.dismiss(number, clock.now())
    say_dismissed(number)


def say_dismissed(number: int) -> None:
    click.echo(f"dismissed {number}; if it still holds in two weeks, it is shown again", err=True)


@notice.command(example="tundish notice off release")
@click.argument("kind", type=click.Choice([str(each) for each in OPTIONAL]))
@click.pass_context
def off(context: click.Context, *, kind: str) -> None:
    """
    Do without notices of a kind.
    """
    _want(context, kind, on=False)


@notice.command(example="tundish notice on release")
@click.argument("kind", type=click.Choice([str(each) for each in OPTIONAL]))
@click.pass_context
def on(context: click.Context, *, kind: str) -> None:
    """
    Have notices of a kind again.
    """
    _want(context, kind, on=True)


def _want(context: click.Context, kind: str, *, on: bool) -> None:
    from tundish.app.choosing import want_notices

    with opened(context) as app:
        want_notices(app.catalog.choices, kind, on=on)
    say_wanted(kind, on=on)


def say_wanted(kind: str, *, on: bool) -> None:
    click.echo(f"notices of kind {kind} are {'on' if on else 'off'}", err=True)


@notice.command(example="tundish notice commissioning ubuntu/noble")
@click.argument("image", metavar="[OS/SERIES]", default="")
@click.pass_context
def commissioning(context: click.Context, *, image: str) -> None:
    """
    Name the image that new machines are to be examined with, so that it is noticed if it is missing.

    Without one it is the newest Ubuntu with long support that is offered.
    """
    from tundish.app.choosing import choose_commissioning

    with opened(context) as app:
        choose_commissioning(app.catalog.choices, image)
    say_commissioning(image)


def say_commissioning(image: str) -> None:
    click.echo(f"new machines are to be examined with {image or 'the newest LTS offered'}", err=True)
