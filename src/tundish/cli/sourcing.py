"""
Commands that save a source, and the options they share: how it is trusted and how it is reached.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option, opened
from tundish.core import clock
from tundish.core.errors import InputError
from tundish.core.image import Json

if TYPE_CHECKING:  # loaded by the commands: the catalog's library costs 0.2 s to import
    from tundish.sync.offer import Offer
    from tundish.sync.sources import Wish

NONE = "none"  # the word that takes a setting away
MOST = 1024 * 1024  # bytes of a file of keys or a token
_Command = TypeVar("_Command", bound=Callable[..., object])

_TRUST = (
    click.option("--keyring", metavar="FILE", help="Public keys that may sign this source."),
    click.option("--keyring-data", metavar="BASE64|@FILE", help="The same as text, or the file of it."),
    click.option("--unsigned", is_flag=True, help="Believe this source without any signature. Dangerous."),
    click.option("--signer", "signers", multiple=True, metavar="FPR", help="Only this key; repeat for more."),
)
_WAY = (
    click.option("--proxy", metavar="settings|none|URL", help="Proxy for this source.  [default: settings]"),
    click.option("--token-file", metavar="FILE", help="File with the bearer token that the source wants."),
    click.option("--mirror", "mirrors", multiple=True, metavar="URL", help="Asked when the source fails."),
    click.option("--bandwidth", metavar="RATE", help="Most bytes per second, as in 500K or 20M."),
    click.option("--window", metavar="HH:MM-HH:MM", help="When it is synced by itself, in UTC."),
)


def settings_options(command: _Command) -> _Command:
    for option in reversed((*_TRUST, *_WAY)):
        command = option(command)
    return command


def wish(
    *,
    keyring: str | None,
    keyring_data: str | None,
    unsigned: bool,
    signers: tuple[str, ...],
    proxy: str | None,
    token_file: str | None,
    mirrors: tuple[str, ...],
    bandwidth: str | None,
    window: str | None,
    **others: Any,
) -> "Wish":
    """
    What the options say; `none` takes a setting away, and what is not named stays.
    """
    from tundish.cli.amounts import size
    from tundish.sync.sources import Wish

    cap = None if bandwidth is None else 0 if bandwidth == NONE else size(bandwidth.removesuffix("/s"))
    token = None if token_file is None else "" if token_file == NONE else _token(token_file)
    return Wish(
        keyring=keys_of(keyring, keyring_data),
        unsigned=unsigned,
        signers=_several(signers),
        proxy=proxy,
        token=token,
        mirrors=None if not mirrors else tuple(map(address, _several(mirrors) or ())),
        bandwidth=cap,
        window="" if window == NONE else window,
        **others,
    )


def _several(values: tuple[str, ...]) -> tuple[str, ...] | None:
    return None if not values else () if values == (NONE,) else values


def keys_of(keyring: str | None, data: str | None) -> bytes | None:
    if keyring is not None and data is not None:
        raise InputError("give --keyring FILE or --keyring-data BASE64, not both")
    if data is not None and not data.startswith("@"):
        return data.encode()
    path = keyring if data is None else data.removeprefix("@")
    return None if path is None else _key_file(path)


def _key_file(path: str) -> bytes:
    from tundish.app.mirroring import known_keys

    return known_keys(read(path, "the keyring", "give a file of public keys"), path)


def _token(path: str) -> str:
    return read(path, "the token", "give a file that holds it").decode("utf-8", "replace").strip()


def read(path: str, what: str, mend: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {what} {path}: {reason}; {mend}") from error


def address(text: str) -> str:
    """
    A URL as given; a folder by its full path.
    """
    if "://" in text:
        return text
    if Path(text).is_dir():
        return str(Path(text).absolute())
    if text.endswith(("/streams/v1/index.sjson", "/streams/v1/index.json")) and Path(text).is_file():
        return str(Path(text).absolute())
    raise InputError(f"{text} is neither a URL nor a folder; give one, as in http://mirror.lab/stable/")


def warn(offer: "Offer | None") -> None:
    """
    What of an offer could not be read, on standard error.
    """
    for each in offer.unread if offer else ():
        say_unread(each.content_id, str(each.error))


def say_unread(content_id: str, error: str) -> None:
    click.echo(f"warning: {content_id}: {error}", err=True)


@click.command(cls=Verb, example="tundish source add lab http://mirror.lab/stable/ --keyring lab.gpg")
@click.argument("name")
@click.argument("url")
@settings_options
@click.option("--priority", type=int, default=0, show_default=True, help="Higher wins.")
@click.option("--no-check", is_flag=True, help="Save without asking the source first.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    /,
    *,
    name: str,
    url: str,
    priority: int,
    no_check: bool,
    as_json: bool,
    **words: Any,
) -> None:
    """
    Add a source; it is fetched and verified before anything is saved.

    NAME is ours. URL is the base of a stream, or the full path of its index, or a folder.
    """
    from tundish.sync.catalogue import admit
    from tundish.sync.sources import drafted

    asked = wish(**words)
    unsigned = asked.unsigned
    wanted = drafted(
        name, address(url), keyring=asked.keyring, unsigned=unsigned, priority=priority, wish=asked
    )
    with opened(context) as app:
        offer = admit(app.desk(), wanted, check=not no_check)
        if unsigned:
            app.catalog.events.add("unsigned-source", name, f"{url} is believed unsigned", clock.now())
    warn(offer)
    alarm(url, unsigned=unsigned)
    found = None if offer is None else len(offer.products)
    facts: dict[str, Json] = {"name": name, "url": wanted.url, "signed": wanted.is_signed, "products": found}
    say_added(facts, as_json=as_json)


def say_added(facts: dict[str, Json], *, as_json: bool) -> None:
    if as_json:
        answer(facts)
    else:
        found = facts["products"]
        said = "not checked" if found is None else f"{found} products offered"
        click.echo(f"added {facts['name']}: {said}; next: tundish select add OS/SERIES")


def alarm(url: str, *, unsigned: bool) -> None:
    if unsigned:
        click.echo(f"warning: whatever {url} sends will be believed; give it a keyring soon", err=True)


@click.command(
    cls=Verb,
    name="set",
    example="""
    tundish source set lab --mirror http://mirror2.lab/stable/ --bandwidth 20M
    tundish source set lab --window 22:00-06:00 --proxy none
    tundish source set lab --mirror none
    """,
)
@click.argument("name")
@click.option("--url", help="Another address; what was accepted at the old one does not count there.")
@settings_options
@click.option("--priority", type=int, help="Higher wins.")
@click.option("--no-check", is_flag=True, help="Save without asking the source first.")
@json_option
@click.pass_context
def set_(
    context: click.Context,
    /,
    *,
    name: str,
    url: str | None,
    priority: int | None,
    no_check: bool,
    as_json: bool,
    **words: Any,
) -> None:
    """
    Change a source; what could make it unreadable is tried before it is saved.

    What is not named stays as it is. The word `none` takes a mirror, signer, token, cap or window away.
    """
    asked = wish(**words, url=None if url is None else address(url), priority=priority)
    change(context, name, asked, check=not no_check, as_json=as_json)


def change(context: click.Context, name: str, asked: "Wish", *, check: bool, as_json: bool) -> None:
    """
    Change a source, and say what it is now.
    """
    from tundish.sync.catalogue import amend
    from tundish.sync.sources import public

    with opened(context) as app:
        source, offer = amend(app.desk(), name, asked, check=check)
        if asked.unsigned:
            app.catalog.events.add("unsigned-source", name, "it is believed unsigned now", clock.now())
    warn(offer)
    alarm(source.url, unsigned=asked.unsigned)
    say_changed(public(source), None if offer is None else len(offer.products), as_json=as_json)


def say_changed(facts: dict[str, Json], products: Json, *, as_json: bool) -> None:
    if as_json:
        answer(facts)
    else:
        said = "" if products is None else f": {products} products offered"
        click.echo(f"changed {facts['name']}{said}")


@click.command(cls=Verb, name="set-stream", example="tundish source set-stream maas candidate")
@click.argument("name")
@click.argument("stream", type=click.Choice(["stable", "candidate"]))
@click.option("--no-check", is_flag=True, help="Save without asking the source first.")
@json_option
@click.pass_context
def set_stream(context: click.Context, *, name: str, stream: str, no_check: bool, as_json: bool) -> None:
    """
    Switch a source to its other stream.

    The same selections are planned against it; what is identical stays, and the rest is usable until the
    new one is complete.
    """
    from tundish.sync.presets import switched
    from tundish.sync.sources import Wish

    with opened(context) as app:
        url = switched(app.catalog.sources.get(name).url, stream)
    change(context, name, Wish(url=url), check=not no_check, as_json=as_json)


@click.command(cls=Verb, name="restore-default", example="tundish source restore-default")
@click.option("--keyring", metavar="FILE", help="Its public keys, if they are not installed.")
@click.option("--url", help="Another place that holds the same stream.")
@click.option("--no-check", is_flag=True, help="Save without asking the source first.")
@json_option
@click.pass_context
def restore_default(
    context: click.Context, *, keyring: str | None, url: str | None, no_check: bool, as_json: bool
) -> None:
    """
    Bring back the public images of MAAS as source `maas`, and select the newest Ubuntu LTS if nothing is.
    """
    from tundish.sync import presets
    from tundish.sync.sources import public

    keys = presets.keyring() if keyring is None else keys_of(keyring, None)
    place = presets.URL if url is None else address(url)
    with opened(context) as app:
        found = presets.restore(app.desk(), keys or b"", url=place, check=not no_check)
    warn(found.offer)
    say_restored({**public(found.source), "selected": found.series}, as_json=as_json)


def say_restored(facts: dict[str, Json], *, as_json: bool) -> None:
    """
    The default source by its facts, as the JSON has them.
    """
    if as_json:
        answer(facts)
        return
    chosen = f", selected ubuntu/{facts['selected']} for amd64" if facts["selected"] else ""
    click.echo(f"restored {facts['name']} at {facts['url']}{chosen}; next: tundish sync --plan")
