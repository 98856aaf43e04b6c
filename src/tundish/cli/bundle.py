"""
`tundish bundle`: images across an air gap, in one signed file.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.cli.sync import stoppable
from tundish.cli.trees import Report, number_of
from tundish.core import clock
from tundish.core.errors import InputError, StorageError

if TYPE_CHECKING:  # opened lazily, as the app is
    from tundish.app.opened import App
    from tundish.bundle.run import Desk, Known

PIPE = Path("-")
EVERY = 2.0  # seconds between two plain lines

_file = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")


@click.group(
    cls=Noun,
    example="""
    tundish bundle export /media/usb/1.bundle
    tundish bundle import /media/usb/1.bundle --keyring hq.gpg --as hq
    """,
)
def bundle() -> None:
    """
    Carry images across an air gap in one signed file.
    """


@bundle.command(
    example="""
    tundish bundle export /media/usb/1.bundle
    tundish bundle export --since-bundle /archive/1.bundle /media/usb/2.bundle
    tundish bundle export - | ssh region tundish bundle import - --keyring hq.gpg
    """
)
@_file
@click.option("--since", "release", type=click.IntRange(1), metavar="RELEASE", help="Its reader has this.")
@click.option(
    "--since-bundle", "earlier", type=click.Path(path_type=Path), help="Its reader took in this bundle."
)
@json_option
@click.pass_context
def export(
    context: click.Context, *, file: Path, release: int | None, earlier: Path | None, as_json: bool
) -> None:
    """
    Write every complete image, or what has come since a release or an earlier bundle, into one signed file.

    FILE may be - for standard output; what is said then goes to standard error.
    """
    from tundish.app.reporting import bundle_json
    from tundish.bundle import run

    if release is not None and earlier is not None:
        raise InputError("give --since or --since-bundle, not both")
    with opened(context) as app, _desk(app) as desk:
        signer = app.press().signer
        known = _known(desk, release, earlier, signer.keyring())
        target = sys.stdout.buffer if file == PIPE else file
        try:
            made = run.export(desk, target, signer=signer, known=known)
        except StorageError:
            if file == PIPE:  # what is still in the buffer must not fail once more
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise
        keyring = app.public_keyring
    say_made(
        {"file": str(file), **bundle_json(made), "keyring": str(keyring)}, as_json=as_json, err=file == PIPE
    )


def say_made(made: Report, *, as_json: bool, err: bool = False) -> None:
    if as_json:
        click.echo(json.dumps(made, indent=2), err=err)
    else:
        click.echo(f"{_line(made)}\nsigned by {made['origin']}\nkeyring   {made['keyring']}", err=err)


@bundle.command(name="import", example="tundish bundle import /media/usb/2.bundle --keyring hq.gpg --as hq")
@_file
@click.option(
    "--keyring", required=True, type=click.Path(path_type=Path), help="Public keys that may sign it."
)
@click.option("--as", "name", help="What its origin is called here.  [default: as last time, or bundle]")
@click.option("--allow-mass-removal", is_flag=True, help="Retire more than half of what came before.")
@json_option
@click.pass_context
def import_(
    context: click.Context,
    *,
    file: Path,
    keyring: Path,
    name: str | None,
    allow_mass_removal: bool,
    as_json: bool,
) -> None:
    """
    Verify a bundle and hold what it offers; run it again to go on after an interruption.

    FILE may be - for standard input.
    """
    from tundish.app.reporting import taken_json
    from tundish.bundle.contents import bundle_name
    from tundish.bundle.taking import take_in

    called = None if name is None else bundle_name(name)
    keys = bytes_of(keyring)
    with opened(context) as app, _desk(app) as desk, _reading(file) as stream:
        done = take_in(
            desk,
            stream,
            _origin(file),
            keyring=keys,
            name=called,
            allow_mass_removal=allow_mass_removal,
        )
    say_taken({"file": str(file), **taken_json(done)}, as_json=as_json)


def say_taken(done: Report, *, as_json: bool) -> None:
    if as_json:
        answer(done)
        return
    click.echo(
        f"{done['name']}, bundle {done['serial']}: {number_of(done, 'images')} image versions are complete, "
        f"{number_of(done, 'retired')} retired, {done['taken_blobs']} blobs taken in "
        f"({size_text(done['taken_bytes'])})"
    )
    click.echo("next: tundish publish, or tundish serve to boot them")


@bundle.command(example="tundish bundle show /media/usb/2.bundle --keyring hq.gpg")
@_file
@click.option(
    "--keyring", type=click.Path(path_type=Path), help="Public keys that may sign it.  [default: our own]"
)
@json_option
@click.pass_context
def show(context: click.Context, *, file: Path, keyring: Path | None, as_json: bool) -> None:
    """
    Verify all of a bundle, and say what is inside, who signed it, and what it builds on.
    """
    from tundish.app.reporting import shown_json
    from tundish.bundle import run

    with opened(context) as app, _desk(app) as desk, _reading(file) as stream:
        found = run.show(desk, stream, _origin(file), keyring=bytes_of(keyring or app.public_keyring))
    say_shown({"file": str(file), **shown_json(found)}, as_json=as_json)


def say_shown(found: Report, *, as_json: bool) -> None:
    if as_json:
        answer(found)
        return
    table(
        ["SOURCE", "IMAGE", "SIZE"],
        [(each["source"], each["image"], size_text(each["bytes"])) for each in found["images"]],
        empty="it offers nothing",
    )
    left = number_of(found, "images") - len(found["images"])
    if left:
        click.echo(f"and {left} more")
    created = time_text(datetime.fromisoformat(found["created"]))
    click.echo(f"{_line(found)}\nsigned by {found['origin']}, {created}; every byte is as signed")


def _line(made: Report) -> str:
    on = " ".join(f"{kind} {number}" for kind, number in (made["base"] or {}).items()) or "nothing"
    return (
        f"bundle {made['serial']}, builds on {on}: {made['versions']} image versions, "
        f"{made['blobs']} blobs, {size_text(made['bytes'])}"
    )


@bundle.command(name="list", example="tundish bundle list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the bundles in the folder `bundles` of the state, where jobs write them and take them from.
    """
    from tundish.app.lying import bundles

    with opened(context) as app:
        found = bundles(app)
    say_all([(each.name, each.size, each.at) for each in found], as_json=as_json)


def say_all(found: Sequence[tuple[str, int, datetime]], *, as_json: bool) -> None:
    if as_json:
        answer([{"name": name, "bytes": size, "at": at.isoformat()} for name, size, at in found])
        return
    table(
        ["NAME", "SIZE", "WRITTEN"],
        [(name, size_text(size), time_text(at)) for name, size, at in found],
        empty="no bundle lies there; a server writes one with: tundish --server URL bundle export NAME",
    )


def _known(desk: "Desk", release: int | None, earlier: Path | None, keyring: bytes) -> "Known":
    from tundish.bundle import run

    if release is not None:
        return run.since_release(desk.catalog, release)
    if earlier is None:
        return run.Known()
    with _reading(earlier) as stream:
        return run.since_bundle(stream, str(earlier), desk, keyring=keyring)


@contextmanager
def _desk(app: "App") -> Iterator["Desk"]:
    from tundish.app.opened import holder
    from tundish.bundle.run import Desk

    with stoppable() as stop, _Progress() as watch:
        yield Desk(app.catalog, app.store, app.verifier, clock.now, holder(), watch, stop)


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    """
    The bundle as a stream; `-` is standard input.
    """
    with ExitStack() as stack:
        try:
            stream = sys.stdin.buffer if file == PIPE else stack.enter_context(file.open("rb"))
        except OSError as error:
            raise InputError(f"cannot read the bundle {file}: {error.strerror}") from error
        yield stream


def _origin(file: Path) -> str:
    return "standard input" if file == PIPE else str(file)


def bytes_of(keyring: Path) -> bytes:
    """
    Raises:
        InputError: it cannot be read.
    """
    try:
        return keyring.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the keyring {keyring}: {error.strerror}; name another with --keyring"
        ) from error


class _Progress:
    """
    How far it is, on standard error: a bar on a terminal, a plain line now and then elsewhere.
    """

    def __init__(self) -> None:
        self._stack, self._next, self._came, self._size = ExitStack(), 0.0, 0, 0
        self._advance: Callable[[int], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def expect(self, files: int, size: int) -> None:
        self._size, self._next = size, clock.monotonic() + EVERY
        if size and sys.stderr.isatty():
            bar = click.progressbar(length=size, label=f"{files} blobs", file=sys.stderr)
            self._advance = self._stack.enter_context(bar).update

    def moved(self, count: int) -> None:
        self._came += count
        if self._advance is not None:
            self._advance(count)
        elif clock.monotonic() >= self._next:
            self._next = clock.monotonic() + EVERY
            click.echo(f"{size_text(self._came)} of {size_text(self._size)}", err=True)
