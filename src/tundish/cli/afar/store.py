"""
The store of another server: looked at, and looked after by jobs there.
"""

from datetime import timedelta

from tundish.cli import store as command
from tundish.cli import trees, upkeep
from tundish.cli.afar.waiting import reported
from tundish.core import clock
from tundish.core.errors import InputError
from tundish.remote import values
from tundish.remote.server import Document, Server, record


def usage(server: Server, *, grace: timedelta, as_json: bool) -> None:
    found = record(server.get("/store", grace=_seconds(grace)))
    values.read(lambda row: command.say_usage(row, as_json=as_json), found)


def gc(server: Server, *, dry_run: bool, grace: timedelta, allow_mass_removal: bool, as_json: bool) -> None:
    if dry_run:
        done = record(server.get("/store/leaving", grace=_seconds(grace)))
    else:
        words: Document = {"grace_seconds": _seconds(grace), "allow_mass_removal": allow_mass_removal}
        done = _done(server, "gc", words)
    values.read(lambda row: command.say_collected(row, as_json=as_json), done)
    values.read(lambda row: trees.check(row["channels"]), done)


def verify(
    server: Server,
    *,
    since_: str | None,
    older_than: timedelta | None,
    rate: int | None,
    quarantine: bool,
    as_json: bool,
) -> None:
    now = clock.now()
    before = upkeep.before_of(since_, older_than, now)
    words: Document = {
        "older_than_seconds": None if before is None else _seconds(now - before),
        "rate": rate,
        "only_look": not quarantine,
    }
    found = _done(server, "verify", {name: value for name, value in words.items() if value is not None})
    values.read(lambda row: upkeep.say_verified(row, as_json=as_json), found)
    values.read(lambda row: upkeep.judge_verified(row, quarantine=quarantine), found)


def repair(server: Server, *, parallel: int | None, as_json: bool) -> None:
    if parallel:
        raise InputError("from afar, how many blobs are fetched at once is the server's own; no --parallel")
    done = _done(server, "repair", {})
    values.read(lambda row: upkeep.say_repaired(row, as_json=as_json), done)
    values.read(upkeep.judge_repaired, done)


def _done(server: Server, kind: str, words: Document) -> Document:
    """
    What a job reports that was begun for this.
    """
    return reported(server, server.send("POST", "/jobs", {"kind": kind, "arguments": words}))


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
