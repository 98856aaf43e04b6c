"""
`tundish push`: bring images that are held here to somebody else's server.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tundish.cli.command import Noun
from tundish.cli.reading import reading
from tundish.cli.session import answer, json_option, opened, size_text
from tundish.core.errors import Conflict, InputError
from tundish.core.image import Json
from tundish.core.lifecycle import State

if TYPE_CHECKING:  # loaded by the command that needs it
    from tundish.core.holding import Holding
    from tundish.core.image import Item
    from tundish.remote.maas import Key, Offer, Region

MOST_KEY = 1024  # bytes
TYPES = {  # MAAS's word, by the kind of file
    "root-tgz": "tgz",
    "root-txz": "txz",
    "root-tbz": "tbz",
    "root.tar.gz": "tgz",
    "root.tar.xz": "txz",
    "root-dd": "ddtgz",
    "root-dd.raw": "ddraw",
    "root-dd.gz": "ddgz",
    "root-dd.bz2": "ddbz2",
    "root-dd.xz": "ddxz",
    "root-dd.tar": "ddtar",
    "root-dd.tar.bz2": "ddtbz",
    "root-dd.tar.xz": "ddtxz",
}


@click.group(
    cls=Noun, example="tundish push maas http://maas.lab:5240/MAAS --key-file key custom/rocky9/amd64"
)
def push() -> None:
    """
    Bring images that are held here to another server.
    """


@push.command(
    example="""
    tundish push maas http://maas.lab:5240/MAAS --key-file maas.key custom/rocky9/amd64
    tundish push maas https://maas.lab/MAAS --key-file maas.key debian/bookworm/amd64 --name custom/bookworm
    """
)
@click.argument("url")
@click.argument("refs", nargs=-1, required=True, metavar="IMAGE[@VERSION]...")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the API key, as `maas apikey --username NAME` prints it.",
)
@click.option("--name", default="", help="What MAAS calls it; for one image.  [default: as here]")
@click.option("--base-image", default="", metavar="OS/SERIES", help="What MAAS configures it as.")
@click.option("--title", default="", help="As people read it; for one image.")
@click.option("--keep/--replace", "keep_old", default=True, help="What becomes of older versions there.")
@json_option
@click.pass_context
def maas(
    context: click.Context,
    /,
    *,
    url: str,
    refs: tuple[str, ...],
    key_file: Path,
    name: str,
    base_image: str,
    title: str,
    keep_old: bool,
    as_json: bool,
) -> None:
    """
    Upload images to a region of MAAS through its API, one after the other.

    What MAAS holds already is not sent. MAAS cannot go on with an upload: one that breaks off is begun anew.
    With --replace, MAAS drops older versions before the new bytes have come.
    """
    from tundish.remote.maas import opened_region, region_url

    if len(refs) > 1 and (name or title):
        raise InputError("--name and --title are of one image; push the images one by one")
    key, place = _key(key_file), region_url(url)
    with opened(context) as app:
        offers = [
            _offer(app.catalog.images.find(ref), name=name, base=base_image, title=title, keep=keep_old)
            for ref in refs
        ]
        done: list[dict[str, Json]] = []
        settings = app.settings
        with opened_region(place, key, http_proxy=settings.http_proxy, no_proxy=settings.no_proxy) as region:
            for held, offer in offers:
                done.append(_pushed(region, held, offer, partial(app.store.open, offer.sha256)))
                if not as_json:
                    click.echo(_line(done[-1]))
    if as_json:
        answer([*done])


def _pushed(
    region: "Region", held: "Holding", offer: "Offer", content: Callable[[], BinaryIO]
) -> dict[str, Json]:
    try:
        with reading(held.ref, "pushing") as heard:
            pushed = region.push(offer, content, heard)
    except KeyboardInterrupt:
        click.echo(f"MAAS keeps an incomplete version of {offer.name}; delete it there, push again", err=True)
        raise
    return {
        "image": held.ref,
        "name": offer.name,
        "resource": pushed.resource,
        "version": pushed.version,
        "bytes": offer.size,
        "sent": pushed.sent,
    }


def _line(done: Mapping[str, Json]) -> str:
    sent = done["sent"]
    how = size_text(sent) if isinstance(sent, int) and sent else "held there already"
    return f"{done['image']}  {done['name']}  {done['version']}  {how}"


def _key(path: Path) -> "Key":
    from tundish.remote.maas import key_of

    try:
        with path.open("rb") as file:
            return key_of(file.read(MOST_KEY).decode("utf-8", "replace"))
    except OSError as error:
        raise InputError(f"the key file {path} cannot be read: {error.strerror}") from error


def _offer(held: "Holding", *, name: str, base: str, title: str, keep: bool) -> "tuple[Holding, Offer]":
    """
    An image as MAAS would take it, judged by its rules before anything is sent.
    """
    from tundish.app.looking import root_of
    from tundish.intake.naming import CUSTOM, asked
    from tundish.remote.maas import Offer

    if held.state is not State.COMPLETE:
        raise Conflict(f"{held.ref} is {held.state}; only what is complete is pushed")
    product, item = held.product, root_of(held)
    filetype = _type_of(held, item)
    said = str(product.extra.get("base_image") or "")
    wish = asked(
        name or f"{product.os}/{product.series}",
        arch=f"{product.arch}/generic",
        title=title or product.title,
        filetype=filetype,
        base_image=base or said,
    )
    offer = Offer(
        name=wish.name,
        arch=f"{wish.arch}/{wish.subarch}",
        filetype=filetype,
        size=item.size,
        sha256=item.digest,
        title=wish.title,
        base_image=wish.base_image if wish.os == CUSTOM and wish.base_said else "",
        keep_old=keep,
    )
    return held, offer


def _type_of(held: "Holding", item: "Item") -> str:
    if item.ftype not in TYPES:
        raise InputError(
            f"{held.ref} is a {item.ftype}, which cannot be uploaded to MAAS; make a root of it: "
            f"tundish pack {held.ref} --help"
        )
    return TYPES[item.ftype]
