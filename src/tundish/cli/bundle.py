"""
`tundish bundle`: images across an air gap, in one signed file.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.cli.sync import stoppable
from tundish.core import clock
from tundish.core.errors import InputError, StorageError
from tundish.core.image import Json

if TYPE_CHECKING:  # opened lazily, as the app is
    from tundish.app.opened import App
    from tundish.bundle.manifest import Manifest
    from tundish.bundle.run import Desk, Known, Shown

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
    if as_json:
        facts = {"file": str(file), **_facts(made), "keyring": str(keyring)}
        click.echo(json.dumps(facts, indent=2), err=file == PIPE)
    else:
        click.echo(f"{_line(made)}\nsigned by {made.origin}\nkeyring   {keyring}", err=file == PIPE)


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
    from tundish.bundle.contents import bundle_name
    from tundish.bundle.taking import take_in

    called = None if name is None else bundle_name(name)
    keys = _bytes(keyring)
    with opened(context) as app, _desk(app) as desk, _reading(file) as stream:
        done = take_in(
            desk,
            stream,
            _origin(file),
            keyring=keys,
            name=called,
            allow_mass_removal=allow_mass_removal,
        )
    if as_json:
        answer(
            {
                "file": str(file),
                **_facts(done.manifest),
                "name": done.name,
                "images": list(done.images),
                "retired": list(done.retired),
                "taken_blobs": done.taken_blobs,
                "taken_bytes": done.taken_bytes,
            }
        )
        return
    click.echo(
        f"{done.name}, bundle {done.manifest.serial}: {len(done.images)} image versions are complete, "
        f"{len(done.retired)} retired, {done.taken_blobs} blobs taken in ({size_text(done.taken_bytes)})"
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
    from tundish.bundle import run

    with opened(context) as app, _desk(app) as desk, _reading(file) as stream:
        found = run.show(desk, stream, _origin(file), keyring=_bytes(keyring or app.public_keyring))
    images = _images(found)
    if as_json:
        signature = found.opened.signature
        answer(
            {
                "file": str(file),
                **_facts(found.opened.manifest),
                "signed_by": signature.fingerprint,
                "signed_at": signature.made_at.isoformat(),
                "images": [
                    {"source": source, "image": image, "bytes": size} for source, image, size in images
                ],
            }
        )
        return
    table(
        ["SOURCE", "IMAGE", "SIZE"],
        [(source, image, size_text(size)) for source, image, size in images],
        empty="it offers nothing",
    )
    made = found.opened.manifest
    click.echo(f"{_line(made)}\nsigned by {made.origin}, {time_text(made.created)}; every byte is as signed")


def _images(found: "Shown") -> list[tuple[str, str, int]]:
    return sorted(
        (str(offered.source), f"{product.ref}@{version.name}", version.size)
        for offered in found.offers
        for product in offered.products
        for version in product.versions
    )


def _facts(made: "Manifest") -> dict[str, Json]:
    return {
        "origin": made.origin,
        "serial": made.serial,
        "base": {str(made.base.kind): made.base.number} if made.base else None,
        "created": made.created.isoformat(),
        "versions": sum(each.versions for each in made.listed),
        "blobs": len(made.blobs),
        "bytes": made.size,
        "expected_blobs": len(made.expected),
        "expected_bytes": sum(blob.size for blob in made.expected),
    }


def _line(made: "Manifest") -> str:
    base = f"builds on {made.base}" if made.base else "builds on nothing"
    versions = sum(each.versions for each in made.listed)
    return (
        f"bundle {made.serial}, {base}: {versions} image versions, "
        f"{len(made.blobs)} blobs, {size_text(made.size)}"
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


def _bytes(keyring: Path) -> bytes:
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
