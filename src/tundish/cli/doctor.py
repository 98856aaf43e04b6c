"""
`tundish doctor`: what works on this machine.
"""

import click

from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option
from tundish.core.errors import ToolMissing


@click.command(cls=Verb, example="tundish doctor")
@json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """
    Try everything that tundish needs, and print for each lack the one command that mends it.
    """
    from tundish.app.examining import examine
    from tundish.settings import load

    found = []
    for condition in examine(load(state=context.find_root().obj)):
        found.append(condition)
        if not as_json:
            mark = "ok" if condition.works else ("LACKS" if condition.needed else "slow")
            click.echo(f"{mark:6} {condition.name:16} for {condition.job:12} {condition.found}")
            if not condition.works:
                click.echo(f"       mend it: {condition.mend}")
    if as_json:
        answer(
            [
                {
                    "name": each.name,
                    "job": each.job,
                    "works": each.works,
                    "needed": each.needed,
                    "found": each.found,
                    "mend": None if each.works else each.mend,
                }
                for each in found
            ]
        )
    lacks = [each.name for each in found if each.needed and not each.works]
    if lacks:
        raise ToolMissing(f"{len(lacks)} of {len(found)} do not work here: {', '.join(lacks)}; see above")
