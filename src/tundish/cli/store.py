"""
`tundish store`: the blobs on this machine.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from tundish.cli import trees, upkeep
from tundish.cli.amounts import span
from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table

if TYPE_CHECKING:  # loaded by the command that needs it
    from tundish.retain.report import Collected

grace_option = click.option(
    "--grace",
    type=span,
    metavar="SPAN",
    default="3d",
    show_default=True,
    help="How long what nobody needs stays, as in 12h or 3d.",
)


@click.group(
    cls=Noun,
    example="""
    tundish store usage
    tundish store gc --dry-run
    tundish store verify
    tundish store repair
    """,
)
def store() -> None:
    """
    Look after the blobs on this machine.
    """


@store.command(example="tundish store usage --json")
@grace_option
@json_option
@click.pass_context
def usage(context: click.Context, *, grace: timedelta, as_json: bool) -> None:
    """
    Show how much is held, how much is on its way, and how much still fits.
    """
    from tundish.retain import run

    with opened(context) as app:
        found = app.usage()
        needed = app.catalog.images.digests()
        spare = [blob for blob in app.store.walk() if blob.digest not in needed]
        reclaimable = run.reclaimable(app.broom(), grace)
    spare_bytes = sum(blob.size for blob in spare)
    if as_json:
        answer(
            {
                "blobs": found.blobs,
                "bytes": found.bytes,
                "unfinished": found.unfinished,
                "unfinished_bytes": found.unfinished_bytes,
                "unreferenced": len(spare),
                "unreferenced_bytes": spare_bytes,
                "reclaimable_bytes": reclaimable.now,
                "reclaimable_later_bytes": reclaimable.later,
                "free_bytes": found.free,
            }
        )
        return
    table(
        ["WHAT", "BLOBS", "SIZE"],
        [
            ("held", str(found.blobs), size_text(found.bytes)),
            ("of these, named by no image", str(len(spare)), size_text(spare_bytes)),
            ("on their way", str(found.unfinished), size_text(found.unfinished_bytes)),
            ("gc would delete now", "", size_text(reclaimable.now)),
            ("and once its grace period is over", "", size_text(reclaimable.later)),
            ("free", "", "unknown" if found.free is None else size_text(found.free)),
        ],
        empty="",
    )


@store.command(
    example="""
    tundish store gc --dry-run
    tundish store gc --grace 12h
    """
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@grace_option
@click.option("--allow-mass-removal", is_flag=True, help="Empty the store if the catalog knows no image.")
@json_option
@click.pass_context
def gc(
    context: click.Context, *, dry_run: bool, grace: timedelta, allow_mass_removal: bool, as_json: bool
) -> None:
    """
    Delete what is over its grace period: files that left channels, retired versions, and needless blobs.
    """
    from tundish.app.channels import every
    from tundish.cli.progress import stepping
    from tundish.publish import moving
    from tundish.retain import run
    from tundish.retain.report import collected_json

    with opened(context) as app, stepping() as steps:
        # The trees first: bytes with a name in one are free only when that is gone, too.
        tidied = every(
            app.catalog,
            lambda: app.keyed_office(steps),
            lambda office, name: moving.tidy(office, name, grace, dry_run=dry_run),
        )
        done = run.collect(
            app.broom(steps), grace=grace, dry_run=dry_run, allow_mass_removal=allow_mass_removal
        )
    if as_json:
        answer({**collected_json(done), "channels": trees.tidied_json(tidied)})
    else:
        trees.tidied_text(tidied, dry_run=dry_run)
        _collected_text(done)
    trees.check(tidied)


def _collected_text(done: "Collected") -> None:
    leaving, sweep = done.leaving, done.sweep
    verb = "would delete" if done.dry_run else "deleted"
    for holding in leaving.due:
        click.echo(f"{verb}: {holding.ref} of source {holding.source}")
    for tied in leaving.tied:
        click.echo(f"stays: {tied.holding.ref}: {tied.why}")
    for blob in done.quarantined:
        click.echo(
            f"in quarantine: {blob.digest.hex}, {size_text(blob.size)}; look at it, then delete it there"
        )
    for path in done.foreign:
        click.echo(f"not ours, left alone: {path}")
    click.echo(
        f"{verb}: {len(leaving.due)} versions, {len(sweep.blobs)} blobs, {len(sweep.parts)} unfinished, "
        f"{size_text(sweep.size)}; within the grace period: {len(leaving.waiting)} versions, "
        f"{len(sweep.waiting)} blobs"
    )


for verb in (upkeep.verify, upkeep.repair):
    store.add_command(verb)
