"""
Bringing a file of another server here: in pieces, each asked for by its place, so what broke off goes on.

What comes waits beside the file under another name; the file itself appears whole, or not at all.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from tundish.cli import uploading
from tundish.cli.reading import reading
from tundish.cli.session import size_text
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, DigestMismatch, StorageError
from tundish.core.image import Item
from tundish.remote import values
from tundish.remote.server import Server, record

PIECE = 8 * 1024 * 1024  # bytes of one answer
_READ = 1024 * 1024


def download(server: Server, *, ref: str, output: Path, as_json: bool) -> None:
    from tundish.app.looking import root_of

    held = values.read(values.holding, record(server.get("/find", ref=ref)))
    item = root_of(held)
    if output.exists():
        raise _there(output)
    with reading(held.ref, "fetching") as heard:
        fetch(server, f"/images/{held.id}/files/{item.name}", item, output, heard=heard)
    uploading.say_written(held.ref, item, output, as_json=as_json)


def fetch(
    server: Server,
    path: str,
    item: Item,
    output: Path,
    *,
    heard: Callable[[int, int], None],
    piece: int = PIECE,
) -> None:
    """
    Write a file of a server here, on from what an earlier run has of it.

    Raises:
        DigestMismatch: other bytes came; nothing is kept.
        Conflict: there is such a file already, or another run fetches it.
        StorageError: it cannot be written.
    """
    waiting = output.with_name(f".{output.name[:100]}.{item.digest.hex[:16]}.part")
    with _written(waiting, output) as stream:
        hasher, came = hashlib.sha256(), 0
        while came < item.size and (data := stream.read(min(_READ, item.size - came))):
            hasher.update(data)
            came += len(data)
        stream.truncate(came)
        if came:
            click.echo(f"going on at {size_text(came)} of {size_text(item.size)}", err=True)
        while came < item.size:
            data = server.piece(path, came, min(came + piece, item.size))
            stream.write(data)
            hasher.update(data)
            came += len(data)
            heard(came, item.size)
        stream.flush()
        os.fsync(stream.fileno())
        if hasher.hexdigest() != item.digest.hex:
            waiting.unlink()
            raise DigestMismatch(item.digest, Digest(hasher.hexdigest()), item.path)
        _named(waiting, output)


@contextmanager
def _written(waiting: Path, output: Path) -> Iterator[BinaryIO]:
    """
    The wall: what the system says of the folder names the file that was meant.
    """
    try:
        with open(waiting, "a+b", opener=_opened) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stream.seek(0)
            yield stream
    except BlockingIOError as error:
        raise Conflict(f"{output} is being fetched by another command") from error
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}") from error


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _named(waiting: Path, output: Path) -> None:
    """
    Give the whole file its name; one that came there meanwhile stays.
    """
    try:
        os.link(waiting, output)
    except FileExistsError as error:
        raise _there(output) from error
    except OSError:  # a file system without second names; there the last look decides
        if os.path.lexists(output):
            raise _there(output) from None
        waiting.replace(output)
    else:
        waiting.unlink()


def _there(output: Path) -> Conflict:
    return Conflict(f"{output} is there already; name another file, or move it away")
