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
from tundish.core.names import ChannelName, channel_name
from tundish.core.release import Channel, Release
from tundish.publish.difference import Change, Difference
from tundish.remote import values
from tundish.remote.server import Document, Server, record
from tundish.remote.values import Row

_IMAGE = ("image", "version", "bytes", "source")


def list_(server: Server, *, as_json: bool) -> None:
    found = [values.read(_channel, row) for row in server.rows("/channels")]
    command.say_all([_line(server, each) for each in found], as_json=as_json)


def show(server: Server, *, name: str, as_of: str | None, as_json: bool) -> None:
    moment = command.moment_of(as_of) if as_of else None
    path = f"/channels/{channel_name(name)}"
    found = record(server.get(f"{path}/offer", as_of=moment.isoformat() if moment else None))
    facts = values.read(_offer, found)
    if moment is not None:
        command.say_one(facts, "", as_json=as_json)
        return
    stands = record(server.get(f"{path}/signature"))
    until = until_text(_moment(stands.get("expires")), signed=bool(stands.get("signed")))
    lists: Document = {key: facts.pop(key) for key in ("images", "moves")}
    command.say_one({**facts, **_signature(stands), **lists}, until, as_json=as_json)


def diff(server: Server, *, before: str, after: str, as_json: bool) -> None:
    found = record(server.get("/comparison", before=before, after=after))
    numbers = values.read(lambda row: (int(row["before"]), int(row["after"])), found)
    command.say_difference(*numbers, values.read(difference_of, found), as_json=as_json)


def resign(server: Server, *, names: tuple[str, ...], due: bool, expires: int | None, as_json: bool) -> None:
    command.must_name(names, due=due)
    chosen = _due(server) if due else tuple(map(channel_name, names))
    wanted: Document = {"expires": expires}
    done = [record(server.send("POST", f"/channels/{each}/resign", wanted)) for each in chosen]
    command.say_signed([values.read(_renewed, each) for each in done], as_json=as_json)


def tidy(server: Server, *, names: tuple[str, ...], grace: int, as_json: bool) -> None:
    chosen = tuple(map(channel_name, names)) or _all(server)
    wanted: Document = {"grace_days": grace}
    done = [record(server.send("POST", f"/channels/{each}/tidy", wanted)) for each in chosen]
    command.say_tidied(done, as_json=as_json)


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


def _all(server: Server) -> tuple[ChannelName, ...]:
    return tuple(values.read(_channel, row).name for row in server.rows("/channels"))


def _due(server: Server) -> tuple[ChannelName, ...]:
    return tuple(
        each for each in _all(server) if record(server.get(f"/channels/{each}/signature")).get("due")
    )


def _offer(row: Row) -> Document:
    return {
        "channel": str(row["channel"]),
        "dialect": str(row["dialect"]),
        "folder": row["folder"],
        "release": int(row["release"]),
        "made": _again(row["made_at"]),
        "versions": int(row["versions"]),
        "images": [{key: each[key] for key in _IMAGE} for each in row["images"]],
        "moves": [
            {"at": _again(each["at"]), "by": str(each["verb"]), "release": int(each["release"])}
            for each in row["moves"]
        ],
    }


def _renewed(row: Row) -> Document:
    moments: Document = {key: _again(row[key]) for key in ("updated", "expires")}
    return {
        "channel": str(row["channel"]),
        "release": int(row["release"]),
        "changed": bool(row["changed"]),
        **moments,
        "images": list(row["images"]),
    }


def _signature(stands: Document) -> Document:
    return {
        "updated": _again(stands.get("updated")),
        "signed": bool(stands.get("signed")),
        "expires": _again(stands.get("expires")),
    }


def _again(text: Json) -> str | None:
    """
    A moment in the form that the commands write it.
    """
    found = _moment(text)
    return found.isoformat() if found else None


def _line(server: Server, found: Channel) -> command.Line:
    moves = server.rows(f"/channels/{found.name}/moves", limit=1)
    stands = record(server.get(f"/channels/{found.name}/signature"))
    release = values.read(_release, record(server.get(f"/releases/{found.release}")))
    until = until_text(_moment(stands.get("expires")), signed=bool(stands.get("signed")))
    since = values.read(lambda row: datetime.fromisoformat(row["at"]), moves[-1])
    return command.Line(found, release, since, _signature(stands), until)


def _channel(row: Row) -> Channel:
    return Channel(channel_name(row["name"]), str(row["dialect"]), int(row["release"]))


def _release(row: Row) -> Release:
    return Release(
        int(row["id"]), datetime.fromisoformat(row["made_at"]), Digest(row["content"]), int(row["versions"])
    )


def _moment(text: Json) -> datetime | None:
    return values.read(lambda row: datetime.fromisoformat(row["at"]), {"at": text}) if text else None
