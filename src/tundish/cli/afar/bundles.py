"""
Bundles of another server, by their names in the folder `bundles` of its state. Keyrings are read here and
sent.
"""

import base64
from datetime import datetime
from pathlib import Path

from tundish.cli import bundle as command
from tundish.cli.afar.waiting import reported
from tundish.core.errors import InputError
from tundish.remote import values
from tundish.remote.server import Document, Server


def export(server: Server, *, file: Path, release: int | None, earlier: Path | None, as_json: bool) -> None:
    if earlier is not None:
        raise InputError("from afar, a bundle builds on a release: give --since, not --since-bundle")
    words: Document = {"file": _name(file)} if release is None else {"file": _name(file), "since": release}
    made = _done(server, "bundle-export", words)
    values.read(lambda row: command.say_made(row, as_json=as_json), made)


def import_(
    server: Server,
    *,
    file: Path,
    keyring: Path,
    name: str | None,
    allow_mass_removal: bool,
    as_json: bool,
) -> None:
    words: Document = {
        "file": _name(file),
        "keyring": _sent(keyring),
        "name": name,
        "allow_mass_removal": allow_mass_removal,
    }
    done = _done(server, "bundle-import", words)
    values.read(lambda row: command.say_taken(row, as_json=as_json), done)


def list_(server: Server, *, as_json: bool) -> None:
    rows = server.rows("/bundles")
    command.say_all([values.read(_lying, row) for row in rows], as_json=as_json)


def show(server: Server, *, file: Path, keyring: Path | None, as_json: bool) -> None:
    words: Document = {"file": _name(file)}
    found = _done(server, "bundle-show", words if keyring is None else {**words, "keyring": _sent(keyring)})
    values.read(lambda row: command.say_shown(row, as_json=as_json), found)


def _lying(row: values.Row) -> tuple[str, int, datetime]:
    return str(row["name"]), int(row["size"]), datetime.fromisoformat(row["at"])


def _done(server: Server, kind: str, words: Document) -> Document:
    """
    What a job reports that was begun for this.
    """
    return reported(server, server.send("POST", "/jobs", {"kind": kind, "arguments": words}))


def _name(file: Path) -> str:
    """
    Raises:
        InputError: it is a path, or a pipe.
    """
    if str(file) != file.name or str(file) in {"-", "..", ""}:
        raise InputError(
            f"from afar, {str(file)[:80]!r} is no bundle: give its name in the folder `bundles` of the "
            "server's state"
        )
    return file.name


def _sent(keyring: Path) -> str:
    return base64.b64encode(command.bytes_of(keyring)).decode()
