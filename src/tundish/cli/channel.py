"""
`tundish channel`: which release each channel offers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from tundish.cli.command import Noun
from tundish.cli.progress import stepping
from tundish.cli.releases import (
    difference_json,
    image_json,
    move_json,
    publication_json,
    release_json,
    say,
    say_offered,
    signature_json,
    tell,
    until,
)
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.names import channel_name
from tundish.core.release import Channel, Release

if TYPE_CHECKING:  # loaded by the commands that need it
    from tundish.publish.difference import Difference


@click.group(
    cls=Noun,
    example="""
    tundish channel list
    tundish channel promote candidate stable --plan
    tundish channel rollback stable
    """,
)
def channel() -> None:
    """
    Promote, roll back and compare what is offered.
    """


@channel.command("list", example="tundish channel list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the channels, and what each offers.
    """
    from tundish.publish import showing

    with opened(context) as app:
        shown = [showing.show(app.catalog, each.name) for each in app.catalog.channels.list()]
        office = app.office() if shown else None
        standing = [showing.signature_of(office, each.channel.name) for each in shown if office]
    say_all(
        [
            Line(each.channel, each.release, each.moves[-1].at, signature_json(stands), until(stands))
            for each, stands in zip(shown, standing, strict=True)
        ],
        as_json=as_json,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """
    A channel in the list: what it offers since when, and how its signature stands, for programs and people.
    """

    channel: Channel
    release: Release
    since: datetime
    signature: dict[str, Json]
    until: str


def say_all(lines: Sequence[Line], *, as_json: bool) -> None:
    if as_json:
        answer(
            [
                {
                    "channel": each.channel.name,
                    "dialect": each.channel.dialect,
                    **release_json(each.release),
                    **each.signature,
                }
                for each in lines
            ]
        )
        return
    table(
        ["CHANNEL", "RELEASE", "VERSIONS", "DIALECT", "SINCE", "SIGNED UNTIL"],
        [
            (
                each.channel.name,
                str(each.release.id),
                str(each.release.versions),
                each.channel.dialect,
                time_text(each.since),
                each.until,
            )
            for each in lines
        ],
        empty="no channel yet; publish something: tundish publish",
    )


@channel.command(example="tundish channel show stable --as-of 2026-01-31")
@click.argument("name")
@click.option("--as-of", metavar="DATE", help="What it offered at the end of a day, or at a moment (UTC).")
@json_option
@click.pass_context
def show(context: click.Context, *, name: str, as_of: str | None, as_json: bool) -> None:
    """
    Show what a channel offers, how long its signature holds, and how it came there.
    """
    from tundish.publish import showing

    moment = moment_of(as_of) if as_of else None
    with opened(context) as app:
        found = showing.show(app.catalog, name, moment)
        standing = None if moment else showing.signature_of(app.office(), found.channel.name)
        folder = app.channels / found.channel.name
    facts: dict[str, Json] = {
        "channel": found.channel.name,
        "dialect": found.channel.dialect,
        "folder": str(folder),
        **release_json(found.release),
        **(signature_json(standing) if standing else {}),
        "images": [image_json(each) for each in found.holdings],
        "moves": [move_json(each) for each in found.moves],
    }
    say_one(facts, until(standing) if standing else "", as_json=as_json)


def say_one(facts: dict[str, Json], until: str, *, as_json: bool) -> None:
    """
    What a channel offers, by the facts that the JSON has; without `signed`, at an earlier moment.
    """
    if as_json:
        answer(facts)
        return
    moves, images = _rows(facts["moves"]), _rows(facts["images"])
    click.echo(f"channel   {facts['channel']}, for {facts['dialect']}")
    if facts["folder"]:
        click.echo(f"folder    {facts['folder']}")
    click.echo(f"release   {facts['release']}, made {_time(facts['made'])}")
    click.echo(f"since     {_time(moves[-1]['at'])}, by {moves[-1]['by']}")
    if "signed" in facts:
        click.echo(f"dated     {_time(facts['updated'])}\nsigned    until {until}")
    click.echo()
    table(
        ["IMAGE", "VERSION", "SIZE", "SOURCE"],
        [
            (
                str(each["image"]),
                str(each["version"]),
                size_text(int(str(each["bytes"]))),
                str(each["source"]),
            )
            for each in images
        ],
        empty="it offers nothing",
    )
    click.echo()
    table(
        ["MOVED", "BY", "RELEASE"],
        [(_time(each["at"]), str(each["by"]), str(each["release"])) for each in reversed(moves)],
        empty="",
    )


def _rows(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _size(count: Json) -> str:
    return size_text(count if isinstance(count, int) else 0)


def _time(moment: Json) -> str:
    return time_text(datetime.fromisoformat(str(moment)) if moment else None)


@channel.command(example="tundish channel diff stable candidate")
@click.argument("before", metavar="CHANNEL|RELEASE")
@click.argument("after", metavar="CHANNEL|RELEASE")
@json_option
@click.pass_context
def diff(context: click.Context, *, before: str, after: str, as_json: bool) -> None:
    """
    Show what the second offers that the first does not, and the other way round, down to packages.
    """
    from tundish.publish.comparing import compare, release_of

    with opened(context) as app:
        numbers = release_of(app.catalog, before), release_of(app.catalog, after)
        found = compare(app.catalog, app.store, *numbers)
    say_difference(found.before, found.after, found.difference, as_json=as_json)


def say_difference(before: int, after: int, difference: "Difference", *, as_json: bool) -> None:
    if as_json:
        answer({"from": before, "to": after, **difference_json(difference)})
    else:
        tell(difference)


@channel.command(
    example="""
    tundish channel promote candidate stable --plan
    tundish channel promote candidate stable
    """
)
@click.argument("source")
@click.argument("target")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would change, and do nothing.")
@json_option
@click.pass_context
def promote(context: click.Context, *, source: str, target: str, only_plan: bool, as_json: bool) -> None:
    """
    Let one channel offer what another does; what appears and what goes is shown first.
    """
    from tundish.publish import moving

    with opened(context) as app, stepping() as steps:
        plan = moving.plan_promotion(app.catalog, app.store, channel_name(source), channel_name(target))
        if not as_json:
            tell(plan.compared.difference)
        done = None if only_plan else moving.promote(app.office(steps), plan)
    if as_json:
        planned: dict[str, Json] = {
            "from": plan.compared.before,
            "to": plan.compared.after,
            **difference_json(plan.compared.difference),
        }
        answer({"channel": target, "plan": planned, **(publication_json(done) if done else {})})
    elif done:
        say(done, target)


@channel.command(example="tundish channel rollback stable")
@click.argument("name")
@click.option("--to", type=click.IntRange(1), metavar="RELEASE", help="This release, not the one before.")
@json_option
@click.pass_context
def rollback(context: click.Context, *, name: str, to: int | None, as_json: bool) -> None:
    """
    Let a channel offer again what it offered before. No bytes move.
    """
    from tundish.publish import moving

    with opened(context) as app, stepping() as steps:
        done = moving.roll_back(app.office(steps), channel_name(name), to)
    if as_json:
        answer({"channel": name, **publication_json(done)})
    else:
        say(done, name)


@channel.command(
    example="""
    tundish channel resign stable --expires 30
    tundish channel resign --due
    """
)
@click.argument("names", nargs=-1, metavar="[CHANNEL]...")
@click.option("--due", is_flag=True, help="Those whose signature has half of its life behind it.")
@click.option(
    "--expires",
    type=click.IntRange(0, 3650),
    metavar="DAYS",
    help="End of the new signature; 0 is never.  [default: as before]",
)
@json_option
@click.pass_context
def resign(
    context: click.Context, *, names: tuple[str, ...], due: bool, expires: int | None, as_json: bool
) -> None:
    """
    Sign what channels offer anew, with a fresh date. Run it with --due from a timer.
    """
    from tundish.publish import moving

    must_name(names, due=due)
    with opened(context) as app:
        office = app.office()
        chosen = moving.due(office) if due else tuple(map(channel_name, names))
        done = {name: moving.resign(office, name, expires) for name in chosen}
    say_signed([{"channel": name, **publication_json(each)} for name, each in done.items()], as_json=as_json)


def must_name(names: tuple[str, ...], *, due: bool) -> None:
    """
    Raises:
        InputError: neither channels nor those that are due are meant, or both.
    """
    if bool(names) == due:
        raise InputError("name the channels to sign anew, or give --due")


def say_signed(done: list[dict[str, Json]], *, as_json: bool) -> None:
    """
    Channels that were signed anew, as the JSON has them.
    """
    if as_json:
        answer([*done])
        return
    for each in done:
        expires, images = each["expires"], each["images"]
        say_offered(
            str(each["channel"]),
            int(str(each["release"])),
            len(images) if isinstance(images, list) else 0,
            datetime.fromisoformat(str(expires)) if expires else None,
            changed=bool(each["changed"]),
        )
    if not done:
        click.echo("no signature is due", err=True)


@channel.command(example="tundish channel tidy --grace 7")
@click.argument("names", nargs=-1, metavar="[CHANNEL]...")
@click.option(
    "--grace",
    type=click.IntRange(0, 3650),
    default=3,
    show_default=True,
    metavar="DAYS",
    help="How long files stay after the index last named them.",
)
@json_option
@click.pass_context
def tidy(context: click.Context, *, names: tuple[str, ...], grace: int, as_json: bool) -> None:
    """
    Remove from channels, or from all, what their readers can no longer know of.
    """
    from tundish.publish import moving

    with opened(context) as app, stepping() as steps:
        chosen = tuple(map(channel_name, names)) or tuple(each.name for each in app.catalog.channels.list())
        office = app.office(steps) if chosen else None
        done = {name: moving.tidy(office, name, timedelta(days=grace)) for name in chosen if office}
    facts: list[dict[str, Json]] = [
        {"channel": name, "removed": list(each.removed), "freed_bytes": each.freed, "waiting": each.waiting}
        for name, each in done.items()
    ]
    say_tidied(facts, as_json=as_json)


def say_tidied(done: list[dict[str, Json]], *, as_json: bool) -> None:
    """
    What was removed from channels, as the JSON has it.
    """
    if as_json:
        answer([*done])
        return
    for each in done:
        removed, freed = each["removed"], size_text(int(str(each["freed_bytes"])))
        count = len(removed) if isinstance(removed, list) else 0
        click.echo(
            f"{each['channel']}: {count} files removed ({freed} freed), {each['waiting']} still waiting"
        )
    if not done:
        click.echo("no channel yet; publish something: tundish publish", err=True)


def moment_of(text: str) -> datetime:
    """
    A moment; a day alone means its end. Without a zone it is in UTC.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no date; give one as in 2026-01-31 or 2026-01-31T12:00") from None
    if len(text) <= len("2026-01-31"):
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
