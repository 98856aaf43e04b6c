"""
`tundish pack`: an image in another container, the same bytes every time.
"""

from pathlib import Path

import click

from tundish.cli import amounts
from tundish.cli.command import Verb
from tundish.cli.looked import shelved
from tundish.cli.reading import reading
from tundish.cli.session import answer, json_option, size_text

CONTAINERS = ("tgz", "txz", "tbz", "squashfs", "ext4", "qcow2", "ddraw", "ddgz", "ddxz", "ddbz2")
PACKINGS = ("none", "zlib", "zstd")
FIRMWARE = ("uefi", "bios", "both")
CARRIED = ("ddtar", "ddtgz", "ddtxz", "ddtbz")


@click.command(
    cls=Verb,
    example="""
    tundish pack ./root --as tgz -o custom.tar.gz
    tundish pack rocky9.qcow2 --as txz -o rocky9.tar.xz
    tundish pack custom.tar.gz --as squashfs -o custom.squashfs
    tundish pack custom.tar.gz --as ext4 -o custom.ext4
    tundish pack custom.tar.gz --as qcow2 --compress zstd -o custom.qcow2
    tundish pack custom.tar.gz --as ddgz --size 8G -o custom.dd.gz
    """,
)
@click.argument("what", metavar="FILE|DIR|IMAGE")
@click.option(
    "--as", "container", type=click.Choice((*CONTAINERS, *CARRIED)), required=True, help="What it becomes."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file."
)
@click.option(
    "--size",
    type=amounts.size,
    metavar="BYTES",
    help="Size of a disk or ext4, as in 8G; what is needed and a tenth more, if not given.",
)
@click.option(
    "--firmware", type=click.Choice(FIRMWARE), help="What a disk is divided for; uefi if not given."
)
@click.option(
    "--compress",
    type=click.Choice(PACKINGS),
    default="none",
    help="How the clusters of a qcow2 are compressed.",
)
@click.option(
    "--as-it-is", is_flag=True, help="Fit nothing to a disk: no fstab, no loaders, no menu of kernels."
)
@click.option("--no-verify", is_flag=True, help="Do not read back and compare what was written.")
@json_option
@click.pass_context
def pack(
    context: click.Context,
    *,
    what: str,
    container: str,
    output: Path,
    size: int | None,
    firmware: str | None,
    compress: str,
    as_it_is: bool,
    no_verify: bool,
    as_json: bool,
) -> None:
    """
    Pack the root of an image or a folder as another container; the same root, the same bytes.

    No time in it is later than SOURCE_DATE_EPOCH, or than the newest one inside. No root is needed.
    """
    from tundish.app import laying, packing
    from tundish.settings import load

    epoch = load(state=context.find_root().obj).epoch
    with shelved(context) as shelf, reading(what) as heard, reading(output.name, "writing") as wrote:
        done = packing.pack(
            what,
            shelf,
            laying.Container(container),
            output,
            epoch=epoch,
            verify=not no_verify,
            wish=laying.Wish.of(size, firmware, untouched=as_it_is, packing=compress),
            heard=heard,
            wrote=wrote,
        )
    if as_json:
        answer(
            {
                "file": str(done.path),
                "as": container,
                "bytes": done.size,
                "paths": done.paths,
                "epoch": done.epoch,
                "verified": done.verified,
                "without_acl": list(done.dropped),
                "warnings": list(done.warnings),
                "fitted": [{"path": path, "why": why} for path, why in done.fitted],
            }
        )
    else:
        read = ", read back and the same" if done.verified else ""
        for warning in done.warnings:
            click.echo(f"warning: {warning}", err=True)
        for path, why in done.fitted:
            click.echo(f"fitted: {path} {why}")
        for path in done.dropped:
            click.echo(f"without its access control list, which mksquashfs does not take: {path}", err=True)
        click.echo(f"wrote {done.path}: {container}, {size_text(done.size)}, {done.paths} paths{read}")
