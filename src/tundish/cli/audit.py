"""
`tundish audit`: who changed what.
"""

from collections.abc import Sequence
from dataclasses import asdict

import click

from tundish.cli.command import Noun
from tundish.cli.moments import since as moment
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core import clock
from tundish.core.people import Deed

_MOST = 10_000


@click.group(cls=Noun, example="tundish audit list --actor ann --since 2d")
def audit() -> None:
    """
    Show who changed what, when and from where.
    """


@audit.command(
    "list",
    example="""
    tundish audit list --actor ann --since 2d
    tundish audit list --deed image.delete --json
    """,
)
@click.option("--actor", default="", help="Of this user.")
@click.option("--deed", default="", help="This deed, as in image.delete.")
@click.option("--subject", default="", help="Done to this.")
@click.option("--since", default="", metavar="WHEN", help="Not older: 2h, 3d or 2026-05-04.")
@click.option("--before", type=click.IntRange(0), default=0, metavar="ID", help="Older than this line.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True, help="Lines at most.")
@json_option
@click.pass_context
def list_(
    context: click.Context,
    *,
    actor: str,
    deed: str,
    subject: str,
    since: str,
    before: int,
    limit: int,
    as_json: bool,
) -> None:
    """
    List what was done, refused and failed, the newest first. Nothing is ever taken out of this list.
    """
    start = moment(since, clock.now()) if since else None
    with opened(context) as app:
        found = app.catalog.audit.list(
            limit, before=before, actor=actor, deed=deed, subject=subject, since=start
        )
    say(found, as_json=as_json)


def say(found: Sequence[Deed], *, as_json: bool) -> None:
    if as_json:
        answer([{**asdict(each), "at": each.at.isoformat()} for each in found])
        return
    table(
        ["ID", "TIME", "ACTOR", "DOOR", "DEED", "SUBJECT", "OUTCOME"],
        [_line(each) for each in found],
        empty="nothing was changed yet",
    )


def _line(each: Deed) -> tuple[str, ...]:
    door = f"{each.door} {each.address}".rstrip()
    return (str(each.id), time_text(each.at), each.actor, door, each.deed, each.subject, each.outcome)
