"""
`tundish source`: the places that images come from.
"""

from pathlib import Path

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core import clock
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.names import SourceName
from tundish.core.selection import Source
from tundish.sync.offer import Unread


@click.group(
    cls=Noun,
    example="""
    tundish source add lab http://mirror.lab/stable/ --keyring lab.gpg
    tundish source browse lab
    """,
)
def source() -> None:
    """
    Manage the places that images come from.
    """


@source.command(example="tundish source add lab http://mirror.lab/stable/ --keyring lab.gpg")
@click.argument("name")
@click.argument("url")
@click.option("--keyring", type=click.Path(path_type=Path), help="Public keys that may sign this source.")
@click.option("--unsigned", is_flag=True, help="Believe this source without any signature. Dangerous.")
@click.option("--priority", type=int, default=0, show_default=True, help="Higher wins.")
@click.option("--no-check", is_flag=True, help="Save without asking the source first.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    *,
    name: str,
    url: str,
    keyring: Path | None,
    unsigned: bool,
    priority: int,
    no_check: bool,
    as_json: bool,
) -> None:
    """
    Add a source; it is fetched and verified before anything is saved.

    NAME is ours. URL is the base of a stream, or the full path of its index, or a folder.
    """
    from tundish.sync.sources import drafted, offered

    wanted = drafted(name, _url(url), keyring=_keys(keyring), unsigned=unsigned, priority=priority)
    found: int | None = None
    with opened(context) as app:
        if not no_check:
            offer = offered(wanted, app.desk(), seen={})
            _warn(offer.unread)
            found = len(offer.products)
        app.catalog.sources.add(wanted, clock.now())
        if unsigned:
            app.catalog.events.add("unsigned-source", name, f"{url} is believed unsigned", clock.now())
    if unsigned:
        click.echo(f"warning: whatever {url} sends will be believed; give it a keyring soon", err=True)
    if as_json:
        answer({"name": name, "url": wanted.url, "signed": wanted.is_signed, "products": found})
    else:
        said = "not checked" if found is None else f"{found} products offered"
        click.echo(f"added {name}: {said}; next: tundish select add OS/SERIES")


def _url(text: str) -> str:
    """
    A URL as given; a folder by its full path.
    """
    if "://" in text:
        return text
    if Path(text).is_dir():
        return str(Path(text).absolute())
    raise InputError(f"{text} is neither a URL nor a folder")


def _keys(keyring: Path | None) -> bytes | None:
    if keyring is None:
        return None
    try:
        return keyring.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the keyring {keyring}: {error.strerror}; give a file of public keys"
        ) from error


def _warn(unread: tuple[Unread, ...]) -> None:
    for each in unread:
        click.echo(f"warning: {each.content_id}: {each.error}", err=True)


@source.command("list", example="tundish source list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the sources, the highest priority first.
    """
    with opened(context) as app:
        sources = app.catalog.sources.list()
    if as_json:
        answer([_source_json(each) for each in sources])
        return
    table(
        ["NAME", "URL", "TRUST", "PRIORITY", "ENABLED"],
        [
            (
                each.name,
                each.url,
                "signed" if each.is_signed else "UNSIGNED",
                str(each.priority),
                "yes" if each.enabled else "no",
            )
            for each in sources
        ],
        empty="no source yet; add one: tundish source add NAME URL --keyring FILE",
    )


def _source_json(each: Source) -> Json:
    return {
        "name": each.name,
        "url": each.url,
        "signed": each.is_signed,
        "priority": each.priority,
        "enabled": each.enabled,
    }


@source.command(example="tundish source show lab")
@click.argument("name")
@json_option
@click.pass_context
def show(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Show a source and what was last accepted of each of its documents.
    """
    with opened(context) as app:
        found = app.catalog.sources.get(SourceName(name))
        marks = app.catalog.sources.seen(found.name)
    if as_json:
        seen: Json = {
            mark.document: {
                "updated": mark.updated.isoformat() if mark.updated else None,
                "digest": mark.digest,
                "accepted": mark.at.isoformat(),
            }
            for mark in marks.values()
        }
        answer({"source": _source_json(found), "seen": seen})
        return
    click.echo(f"name      {found.name}\nurl       {found.url}")
    click.echo(f"trust     {'signed' if found.is_signed else 'UNSIGNED: whatever it sends is believed'}")
    click.echo(f"priority  {found.priority}\nenabled   {'yes' if found.enabled else 'no'}\n")
    table(
        ["DOCUMENT", "UPDATED", "ACCEPTED"],
        [(mark.document, time_text(mark.updated), time_text(mark.at)) for mark in marks.values()],
        empty="nothing was read from it yet; run: tundish sync",
    )


@source.command(example="tundish source remove lab")
@click.argument("name")
@click.pass_context
def remove(context: click.Context, *, name: str) -> None:
    """
    Remove a source with its selections; images that came from it stay.
    """
    with opened(context) as app:
        app.catalog.sources.remove(SourceName(name))
    click.echo(f"removed {name}; its images stay until they are retired", err=True)


@source.command(example="tundish source browse lab --arch amd64")
@click.argument("name")
@click.option("--os", "os_", default="*", help="Only this OS.")
@click.option("--series", default="*", help="Only this series.")
@click.option("--arch", default="*", help="Only this architecture.")
@json_option
@click.pass_context
def browse(context: click.Context, *, name: str, os_: str, series: str, arch: str, as_json: bool) -> None:
    """
    Show what a source offers right now.
    """
    from tundish.core.selection import Selection
    from tundish.sync.sources import offered

    wanted = Selection(os=os_, series=series, arches=(arch,))
    with opened(context) as app:
        found = app.catalog.sources.get(SourceName(name))
        marks = app.catalog.sources.seen(found.name)
        offer = offered(found, app.desk(), seen=marks, narrowed=wanted)
    for remark in offer.remarks:
        click.echo(f"note: {remark.subject}: {remark.text}", err=True)
    _warn(offer.unread)
    if as_json:
        answer(
            [
                {
                    "image": each.ref,
                    "product": each.name,
                    "title": each.title,
                    "label": each.label,
                    "versions": {version.name: version.size for version in each.versions},
                }
                for each in offer.products
            ]
        )
        return
    table(
        ["IMAGE", "TITLE", "LABEL", "NEWEST", "VERSIONS", "SIZE"],
        [
            (
                each.ref,
                each.title,
                each.label,
                each.versions[-1].name,
                str(len(each.versions)),
                size_text(each.versions[-1].size),
            )
            for each in offer.products
            if each.versions
        ],
        empty="nothing offered that matches",
    )
