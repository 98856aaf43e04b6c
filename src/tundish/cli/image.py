"""
`tundish image`: what is held.
"""

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core.holding import Holding
from tundish.core.image import Json
from tundish.core.lifecycle import State


@click.group(
    cls=Noun,
    example="""
    tundish image list
    tundish image show debian/bookworm/amd64
    """,
)
def image() -> None:
    """
    List and show the images held.
    """


@image.command("list", example="tundish image list --os ubuntu --json")
@click.option("--os", "os_", help="Only this OS.")
@click.option("--series", help="Only this series.")
@click.option("--state", "state_", type=click.Choice([str(state) for state in State]), help="Only these.")
@json_option
@click.pass_context
def list_(
    context: click.Context, *, os_: str | None, series: str | None, state_: str | None, as_json: bool
) -> None:
    """
    List the images in the catalog, retired ones only if asked for.
    """
    with opened(context) as app:
        found = app.catalog.images.list(states=[State(state_)] if state_ else [])
        counts = app.catalog.machines.counts()
    holdings = [
        each
        for each in found
        if (state_ or each.state is not State.RETIRED)
        and os_ in {None, each.product.os}
        and series in {None, each.product.series}
    ]
    deployed = {each.id: counts.get((each.product.ref, each.version.name), 0) for each in holdings}
    if as_json:
        answer([{**_fields(each), "deployments": deployed[each.id]} for each in holdings])
        return
    table(
        ["IMAGE", "VERSION", "STATE", "SIZE", "SOURCE", "BOOTS", "DEPLOYED"],
        [
            (
                each.product.ref,
                each.version.name,
                str(each.state),
                size_text(each.version.size),
                each.source,
                "yes" if each.version.is_bootable else "no",
                str(deployed[each.id]),
            )
            for each in holdings
        ],
        empty="no image yet; select some and run: tundish sync, or make one: tundish build",
    )


def _fields(holding: Holding) -> dict[str, Json]:
    return {
        "image": holding.product.ref,
        "version": holding.version.name,
        "state": str(holding.state),
        "since": holding.since.isoformat(),
        "bytes": holding.version.size,
        "source": holding.source,
        "product": holding.product.name,
        "title": holding.product.title,
        "bootable": holding.version.is_bootable,
    }


@image.command(example="tundish image show debian/bookworm/amd64@20261124")
@click.argument("ref", metavar="OS/SERIES/ARCH[/KERNEL][@VERSION]")
@json_option
@click.pass_context
def show(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Show one version of an image (the newest complete one, if none is named) and its files.
    """
    with opened(context) as app:
        found = app.catalog.images.find(ref)
        missing = {item.digest for item in found.version.items if not app.store.has(item.digest)}
    if as_json:
        files: Json = [
            {
                "ftype": item.ftype,
                "path": item.path,
                "bytes": item.size,
                "sha256": item.digest.hex,
                "held": item.digest not in missing,
            }
            for item in found.version.items
        ]
        answer({**_fields(found), "files": files})
        return
    click.echo(f"image    {found.product.ref}  {found.product.title}\nversion  {found.version.name}")
    click.echo(f"state    {found.state} since {time_text(found.since)}\nsource   {found.source}")
    click.echo(f"product  {found.product.name}\n")
    table(
        ["FILE", "SIZE", "HELD", "SHA256"],
        [
            (
                item.ftype,
                size_text(item.size),
                "no" if item.digest in missing else "yes",
                item.digest.hex,
            )
            for item in found.version.items
        ],
        empty="it has no files",
    )
