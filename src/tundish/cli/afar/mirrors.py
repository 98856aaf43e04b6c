"""
Mirrors that another server keeps, by their names in the folder `mirrors` of its state.
"""

import base64
from typing import Any

from tundish.cli import mirror as command
from tundish.cli import mirrored
from tundish.cli.afar.waiting import reported
from tundish.core import names
from tundish.core.errors import InputError
from tundish.remote import values
from tundish.remote.server import Document, Server

USUAL = {"grace": "3d"}  # what is given where nobody gives it
HERE_ALONE = {
    "path": "--path",
    "roots": "--mirror",
    "bare": "--no-item-download",
    "dry_run": "--dry-run",
    "verbose": "--verbose",
    "key": "--sign",
    "expires": "--expires",
    "grace": "--grace",
    "parallel": "--parallel",
    "allow_rollback": "--allow-rollback",
    "only_check": "--check",
    "quarantine": "--quarantine",
}


def mirror(
    server: Server,
    *,
    words: tuple[str, ...],
    keyring: str | None,
    unverified: bool,
    most: int | None,
    keep: bool,
    prune: bool,
    as_json: bool,
    **options: Any,
) -> None:
    _must_be_known(options)
    if len(words) < 2 or words[0] == command.VERIFY:
        raise InputError(
            "from afar, give SOURCE and the NAME of the mirror; mirrors are verified on the server itself"
        )
    url, name, *filters = words
    arguments: Document = {
        "name": _name(name),
        "url": url,
        "keyring": base64.b64encode(command.keyring_of(keyring, unverified=unverified)).decode(),
        "unsigned": unverified,
        "filters": [*filters],
        "most": most,
        "keep": keep,
        "prune": prune,
    }
    done = reported(server, server.send("POST", "/jobs", {"kind": "mirror", "arguments": arguments}))
    values.read(lambda row: mirrored.say_outcome(row, as_json=as_json), done)


def _must_be_known(options: dict[str, Any]) -> None:
    given = [said for name, said in HERE_ALONE.items() if (options.get(name) or None) != USUAL.get(name)]
    if given:
        raise InputError(
            f"from afar, a mirror knows no {', '.join(given)}; leave it out, or run it on the server itself"
        )


def _name(text: str) -> str:
    if "/" in text or text.startswith("."):
        raise InputError(
            f"from afar, {text[:80]!r} is no mirror: give the name of a folder in `mirrors` of the server's "
            "state"
        )
    return names.word("name of a mirror", text)
