"""
`tundish source`: the places that images come from.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli import sourcing
from tundish.cli.command import Noun
from tundish.cli.reminding import remind
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core import clock
from tundish.core.image import Json, Product
from tundish.core.names import SourceName
from tundish.core.selection import Seen, Selection, Source

if TYPE_CHECKING:  # loaded by the commands: the catalog's library costs 0.2 s to import
    from tundish.sync.catalogue import Vouching
    from tundish.sync.offer import Offer

SOON = timedelta(days=14)  # before a signature or key expires, it is called out
NO_SOURCE = (
    "no source yet; add one: tundish source add NAME URL --keyring FILE, "
    "or take the public images: tundish source restore-default"
)


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


source.add_command(sourcing.add)
source.add_command(sourcing.set_)
source.add_command(sourcing.set_stream)
source.add_command(sourcing.restore_default)


@source.command("list", example="tundish source list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the sources, the highest priority first, and until when their signatures count.
    """
    from tundish.sync.catalogue import vouching

    with opened(context) as app:
        desk = app.desk()
        found = [(each, vouching(desk, each)) for each in app.catalog.sources.list()]
        if not as_json:
            remind(app)
    say_all([_facts(each, vouched) for each, vouched in found], as_json=as_json)


def say_all(found: list[dict[str, Json]], *, as_json: bool) -> None:
    """
    Sources by their facts, as the JSON has them.
    """
    if as_json:
        answer([*found])
        return
    table(
        ["NAME", "URL", "TRUST", "GOOD UNTIL", "PRIORITY", "ENABLED"],
        [
            (
                str(each["name"]),
                str(each["url"]),
                "signed" if each["signed"] else "UNSIGNED",
                _until(each),
                str(each["priority"]),
                "yes" if each["enabled"] else "no",
            )
            for each in found
        ],
        empty=NO_SOURCE,
    )


def _facts(each: Source, vouched: "Vouching") -> dict[str, Json]:
    from tundish.sync.sources import public

    signature = vouched.signature
    return {
        **public(each),
        "signed_by": signature.primary if signature else None,
        "signed_at": signature.made_at.isoformat() if signature else None,
        "good_until": vouched.until.isoformat() if vouched.until else None,
        "trouble": vouched.trouble,
    }


def _until(facts: dict[str, Json]) -> str:
    """
    When the first of signature and key ends, called out some days ahead.
    """
    if facts["trouble"]:
        return "NOT ANY MORE"
    return _end(facts["good_until"]) if facts["signed_by"] else "-"


def _end(moment: Json) -> str:
    if moment is None:
        return "no end"
    until = datetime.fromisoformat(str(moment))
    left = until - clock.now()
    return f"{until:%Y-%m-%d}" + (f" (in {left.days} days!)" if left < SOON else "")


@source.command(example="tundish source show lab")
@click.argument("name")
@json_option
@click.pass_context
def show(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Show a source and what was last accepted of each of its documents.
    """
    from tundish.sync.catalogue import vouching

    with opened(context) as app:
        found = app.catalog.sources.get(SourceName(name))
        marks = app.catalog.sources.seen(found.name)
        vouched = vouching(app.desk(), found)
    facts = _facts(found, vouched)
    say_one(facts, list(marks.values()), as_json=as_json)


def say_one(facts: dict[str, Json], marks: Sequence[Seen], *, as_json: bool) -> None:
    """
    A source by its facts, as the JSON has them, and what was last accepted of its documents.
    """
    if as_json:
        seen: Json = {
            mark.document: {
                "updated": mark.updated.isoformat() if mark.updated else None,
                "digest": mark.digest,
                "accepted": mark.at.isoformat(),
            }
            for mark in marks
        }
        answer({"source": facts, "seen": seen})
        return
    for word, text in _lines(facts):
        click.echo(f"{word:<10}{text}")
    click.echo()
    table(
        ["DOCUMENT", "UPDATED", "ACCEPTED"],
        [(mark.document, time_text(mark.updated), time_text(mark.at)) for mark in marks],
        empty="nothing was read from it yet; run: tundish sync",
    )


def _lines(facts: dict[str, Json]) -> list[tuple[str, str]]:
    """
    A source line by line; settings that were never made are left out.
    """
    cap = facts["bandwidth"]
    lines = [
        ("name", str(facts["name"])),
        ("url", str(facts["url"])),
        ("trust", "signed" if facts["signed"] else "UNSIGNED: whatever it sends is believed"),
        ("until", str(facts["trouble"] or _until(facts))),
        ("signer", str(facts["signed_by"] or "")),
        ("only", _several(facts["signers"])),
        ("priority", str(facts["priority"])),
        ("enabled", "yes" if facts["enabled"] else "no"),
        ("proxy", "" if facts["proxy"] == "settings" else str(facts["proxy"])),
        ("token", "yes" if facts["token"] else ""),
        ("mirrors", _several(facts["mirrors"])),
        ("cap", f"{size_text(cap)}/s" if isinstance(cap, int) and cap else ""),
        ("window", str(facts["window"])),
    ]
    return [(word, text) for word, text in lines if text]


def _several(values: Json) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else ""


@source.command(example="tundish source remove lab")
@click.argument("name")
@click.pass_context
def remove(context: click.Context, *, name: str) -> None:
    """
    Remove a source with its selections; images that came from it stay.
    """
    with opened(context) as app:
        app.catalog.sources.remove(SourceName(name))
    say_removed(name)


def say_removed(name: str) -> None:
    click.echo(f"removed {name}; its images stay until they are retired", err=True)


@source.command(example="tundish source enable lab")
@click.argument("name")
@json_option
@click.pass_context
def enable(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Sync a source again.
    """
    _switch(context, name, on=True, as_json=as_json)


@source.command(example="tundish source disable lab")
@click.argument("name")
@json_option
@click.pass_context
def disable(context: click.Context, *, name: str, as_json: bool) -> None:
    """
    Leave a source alone; its images stay, and its settings too.
    """
    _switch(context, name, on=False, as_json=as_json)


def _switch(context: click.Context, name: str, *, on: bool, as_json: bool) -> None:
    from tundish.sync.sources import Wish

    sourcing.change(context, name, Wish(enabled=on), check=False, as_json=as_json)


@source.command(
    example="""
    tundish source check lab
    tundish source check http://mirror.lab/stable/ --keyring lab.gpg
    """
)
@click.argument("place", metavar="NAME|URL")
@sourcing.settings_options
@json_option
@click.pass_context
def check(context: click.Context, /, *, place: str, as_json: bool, **words: Any) -> None:
    """
    Fetch and verify a source, and say what it offers and until when it is good. Saves nothing.
    """
    from tundish.sync.sources import changed, drafted, offered

    asked = sourcing.wish(**words)
    with opened(context) as app:
        saved = next((each for each in app.catalog.sources.list() if each.name == place), None)
        if saved is not None:
            wanted, seen = changed(saved, asked), app.catalog.sources.seen(saved.name)
        else:
            url = sourcing.address(place) if _is_place(place) else app.catalog.sources.get(place).url
            wanted = drafted("check", url, keyring=asked.keyring, unsigned=asked.unsigned, wish=asked)
            seen = {}
        offer = offered(wanted, app.desk(), seen=seen)
    _remarks(offer)
    offers = sorted({f"{each.os}/{each.series}" for each in offer.products if each.series})
    say_checked(_checked(offer), offers, as_json=as_json)


def _is_place(word: str) -> bool:
    return "/" in word or Path(word).exists()


def say_checked(facts: dict[str, Json], offers: Sequence[str], *, as_json: bool) -> None:
    """
    What a check found, as the JSON has it.
    """
    if as_json:
        answer(facts)
        return
    good_until = _end(facts["good_until"]) if facts["signed_by"] else "-"
    click.echo(f"signed by   {facts['signed_by'] or 'NOBODY'}\ngood until  {good_until}")
    click.echo(f"offers      {facts['products']} products: {', '.join(offers) or 'nothing'}")


def _checked(offer: "Offer") -> dict[str, Json]:
    signature = offer.signature
    return {
        "signed_by": signature.primary if signature else None,
        "signed_at": signature.made_at.isoformat() if signature else None,
        "good_until": offer.good_until.isoformat() if offer.good_until else None,
        "products": len(offer.products),
        "images": [*sorted({each.ref for each in offer.products})],
        "unread": [{"content_id": each.content_id, "error": str(each.error)} for each in offer.unread],
    }


def _remarks(offer: "Offer") -> None:
    for remark in offer.remarks:
        click.echo(f"note: {remark.subject}: {remark.text}", err=True)
    sourcing.warn(offer)


@source.command(example="tundish source browse lab --arch amd64")
@click.argument("name")
@click.option("--os", "os_", default="*", help="Only this OS.")
@click.option("--series", default="*", help="Only this series.")
@click.option("--arch", default="*", help="Only this architecture.")
@click.option("--refresh", is_flag=True, help="Ask the source; without, what it was last known to offer.")
@json_option
@click.pass_context
def browse(
    context: click.Context, *, name: str, os_: str, series: str, arch: str, refresh: bool, as_json: bool
) -> None:
    """
    Show what a source offers, as last read; a source that was never read is asked.
    """
    from tundish.sync import catalogue
    from tundish.sync.ranking import ranking
    from tundish.sync.sources import narrow

    wanted = Selection(os=os_, series=series, arches=(arch,))
    with opened(context) as app:
        desk, found = app.desk(), app.catalog.sources.get(SourceName(name))
        is_new = refresh or not app.catalog.documents.of(found.name)
        offer = (catalogue.refresh if is_new else catalogue.known)(desk, found)
        ranked = ranking([*catalogue.all_known(desk), offer], [], {})
    _remarks(offer)
    products = narrow(offer, wanted).products
    say_offered([_offered(each, ranked.hider(found.name, each)) for each in products], as_json=as_json)


def say_offered(found: list[dict[str, Json]], *, as_json: bool) -> None:
    """
    What a source offers, as the JSON has it.
    """
    if as_json:
        answer([*found])
        return
    table(
        ["IMAGE", "TITLE", "LABEL", "NEWEST", "VERSIONS", "SIZE", "HIDDEN BY"],
        [
            (
                str(each["image"]),
                str(each["title"]),
                str(each["label"]),
                *_newest(each["versions"]),
                str(each["hidden_by"] or ""),
            )
            for each in found
            if each["versions"]
        ],
        empty="nothing offered that matches",
    )


def _newest(versions: Json) -> tuple[str, str, str]:
    """
    The newest of versions with their sizes, how many there are, and its size.
    """
    held = versions if isinstance(versions, dict) else {}
    name, size = list(held.items())[-1]
    return name, str(len(held)), size_text(size if isinstance(size, int) else 0)


def _offered(each: Product, hider: SourceName | None) -> dict[str, Json]:
    return {
        "image": each.ref,
        "product": each.name,
        "title": each.title,
        "label": each.label,
        "codename": each.extra.get("release_codename"),
        "supported_until": each.extra.get("support_eol"),
        "hidden_by": hider,
        "versions": {version.name: version.size for version in each.versions},
    }
