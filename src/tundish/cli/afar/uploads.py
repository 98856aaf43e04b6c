"""
Bringing an image to another server: hashed here, sent from the byte that it has, and checked there.
"""

import time
from pathlib import Path

import click

from tundish.cli import uploading
from tundish.cli.reading import reading
from tundish.cli.session import answer, size_text
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, InputError
from tundish.core.image import Json
from tundish.remote import values
from tundish.remote.server import Document, Server, record

LOOK = 0.5  # seconds between two looks at a check
_GIVEN = ("arch", "title", "filetype", "base_image", "firmware", "default_user", "min_disk", "keep_old")


def upload(
    server: Server, *, file: Path, name: str, sha256: str, as_json: bool, **words: str | int | bool
) -> int:
    digest, size = uploading.digest_of(file), uploading.size_of(file)
    if sha256 and Digest.parse(sha256) != digest:
        raise InputError(f"{file} has {digest}, not {Digest.parse(sha256)}; nothing was sent")
    wish: Document = {"name": name, "size": size, "sha256": str(digest)}
    begun = record(server.send("POST", "/uploads", {**wish, **{key: words[key] for key in _GIVEN}}))
    warnings = begun.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        click.echo(f"{click.style('warning:', fg='yellow')} {warning}", err=True)
    return _say(server, _checked(server, _sent(server, begun, file, size)), as_json=as_json)


def list_(server: Server, *, all_: bool, as_json: bool) -> None:
    rows = server.rows("/uploads", running=not all_)
    uploading.say_uploads([values.read(values.upload, row) for row in rows], as_json=as_json)


def _sent(server: Server, begun: Document, file: Path, size: int) -> Document:
    if begun.get("state") != "arriving":
        return begun
    came = begun.get("offset")
    first = came if isinstance(came, int) else 0
    if first:
        click.echo(f"going on at {size_text(first)} of {size_text(size)}", err=True)
    with reading(f"upload of {file}") as heard:
        pieces = uploading.told(uploading.pieces_of(file, first), first, size, heard)
        return record(server.pour(f"/uploads/{begun.get('id')}/content", pieces, first=first, size=size))


def _checked(server: Server, sent: Document) -> Document:
    while sent.get("state") == "checking":
        time.sleep(LOOK)
        sent = record(server.get(f"/uploads/{sent.get('id')}"))
    if sent.get("state") != "complete":
        raise Conflict(
            f"upload {sent.get('id')} is {sent.get('state')}: {sent.get('error') or 'send it again'}"
        )
    return sent


def _say(server: Server, done: Document, *, as_json: bool) -> int:
    held = record(server.get(f"/images/{done.get('image')}"))
    is_available = held.get("state") == "complete"
    if as_json:
        facts: dict[str, Json] = {
            "upload": done.get("id"),
            "name": done.get("name"),
            "arch": f"{done.get('arch')}/{done.get('kernel')}",
            "filetype": done.get("filetype"),
            "bytes": done.get("size"),
            "sha256": done.get("sha256"),
            "image": held.get("ref"),
            "available": held.get("state"),
            "verdict": done.get("verdict"),
        }
        answer(facts)
        return 0 if is_available else uploading.UNFIT
    click.echo(f"{held.get('ref')}  {done.get('filetype')}  {size_text(_size(done))}  {done.get('sha256')}")
    click.echo(f"{held.get('verdict')}: {held.get('errors')} errors, {held.get('warnings')} warnings")
    if not is_available:
        click.echo(f"see why: tundish check {held.get('ref')}", err=True)
    return 0 if is_available else uploading.UNFIT


def _size(done: Document) -> int:
    size = done.get("size")
    return size if isinstance(size, int) else 0
