"""
The images of another server.
"""

from tundish.cli import image, restoring, uploading
from tundish.core import names
from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding
from tundish.core.lifecycle import State
from tundish.remote import values
from tundish.remote.server import Document, Server, record
from tundish.sync.ranking import hidden

PAGE = 500


def list_(server: Server, *, os_: str | None, series: str | None, state_: str | None, as_json: bool) -> None:
    rows = server.rows("/versions", limit=PAGE)
    pairs = [(values.read(values.holding, row), row) for row in rows]
    pairs = [pair for pair in pairs if state_ is None or pair[0].state == state_]
    pairs.sort(key=lambda pair: _name(pair[0]))
    sources = server.rows("/sources")
    priorities = {str(each["name"]): int(str(each["priority"])) for each in sources if each["enabled"]}
    found = [each for each, _ in pairs]
    wanted = [each for each in found if state_ or each.state is not State.RETIRED]
    image.say_all(
        image.chosen(wanted, os_, series),
        {each.id: int(str(row.get("deployments") or 0)) for each, row in pairs},
        {each.id: str(row["stays"]) for each, row in pairs if row.get("stays")},
        hidden(found, {names.source_name(name): priority for name, priority in priorities.items()}),
        as_json=as_json,
    )


def show(server: Server, *, ref: str, as_json: bool) -> None:
    found, row = _found(server, ref)
    listed = row.get("missing")
    missing = {Digest(str(each)) for each in listed} if isinstance(listed, list) else set()
    verdict = row.get("verdict")
    checked = f"{verdict}: {row.get('errors')} errors, {row.get('warnings')} warnings" if verdict else ""
    image.say_one(found, _tie(row) or None, missing, checked, as_json=as_json)


def pin(server: Server, *, ref: str, as_json: bool) -> None:
    image.say_kept(_done(server, ref, "pin"), "pinned", as_json=as_json)


def unpin(server: Server, *, ref: str, as_json: bool) -> None:
    image.say_kept(_done(server, ref, "unpin"), "no longer pinned", as_json=as_json)


def hold(server: Server, *, ref: str, as_json: bool) -> None:
    image.say_kept(_done(server, ref, "hold"), "on hold", as_json=as_json)


def release(server: Server, *, ref: str, as_json: bool) -> None:
    image.say_kept(_done(server, ref, "release"), "no longer on hold", as_json=as_json)


def delete(server: Server, *, ref: str, yes: bool, as_json: bool) -> None:
    held, row = _found(server, ref)
    if yes:
        held = values.read(values.holding, record(server.send("DELETE", f"/images/{held.id}")))
    uploading.say_deleted(held, _tie(row), yes=yes, as_json=as_json)


def restore(server: Server, *, ref: str, as_json: bool) -> None:
    restoring.say_restored(_done(server, ref, "restore"), as_json=as_json)


def rollback(server: Server, *, ref: str, as_json: bool) -> None:
    restoring.say_gone_back(_done(server, ref, "roll-back"), as_json=as_json)


def accept(server: Server, *, ref: str, reason: str, as_json: bool) -> None:
    number = _unfit(server, ref) or _found(server, ref)[0].id
    held = record(server.send("POST", f"/images/{number}/accept", {"reason": reason}))
    uploading.say_accepted(values.read(values.holding, held), reason, as_json=as_json)


def _unfit(server: Server, ref: str) -> int:
    """
    The newest upload that waits to be accepted, where a ref names no version; 0 if there is none.
    """
    if "@" in ref:
        return 0
    found = [values.read(values.holding, row) for row in server.rows("/versions", limit=PAGE)]
    waiting = [
        each
        for each in found
        if each.source == OWN
        and each.state is State.INCOMPLETE
        and f"{each.product.ref}/".startswith(f"{ref}/")
    ]
    return max(waiting, key=lambda each: each.version.name).id if waiting else 0


def _found(server: Server, ref: str) -> tuple[Holding, Document]:
    row = record(server.get("/find", ref=ref))
    return values.read(values.holding, row), row


def _done(server: Server, ref: str, verb: str) -> Holding:
    held, _ = _found(server, ref)
    return values.read(values.holding, record(server.send("POST", f"/images/{held.id}/{verb}")))


def _name(held: Holding) -> tuple[str, ...]:
    """
    What the catalog sorts by.
    """
    of = held.product
    return (of.os, of.series, of.arch, of.kernel, of.label, held.source, of.name, held.version.name)


def _tie(row: Document) -> str:
    return str(row.get("stays") or "")
