"""
`tundish store verify` and `tundish store repair`: find what is damaged, and bring it back.
"""

import sys
from datetime import datetime, timedelta

import click

from tundish.cli import trees
from tundish.cli.amounts import size, span
from tundish.cli.command import Verb
from tundish.cli.moments import since
from tundish.cli.session import answer, json_option, opened, size_text
from tundish.core import clock
from tundish.core.errors import IntegrityError, Partial, Stopped


@click.command(
    cls=Verb,
    example="""
    tundish store verify
    tundish store verify --since 30d --rate 50M
    tundish store verify --since 2026-01-31
    """,
)
@click.option(
    "--since",
    "since_",
    metavar="DATE",
    help="Only what was not hashed since a date, as in 2026-01-31, or a span ago, as in 7d.",
)
@click.option(
    "--older-than",
    type=span,
    metavar="SPAN",
    help="Only what was not hashed for this long, as in 12h or 30d; the same as --since.",
)
@click.option("--rate", type=size, metavar="BYTES", help="Bytes per second at most, as in 50M.")
@click.option(
    "--quarantine/--no-quarantine",
    default=True,
    help="Take damaged blobs out of sight, or only look and change nothing.  [default: quarantine]",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    since_: str | None,
    older_than: timedelta | None,
    rate: int | None,
    quarantine: bool,
    as_json: bool,
) -> None:
    """
    Hash blobs again, name each one that is damaged or missing, and mark the images that lack it.

    Files of channels that are no links to sound blobs are hashed, too. With --since a run goes on where the
    one before it ended.
    """
    from tundish.app.channels import every
    from tundish.app.reporting import verified_json
    from tundish.publish import verifying
    from tundish.retain import scrub

    before = before_of(since_, older_than, clock.now())
    with opened(context) as app:
        brush = app.brush(rate, quarantine=quarantine)
        todo = scrub.rounds(brush, before)
        total = sum(blob.size for each in todo for blob in each.blobs)
        with click.progressbar(length=max(total, 1), label="verifying", file=sys.stderr) as bar:
            found = scrub.scrub(brush, todo, bar.update)
        channels = every(
            app.catalog,
            app.keyed_office,
            lambda office, name: verifying.verify(
                office, name, before=before, moved=brush.pay, note=quarantine
            ),
        )
    report = verified_json(found, channels)
    say_verified(report, as_json=as_json)
    judge_verified(report, quarantine=quarantine)


def before_of(text: str | None, older_than: timedelta | None, now: datetime) -> datetime | None:
    """
    Since when what was hashed counts; None: all is hashed.

    Raises:
        click.ClickException: both are given, or it is no moment that is past.
    """
    if text is None:
        return None if older_than is None else now - older_than
    if older_than is not None:
        raise click.UsageError("--since and --older-than say the same; give one of them")
    moment = since(text, now)
    if moment > now:
        raise click.BadParameter(f"{text[:40]!r} is in the future; give a date that is past")
    return moment


def say_verified(found: trees.Report, *, as_json: bool) -> None:
    if as_json:
        answer(found)
        return
    for each in found["damaged"]:
        click.echo(f"damaged: {each['detail']}")
    for digest in found["missing"]:
        click.echo(f"missing: sha256:{digest}")
    for ref in found["versions"]:
        click.echo(f"now marked as damaged: {ref}")
    click.echo(
        f"{found['blobs']} blobs, {size_text(found['bytes'])}: {trees.number_of(found, 'damaged')} damaged, "
        f"{trees.number_of(found, 'missing')} missing"
    )
    trees.verified_text(found["channels"])


def judge_verified(found: trees.Report, *, quarantine: bool) -> None:
    """
    Raises:
        IntegrityError: something is damaged or missing.
        Partial: a channel was left out.
    """
    mend = "tundish store repair" if quarantine else "tundish store verify, then tundish store repair"
    count = trees.number_of(found, "damaged") + trees.number_of(found, "missing")
    if count:
        raise IntegrityError(f"{count} blobs are damaged or missing; run: {mend}")
    spoilt = sum(trees.number_of(each, "spoilt") for each in found["channels"])
    if spoilt:
        raise IntegrityError(f"{spoilt} files of channels are damaged or missing; run: {mend}")
    trees.check(found["channels"])


@click.command(cls=Verb, example="tundish store repair --json")
@click.option("--parallel", type=click.IntRange(1, 64), help="Blobs fetched side by side.  [default: 8]")
@json_option
@click.pass_context
def repair(context: click.Context, *, parallel: int | None, as_json: bool) -> None:
    """
    Fetch the blobs that images lack from any source or mirror that has them, and make the images whole.

    Then the files of channels that are not the store's any more are put right. Ctrl-C ends it cleanly.
    """
    from tundish.app.channels import every
    from tundish.app.reporting import mended_json
    from tundish.cli.progress import shown
    from tundish.cli.sync import stoppable
    from tundish.publish import moving
    from tundish.retain.repair import repair as mend
    from tundish.retain.repair import repaired_json

    with opened(context) as app:
        with shown() as watch, stoppable() as stop:
            done = mend(app.toolbox(stop, parallel), watch)
        channels = every(app.catalog, app.keyed_office, moving.mend)
    report: trees.Report = {**repaired_json(done), "channels": mended_json(channels)}
    say_repaired(report, as_json=as_json)
    judge_repaired(report)


def say_repaired(done: trees.Report, *, as_json: bool) -> None:
    if as_json:
        answer(done)
        return
    for each in done["mended"]:
        click.echo(f"mended: {each['sha256']}, {size_text(each['bytes'])}, from {each['url']}")
    for ref in done["versions"]:
        click.echo(f"complete again: {ref}")
    for lost in done["unmended"]:
        click.echo(f"still lacking: {lost['sha256']}, for {', '.join(lost['versions'])}")
        for line in (*lost["reasons"], *lost["hints"]):
            click.echo(f"  {line}")
    click.echo(
        f"{trees.number_of(done, 'mended')} blobs mended, {trees.number_of(done, 'unmended')} still lacking"
    )
    trees.mended_text(done["channels"])


def judge_repaired(done: trees.Report) -> None:
    """
    Raises:
        Stopped: it was, before everything was tried.
        IntegrityError, Partial: something is lacking still, or a channel was left out.
    """
    if done["stopped"]:
        raise Stopped
    if done["unmended"]:
        error = Partial if done["mended"] else IntegrityError
        count, hint = trees.number_of(done, "unmended"), done["unmended"][0]["hints"][0]
        raise error(f"{count} blobs could not be had; {hint}")
    lacking = sum(trees.number_of(each, "lacking") for each in done["channels"])
    if lacking:
        raise IntegrityError(
            f"{lacking} files of channels are damaged, and the store lacks their blobs; publish the channel "
            "anew: tundish publish"
        )
    trees.check(done["channels"])
