"""
`tundish store`: the blobs on this machine.
"""

from datetime import timedelta

import click

from tundish.cli import trees, upkeep
from tundish.cli.amounts import span
from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table

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
    from tundish.app.holdings import held_json

    with opened(context) as app:
        found = held_json(app, grace)
    say_usage(found, as_json=as_json)


def say_usage(found: trees.Report, *, as_json: bool) -> None:
    if as_json:
        answer(found)
        return
    free = found["free_bytes"]
    table(
        ["WHAT", "BLOBS", "SIZE"],
        [
            ("held", str(found["blobs"]), size_text(found["bytes"])),
            (
                "of these, named by no image",
                str(found["unreferenced"]),
                size_text(found["unreferenced_bytes"]),
            ),
            ("on their way", str(found["unfinished"]), size_text(found["unfinished_bytes"])),
            ("gc would delete now", "", size_text(found["reclaimable_bytes"])),
            ("and once its grace period is over", "", size_text(found["reclaimable_later_bytes"])),
            ("free", "", "unknown" if free is None else size_text(free)),
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
    from tundish.app.reporting import tidied_json
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
    report: trees.Report = {**collected_json(done), "channels": tidied_json(tidied)}
    say_collected(report, as_json=as_json)
    trees.check(report["channels"])


def say_collected(done: trees.Report, *, as_json: bool) -> None:
    if as_json:
        answer(done)
        return
    trees.tidied_text(done["channels"], dry_run=done["dry_run"])
    _collected_text(done)


def _collected_text(done: trees.Report) -> None:
    verb = "would delete" if done["dry_run"] else "deleted"
    for due in done["versions_due"]:
        click.echo(f"{verb}: {due['version']} of source {due['source']}")
    for tied in done["versions_tied"]:
        click.echo(f"stays: {tied['version']}: {tied['why']}")
    for blob in done["quarantined"]:
        click.echo(
            f"in quarantine: {blob['sha256']}, {size_text(blob['bytes'])}; look at it, then delete it there"
        )
    for path in done["foreign"]:
        click.echo(f"not ours, left alone: {path}")
    count = {
        name: trees.number_of(done, name)
        for name in ("versions", "blobs", "parts", "versions_waiting", "waiting")
    }
    click.echo(
        f"{verb}: {count['versions']} versions, {count['blobs']} blobs, {count['parts']} unfinished, "
        f"{size_text(done['bytes'])}; within the grace period: {count['versions_waiting']} versions, "
        f"{count['waiting']} blobs"
    )


for verb in (upkeep.verify, upkeep.repair):
    store.add_command(verb)
