"""
`tundish image upload` and what belongs to it: bringing an image of one's own, and taking one out again.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.command import Verb
from tundish.cli.noted import me
from tundish.cli.reading import reading
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core.errors import Conflict, InputError, StorageError
from tundish.core.image import Json
from tundish.core.lifecycle import State

if TYPE_CHECKING:  # loaded by the commands that need it
    from tundish.app.opened import App
    from tundish.core.digest import Digest
    from tundish.core.holding import Holding
    from tundish.core.image import Item
    from tundish.core.upload import Asked, Upload

REF = "OS/SERIES/ARCH[/KERNEL][@VERSION]"
PIECE = 4 * 1024 * 1024
UNFIT = 1
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    cls=Verb,
    example="""
    tundish image upload rocky9.tar.gz --name custom/rocky9 --base-image rhel/9
    tundish image upload win2022.dd.gz --name windows/win2022 --firmware uefi --replace
    """,
)
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="custom/NAME, bare NAME, or OS/RELEASE.")
@click.option("--base-image", default="", metavar="OS/SERIES", help="What MAAS configures it as.")
@click.option("--arch", default="amd64", show_default=True, help="ARCH or ARCH/KERNEL.")
@click.option("--title", default="", help="As people read it.")
@click.option("--filetype", default="", help="tgz, ddgz, ...  [default: by the content]")
@click.option("--sha256", default="", help="The digest it must have.")
@click.option("--default-user", default="", help="Whom one logs in as.")
@click.option("--firmware", default="", help="bios, uefi or both.")
@click.option("--min-disk", default=0, metavar="BYTES", help="The smallest disk it can be deployed to.")
@click.option("--keep/--replace", "keep_old", default=True, help="What becomes of older versions.")
@json_option
@click.pass_context
def upload(
    context: click.Context, /, *, file: Path, name: str, sha256: str, as_json: bool, **words: Any
) -> int:
    """
    Bring an image of one's own: it is hashed, sent where it is not held already, and checked.

    Stopped with Ctrl-C, the same words go on at the byte. Ends with 1 if the image is unfit: it is kept,
    but not available until it is accepted.
    """
    from tundish.core.digest import Digest
    from tundish.intake.naming import asked, warnings

    with opened(context) as app:
        wished = asked(name, taken=_names_of_streams(app), **words)
        for warning in warnings(wished):
            click.echo(f"{click.style('warning:', fg='yellow')} {warning}", err=True)
        digest = digest_of(file)
        if sha256 and Digest.parse(sha256) != digest:
            raise InputError(f"{file} has {digest}, not {Digest.parse(sha256)}; nothing was sent")
        done = _send(app, file, wished, digest)
        return _tell(app, done, as_json=as_json)


def _names_of_streams(app: "App") -> frozenset[str]:
    from tundish.core.holding import OWN

    held = app.catalog.images.list()
    return frozenset(f"{one.product.os}/{one.product.series}" for one in held if one.source != OWN)


def digest_of(file: Path) -> "Digest":
    import hashlib

    from tundish.core.digest import Digest

    seen, read, size = hashlib.sha256(), 0, size_of(file)
    with reading(str(file)) as heard:
        for piece in pieces_of(file, 0):
            seen.update(piece)
            read += len(piece)
            heard(read, size)
    return Digest(seen.hexdigest())


def _send(app: "App", file: Path, wished: "Asked", digest: "Digest") -> "Upload":
    from tundish.app.deeds import uploads

    actor, size = me(), size_of(file)
    begun = uploads.resumable(app, actor, wished, size, digest) or uploads.begin(
        app, actor, wished, size, digest
    )
    if begun.is_over:
        return begun
    with app.store.receive(begun.part) as receipt:
        came = receipt.size
    if came:
        click.echo(f"going on at {size_text(came)} of {size_text(size)}", err=True)
    with reading(f"upload of {file}") as heard:
        return uploads.append(app, actor, begun.id, came, told(pieces_of(file, came), came, size, heard))


def told(pieces: Iterator[bytes], came: int, size: int, heard: Callable[[int, int], None]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        came += len(piece)
        heard(came, size)


def size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error


def pieces_of(file: Path, offset: int) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            stream.seek(offset)
            while piece := stream.read(PIECE):
                yield piece
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error


def _tell(app: "App", done: "Upload", *, as_json: bool) -> int:
    if done.holding is None:
        raise Conflict(f"upload {done.id} is {done.state}; go on with the same words")
    held, checked = app.catalog.images.get(done.holding), app.catalog.checks.get(done.holding)
    verdict = checked.verdict if checked else ""
    if as_json:
        answer({**_fields(done), "image": held.ref, "available": str(held.state), "verdict": verdict})
    else:
        click.echo(f"{held.ref}  {done.asked.filetype}  {size_text(done.came)}  {done.sha256}")
        if checked:
            click.echo(f"{verdict}: {checked.errors} errors, {checked.warnings} warnings")
        if held.state is not State.COMPLETE:
            click.echo(f"see why: tundish check {held.ref}", err=True)
            click.echo(f"use it nevertheless: tundish image accept {held.ref} --reason WHY", err=True)
    return 0 if held.state is State.COMPLETE else UNFIT


def _fields(one: "Upload") -> dict[str, Json]:
    return {
        "upload": one.id,
        "name": one.asked.name,
        "arch": f"{one.asked.arch}/{one.asked.subarch}",
        "filetype": one.asked.filetype,
        "base_image": one.asked.base_image,
        "base_image_said": one.asked.base_said,
        "bytes": one.size,
        "came": one.came,
        "sha256": one.sha256.hex if one.sha256 else None,
        "state": str(one.state),
        "error": one.error,
        "actor": one.actor,
        "begun": one.made_at.isoformat(),
        "touched": one.touched_at.isoformat(),
    }


@click.command(cls=Verb, example="tundish image uploads --all")
@click.option("--all", "all_", is_flag=True, help="Those that are over, too.")
@json_option
@click.pass_context
def uploads(context: click.Context, *, all_: bool, as_json: bool) -> None:
    """
    List the uploads that are on their way, the newest first.
    """
    from tundish.app.deeds import uploads as deeds

    with opened(context) as app:
        found = deeds.list_(app, me(), running=not all_)
    say_uploads(found, as_json=as_json)


def say_uploads(found: "Sequence[Upload]", *, as_json: bool) -> None:
    if as_json:
        answer([_fields(one) for one in found])
        return
    table(
        ["UPLOAD", "IMAGE", "STATE", "CAME", "OF", "BY", "SINCE", "NOTES"],
        [
            (
                str(one.id),
                one.asked.ref,
                str(one.state),
                size_text(one.came),
                size_text(one.size) if one.size is not None else "-",
                one.actor,
                time_text(one.made_at),
                one.error or "-",
            )
            for one in found
        ],
        empty="no upload is on its way; bring an image: tundish image upload FILE --name custom/NAME",
    )


@click.command(
    cls=Verb, example="tundish image accept custom/rocky9/amd64@20261125 --reason 'boots in the lab'"
)
@click.argument("ref", metavar=REF)
@click.option("--reason", required=True, help="Why it may be used although it is unfit.")
@json_option
@click.pass_context
def accept(context: click.Context, *, ref: str, reason: str, as_json: bool) -> None:
    """
    Make an upload available although it was found unfit.
    """
    from tundish.app.deeds import uploads as deeds

    with opened(context) as app:
        held = deeds.accept(app, me(), ref, reason)
    say_accepted(held, reason, as_json=as_json)


def say_accepted(held: "Holding", reason: str, *, as_json: bool) -> None:
    if as_json:
        answer({"image": held.ref, "state": str(held.state), "reason": reason})
    else:
        click.echo(f"{held.ref} is available")


@click.command(cls=Verb, example="tundish image download custom/rocky9/amd64 -o rocky9.tar.gz")
@click.argument("ref", metavar=REF)
@click.option("-o", "--output", type=_FILE, required=True, help="The file to write; it must not exist.")
@json_option
@click.pass_context
def download(context: click.Context, *, ref: str, output: Path, as_json: bool) -> None:
    """
    Write the file of an image that holds its system, as a copy.
    """
    from tundish.app.looking import root_of

    with opened(context) as app:
        held = app.catalog.images.find(ref)
        item = root_of(held)
        with app.store.open(item.digest) as content:
            _write(output, iter(lambda: content.read(PIECE), b""))
    say_written(held.ref, item, output, as_json=as_json)


def say_written(ref: str, item: "Item", output: Path, *, as_json: bool) -> None:
    if as_json:
        answer({"image": ref, "file": str(output), "bytes": item.size, "sha256": item.digest.hex})
    else:
        click.echo(f"wrote {output}: {size_text(item.size)} of {ref}, {item.digest}")


@click.command(cls=Verb, example="tundish image delete custom/rocky9/amd64@20261125 --yes")
@click.argument("ref", metavar=REF)
@click.option("--yes", is_flag=True, help="Do it; without, only what would go is shown.")
@json_option
@click.pass_context
def delete(context: click.Context, *, ref: str, yes: bool, as_json: bool) -> None:
    """
    Retire a version: it is offered no more, and `tundish store gc` frees its bytes after the grace period.

    What is pinned, deployed or in a channel stays, and is named.
    """
    from tundish.app.deeds import images

    with opened(context) as app:
        held = app.catalog.images.find(ref)
        tie = app.catalog.keeping.ties().get(held.id, "")
        if yes:
            held = images.delete(app, me(), held.ref)
    say_deleted(held, tie, yes=yes, as_json=as_json)


def say_deleted(held: "Holding", tie: str, *, yes: bool, as_json: bool) -> None:
    if as_json:
        answer(
            {"image": held.ref, "state": str(held.state), "bytes": held.version.size, "stays": tie or None}
        )
    elif yes:
        click.echo(f"{held.ref} is {held.state}; its bytes go with tundish store gc, after the grace period")
    else:
        stays = f"stays: {tie}" if tie else f"would go, {size_text(held.version.size)}; do it with --yes"
        click.echo(f"{held.ref} {stays}")


def _write(output: Path, pieces: Iterator[bytes]) -> None:
    made = False
    try:
        with output.open("xb") as stream:
            made = True
            for piece in pieces:
                stream.write(piece)
        made = False
    except FileExistsError as error:
        raise Conflict(f"{output} is there already; name another file, or move it away") from error
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}") from error
    finally:
        if made:
            output.unlink(missing_ok=True)
