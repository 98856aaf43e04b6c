"""
`tundish event`: what happened.
"""

from collections.abc import Sequence

import click

from tundish.cli.command import Noun
from tundish.cli.moments import since as moment
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core import clock
from tundish.core.holding import Event


@click.group(cls=Noun, example="tundish event list --since 2h")
def event() -> None:
    """
    Show what happened.
    """


@event.command(
    "list",
    example="""
    tundish event list --kind sync-failed --since 7d
    tundish event list --limit 1000 --json
    """,
)
@click.option("--kind", default="", help="Only events of this kind.")
@click.option("--since", help="Only later ones: a span, as in 2h or 3d, or a date.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
@json_option
@click.pass_context
def list_(context: click.Context, *, kind: str, since: str | None, limit: int, as_json: bool) -> None:
    """
    List events, the newest first.
    """
    after = moment(since, clock.now()) if since else None
    with opened(context) as app:
        found = app.catalog.events.list(limit, kind=kind, since=after)
    say(found, is_narrow=bool(kind or since), as_json=as_json)


def say(found: Sequence[Event], *, is_narrow: bool, as_json: bool) -> None:
    if as_json:
        answer(
            [
                {
                    "id": each.id,
                    "at": each.at.isoformat(),
                    "kind": each.kind,
                    "subject": each.subject,
                    "text": each.text,
                }
                for each in found
            ]
        )
        return
    table(
        ["AT", "KIND", "SUBJECT", "TEXT"],
        [(time_text(each.at), each.kind, each.subject, _one_line(each.text)) for each in found],
        empty="nothing of that kind happened" if is_narrow else "nothing happened yet",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
