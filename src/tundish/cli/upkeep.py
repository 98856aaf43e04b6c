"""
`tundish store verify` and `tundish store repair`: find what is damaged, and bring it back.
"""

import sys
from datetime import timedelta

import click

from tundish.cli.amounts import size, span
from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option, opened, size_text
from tundish.core.errors import IntegrityError, Partial
from tundish.core.image import Json


@click.command(
    cls=Verb,
    example="""
    tundish store verify
    tundish store verify --older-than 30d --rate 50M
    """,
)
@click.option(
    "--older-than",
    type=span,
    metavar="SPAN",
    help="Only what was not hashed for this long, as in 12h or 30d.",
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
    older_than: timedelta | None,
    rate: int | None,
    quarantine: bool,
    as_json: bool,
) -> None:
    """
    Hash blobs again, name each one that is damaged or missing, and mark the images that lack it.

    With --older-than a run goes on where the one before it ended.
    """
    from tundish.retain import scrub

    with opened(context) as app:
        brush = app.brush(rate, quarantine=quarantine)
        todo = scrub.rounds(brush, older_than)
        total = sum(blob.size for each in todo for blob in each.blobs)
        with click.progressbar(length=max(total, 1), label="verifying", file=sys.stderr) as bar:
            found = scrub.scrub(brush, todo, bar.update)
    if as_json:
        damaged: Json = [
            {
                "sha256": each.blob.digest.hex,
                "fault": str(each.fault),
                "detail": each.detail,
                "quarantined": each.quarantined,
            }
            for each in found.damaged
        ]
        missing: Json = [each.hex for each in found.missing]
        versions: Json = list(found.versions)
        counts: dict[str, Json] = {"blobs": found.blobs, "bytes": found.bytes}
        answer({**counts, "damaged": damaged, "missing": missing, "versions": versions})
    else:
        for each in found.damaged:
            click.echo(f"damaged: {each.detail}")
        for digest in found.missing:
            click.echo(f"missing: {digest}")
        for ref in found.versions:
            click.echo(f"now marked as damaged: {ref}")
        click.echo(
            f"{found.blobs} blobs, {size_text(found.bytes)}: {len(found.damaged)} damaged, "
            f"{len(found.missing)} missing"
        )
    if not found.is_sound:
        mend = "tundish store repair" if quarantine else "tundish store verify, then tundish store repair"
        count = len(found.damaged) + len(found.missing)
        raise IntegrityError(f"{count} blobs are damaged or missing; run: {mend}")


@click.command(cls=Verb, example="tundish store repair --json")
@json_option
@click.pass_context
def repair(context: click.Context, *, as_json: bool) -> None:
    """
    Fetch the blobs that images lack from any source or mirror that has them, and make the images whole.
    """
    from tundish.retain.repair import repair as mend
    from tundish.retain.repair import repaired_json

    with opened(context) as app:
        done = mend(app.toolbox())
    if as_json:
        answer(repaired_json(done))
    else:
        for each in done.mended:
            click.echo(f"mended: {each.blob.digest.hex}, {size_text(each.blob.size)}, from {each.url}")
        for ref in done.versions:
            click.echo(f"complete again: {ref}")
        for lost in done.unmended:
            click.echo(f"still lacking: {lost.blob.digest.hex}, for {', '.join(lost.versions)}")
            for reason in lost.reasons:
                click.echo(f"  {reason}")
        click.echo(f"{len(done.mended)} blobs mended, {len(done.unmended)} still lacking")
    if done.unmended:
        error = Partial if done.mended else IntegrityError
        raise error(
            f"{len(done.unmended)} blobs could not be had; run it again when their source is back, or for an "
            "image of your own build it again or take the blob from a backup"
        )
