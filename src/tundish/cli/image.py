"""
`tundish image`: what is held.
"""

from collections.abc import Collection, Mapping, Sequence

import click

from tundish.cli import comparing, hygiene, inspecting, restoring, uploading
from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Json
from tundish.core.lifecycle import State

REF = "OS/SERIES/ARCH[/KERNEL][@VERSION]"


@click.group(
    cls=Noun,
    example="""
    tundish image list
    tundish image show debian/bookworm/amd64
    tundish image pin debian/bookworm/amd64@20261124
    tundish image inspect rocky9.tar.gz
    """,
)
def image() -> None:
    """
    List and show the images held, say which ones stay, and what is inside of one.
    """


image.add_command(comparing.diff)
image.add_command(hygiene.hygiene)
image.add_command(inspecting.inspect)
image.add_command(inspecting.manifest)
image.add_command(inspecting.sbom)
image.add_command(restoring.restore)
image.add_command(restoring.rollback)
image.add_command(uploading.upload)
image.add_command(uploading.uploads)
image.add_command(uploading.accept)
image.add_command(uploading.delete)
image.add_command(uploading.download)


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

    The notes say what is special: why an image stays, or which source hides it from the others.
    """
    from tundish.sync.ranking import hidden

    with opened(context) as app:
        found = app.catalog.images.list(states=[State(state_)] if state_ else [])
        counts, ties = app.catalog.machines.counts(), app.catalog.keeping.ties()
        sources = app.catalog.sources.list()
    hiders = hidden(found, {each.name: each.priority for each in sources if each.enabled})
    deployed = {each.id: counts.get((each.product.ref, each.version.name), 0) for each in found}
    wanted = [each for each in found if state_ or each.state is not State.RETIRED]
    say_all(chosen(wanted, os_, series), deployed, ties, hiders, as_json=as_json)


def chosen(holdings: Sequence[Holding], os_: str | None, series: str | None) -> list[Holding]:
    return [
        each for each in holdings if os_ in {None, each.product.os} and series in {None, each.product.series}
    ]


def say_all(
    holdings: Sequence[Holding],
    deployed: Mapping[HoldingId, int],
    ties: Mapping[HoldingId, str],
    hiders: Mapping[HoldingId, str],
    *,
    as_json: bool,
) -> None:
    if as_json:
        answer(
            [
                {
                    **_fields(each),
                    "deployments": deployed[each.id],
                    "stays": ties.get(each.id),
                    "hidden_by": hiders.get(each.id),
                }
                for each in holdings
            ]
        )
        return
    table(
        ["IMAGE", "VERSION", "STATE", "SIZE", "SOURCE", "BOOTS", "DEPLOYED", "NOTES"],
        [
            (
                each.product.ref,
                each.version.name,
                str(each.state),
                size_text(each.version.size),
                each.source,
                "yes" if each.version.is_bootable else "no",
                str(deployed[each.id]),
                _notes(each, ties.get(each.id, ""), hiders.get(each.id)),
            )
            for each in holdings
        ],
        empty="no image yet; select some and run: tundish sync, or make one: tundish build",
    )


def _notes(holding: Holding, tie: str, hider: str | None = None) -> str:
    """
    Why it stays, and what is special about it.
    """
    dropped = f"dropped upstream {holding.dropped_at:%Y-%m-%d}" if holding.dropped_at else ""
    hidden_by = f"hidden by {hider}" if hider else ""
    return ", ".join(filter(None, (tie, "on hold" if holding.on_hold else "", dropped, hidden_by)))


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
        "pinned": holding.pinned,
        "on_hold": holding.on_hold,
        "dropped_at": holding.dropped_at.isoformat() if holding.dropped_at else None,
    }


@image.command(example="tundish image show debian/bookworm/amd64@20261124")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def show(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Show one version of an image (the newest complete one, if none is named) and its files.
    """
    with opened(context) as app:
        found = app.catalog.images.find(ref)
        tie = app.catalog.keeping.ties().get(found.id)
        missing = {item.digest for item in found.version.items if not app.store.has(item.digest)}
        checked = app.catalog.checks.get(found.id)
    verdict = f"{checked.verdict}: {checked.errors} errors, {checked.warnings} warnings" if checked else ""
    say_one(found, tie, missing, verdict, as_json=as_json)


def say_one(
    found: Holding, tie: str | None, missing: Collection[Digest], checked: str, *, as_json: bool
) -> None:
    """
    A version with its files; `checked` is its verdict and how many errors and warnings led to it.
    """
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
        verdict = checked.partition(":")[0] or None
        said = dict(found.version.extra) if found.source == OWN else {}
        answer({**_fields(found), "stays": tie, "verdict": verdict, "said": said, "files": files})
        return
    click.echo(f"image    {found.product.ref}  {found.product.title}\nversion  {found.version.name}")
    click.echo(f"state    {found.state} since {time_text(found.since)}\nsource   {found.source}")
    click.echo(f"product  {found.product.name}\nnotes    {_notes(found, tie or '') or '-'}\n")
    if checked:
        click.echo(f"checked  {checked}")
    if found.source == OWN and "filetype" in found.version.extra:
        _tell_upload(found)
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


def _tell_upload(found: Holding) -> None:
    said = found.version.extra
    default = "" if said.get("base_image_said") else " (the default; nobody said one)"
    click.echo(f"base     {said.get('base_image') or 'none'}{default if said.get('base_image') else ''}")
    click.echo(f"type     {said.get('filetype')}\nuser     {said.get('default_user') or '-'}")
    disk = said.get("min_disk")
    least = size_text(disk) if isinstance(disk, int) and disk else "-"
    click.echo(f"firmware {said.get('firmware') or '-'}\ndisk     {least}\n")


@image.command(example="tundish image pin ubuntu/noble/amd64@20260101")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def pin(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Let a version stay, whatever newer ones come.
    """
    with opened(context) as app:
        number = app.catalog.images.find(ref).id
        app.catalog.keeping.pin(number, pinned=True)
        say_kept(app.catalog.images.get(number), "pinned", as_json=as_json)


@image.command(example="tundish image unpin ubuntu/noble/amd64@20260101")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def unpin(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Let a pinned version go with the others again.
    """
    with opened(context) as app:
        number = app.catalog.images.find(ref).id
        app.catalog.keeping.pin(number, pinned=False)
        say_kept(app.catalog.images.get(number), "no longer pinned", as_json=as_json)


@image.command(example="tundish image hold ubuntu/noble/amd64")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def hold(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Take nothing newer of an image, and let none of its versions go, until it is released.
    """
    with opened(context) as app:
        number = app.catalog.images.find(ref).id
        app.catalog.keeping.hold(number, on=True)
        say_kept(app.catalog.images.get(number), "on hold", as_json=as_json)


@image.command(example="tundish image release ubuntu/noble/amd64")
@click.argument("ref", metavar=REF)
@json_option
@click.pass_context
def release(context: click.Context, *, ref: str, as_json: bool) -> None:
    """
    Take newer versions of an image again.
    """
    with opened(context) as app:
        number = app.catalog.images.find(ref).id
        app.catalog.keeping.hold(number, on=False)
        say_kept(app.catalog.images.get(number), "no longer on hold", as_json=as_json)


def say_kept(holding: Holding, what: str, *, as_json: bool) -> None:
    if as_json:
        answer(_fields(holding))
    else:
        click.echo(f"{holding.ref} of source {holding.source} is {what}")
