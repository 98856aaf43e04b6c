"""
`tundish store`: the blobs on this machine.
"""

import sys

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table
from tundish.core.errors import IntegrityError
from tundish.core.image import Json


@click.group(
    cls=Noun,
    example="""
    tundish store usage
    tundish store verify
    """,
)
def store() -> None:
    """
    Look after the blobs on this machine.
    """


@store.command(example="tundish store usage --json")
@json_option
@click.pass_context
def usage(context: click.Context, *, as_json: bool) -> None:
    """
    Show how much is held, how much is on its way, and how much still fits.
    """
    with opened(context) as app:
        found = app.usage()
        needed = app.catalog.images.digests()
        spare = [blob for blob in app.store.walk() if blob.digest not in needed]
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
            ("free", "", "unknown" if found.free is None else size_text(found.free)),
        ],
        empty="",
    )


@store.command(example="tundish store verify --quarantine")
@click.option("--quarantine", is_flag=True, help="Take damaged blobs out of sight; the next sync refetches.")
@json_option
@click.pass_context
def verify(context: click.Context, *, quarantine: bool, as_json: bool) -> None:
    """
    Hash every blob again and name each one that is damaged.
    """
    with opened(context) as app:
        total = sum(blob.size for blob in app.store.walk())
        with click.progressbar(length=max(total, 1), label="verifying", file=sys.stderr) as bar:
            report = app.verify(lambda blob: bar.update(blob.size), quarantine=quarantine)
    if as_json:
        damaged: Json = [
            {
                "sha256": each.blob.digest.hex,
                "fault": str(each.fault),
                "detail": each.detail,
                "quarantined": each.quarantined,
            }
            for each in report.damaged
        ]
        answer({"blobs": report.blobs, "bytes": report.bytes, "damaged": damaged})
    else:
        for each in report.damaged:
            click.echo(f"damaged: {each.detail}")
        click.echo(f"{report.blobs} blobs, {size_text(report.bytes)}: {len(report.damaged)} damaged")
    if not report.is_sound:
        mend = (
            "run: tundish sync" if quarantine else "run: tundish store verify --quarantine, then tundish sync"
        )
        raise IntegrityError(f"{len(report.damaged)} blobs are damaged; {mend}")
