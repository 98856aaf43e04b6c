"""
The channels of another server. Whatever moves one is a job there, and is waited for.
"""

from datetime import datetime

import click

from tundish.cli import channel as command
from tundish.cli.afar.waiting import ended
from tundish.cli.releases import difference_json, say_offered, tell, until_text
from tundish.cli.session import answer
from tundish.core.digest import Digest
from tundish.core.image import Json
from tundish.core.names import channel_name
from tundish.core.release import Channel, Release
from tundish.publish.difference import Change, Difference
from tundish.remote import values
from tundish.remote.server import Document, Server, record
from tundish.remote.values import Row


def list_(server: Server, *, as_json: bool) -> None:
    found = [values.read(_channel, row) for row in server.rows("/channels")]
    command.say_all([_line(server, each) for each in found], as_json=as_json)


def promote(server: Server, *, source: str, target: str, only_plan: bool, as_json: bool) -> None:
    if only_plan:
        path = f"/channels/{channel_name(target)}/promotion"
        _say_plan(target, record(server.get(path, source=channel_name(source))), as_json=as_json)
        return
    begun = server.send("POST", f"/channels/{channel_name(target)}/promote", {"source": source})
    _say(server, target, ended(server, begun), as_json=as_json)


def rollback(server: Server, *, name: str, to: int | None, as_json: bool) -> None:
    body: Document = {} if to is None else {"release": to}
    begun = server.send("POST", f"/channels/{channel_name(name)}/roll-back", body)
    _say(server, name, ended(server, begun), as_json=as_json)


def publish(
    server: Server,
    *,
    refs: tuple[str, ...],
    channel: str,
    dialect: str | None,
    expires: int | None,
    as_json: bool,
) -> None:
    body: Document = {"images": list(refs), "dialect": dialect, "expires": expires}
    begun = server.send("POST", f"/channels/{channel_name(channel)}/publish", body)
    facts = ended(server, begun)
    left_out = facts.get("left_out")
    for reason in left_out if isinstance(left_out, list) else []:
        click.echo(f"left out: {reason}", err=True)
    _say(server, channel, facts, as_json=as_json)


def _say(server: Server, name: str, facts: Document, *, as_json: bool) -> None:
    """
    What a channel offers now.
    """
    release = facts.get("release")
    expires = _moment(facts.get("expires"))
    if not as_json:
        number, images = values.read(lambda row: (int(row["release"]), int(row["images"])), facts)
        say_offered(name, number, images, expires, changed=bool(facts.get("changed")))
        return
    offered = record(server.get(f"/releases/{release}"))
    answer(
        {
            "channel": name,
            "release": release,
            "changed": facts.get("changed"),
            "updated": facts.get("updated"),
            "expires": facts.get("expires"),
            "images": offered.get("images"),
        }
    )


def _say_plan(target: str, plan: Document, *, as_json: bool) -> None:
    difference = values.read(difference_of, plan)
    if not as_json:
        tell(difference)
        return
    numbers: Document = {"from": plan.get("before"), "to": plan.get("after")}
    answer({"channel": target, "plan": {**numbers, **difference_json(difference)}})


def difference_of(row: Row) -> Difference:
    """
    What a plan of the API says that promoting would change.
    """
    return Difference(
        appears=tuple(map(str, row["appears"])),
        goes=tuple(map(str, row["goes"])),
        changes=tuple(_change(each) for each in row["changes"]),
    )


def _change(row: Row) -> Change:
    return Change(
        image=str(row["image"]),
        before=str(row["before"]),
        after=str(row["after"]),
        added={str(name): str(version) for name, version in row["added"].items()},
        removed={str(name): str(version) for name, version in row["removed"].items()},
        changed={str(name): (str(old), str(new)) for name, (old, new) in row["changed"].items()},
        known=bool(row["known"]),
    )


def _line(server: Server, found: Channel) -> command.Line:
    moves = server.rows(f"/channels/{found.name}/moves", limit=1)
    stands = record(server.get(f"/channels/{found.name}/signature"))
    release = values.read(_release, record(server.get(f"/releases/{found.release}")))
    updated, expires = _moment(stands.get("updated")), _moment(stands.get("expires"))
    signed = bool(stands.get("signed"))
    facts: Document = {
        "updated": updated.isoformat() if updated else None,
        "signed": signed,
        "expires": expires.isoformat() if expires else None,
    }
    since = values.read(lambda row: datetime.fromisoformat(row["at"]), moves[-1])
    return command.Line(found, release, since, facts, until_text(expires, signed=signed))


def _channel(row: Row) -> Channel:
    return Channel(channel_name(row["name"]), str(row["dialect"]), int(row["release"]))


def _release(row: Row) -> Release:
    return Release(
        int(row["id"]), datetime.fromisoformat(row["made_at"]), Digest(row["content"]), int(row["versions"])
    )


def _moment(text: Json) -> datetime | None:
    return values.read(lambda row: datetime.fromisoformat(row["at"]), {"at": text}) if text else None
