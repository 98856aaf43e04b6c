"""
Channels: what readers are offered under which name, what promoting would change, and the way back.
"""

from urllib.parse import quote

from tundish.app.deeds import channels as deeds
from tundish.app.deeds import jobs
from tundish.core.errors import Conflict, InputError, NotFound, TundishError
from tundish.core.names import channel_name
from tundish.core.people import Kind, Power
from tundish.core.release import Channel
from tundish.publish import showing
from tundish.publish.comparing import Compared, compare
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

MOST_IMAGES = 500
MOST_PACKAGES = 200  # of one image in a difference


def show(visit: Visit) -> Answer:
    return _list(visit)


def _list(visit: Visit, *, problem: str = "", status: int = 200) -> Shown:
    found = _seen(visit)
    values = {
        "channels": [(each, visit.app.catalog.channels.release(each.release)) for each in found],
        "can_publish": visit.actor.may_somewhere(Power.CHANNEL_EDIT),
        "problem": problem,
    }
    same = (
        Same("tundish channel list", "/channels"),
        Same("tundish publish --channel candidate", "/channels/candidate/publish", "POST", "{}"),
    )
    return Shown("channels.html", values, same, status=status)


def publish(visit: Visit) -> Answer:
    """
    Let a job publish every complete image into a channel.
    """
    name = visit.form.one("name")
    try:
        job = jobs.begin(visit.app, visit.actor, "publish", {"channel": name})
    except TundishError as error:
        return _list(visit, problem=str(error), status=422)
    return Moved(f"/jobs/{job.id}", f"Job {job.id} publishes into {name}.")


def one(visit: Visit) -> Answer:
    return _one(visit, _channel(visit))


def _one(visit: Visit, channel: Channel, *, problem: str = "", status: int = 200) -> Shown:
    app = visit.app
    found = showing.show(app.catalog, channel.name)
    held = [each for each in found.holdings if visit.actor.may(Power.SEE, Kind.IMAGE, each.ref)]
    values = {
        "channel": channel,
        "release": found.release,
        "moves": tuple(reversed(found.moves)),
        "images": held[:MOST_IMAGES],
        "total": len(held),
        "others": [each for each in _seen(visit) if each.name != channel.name],
        "back": _before(visit, channel),
        "can_edit": visit.actor.may(Power.CHANNEL_EDIT, Kind.CHANNEL, channel.name),
        "problem": problem,
        "folder": f"/stream/{channel.name}/",
    }
    same = (
        Same(f"tundish channel show {channel.name}", f"/channels/{channel.name}"),
        Same(f"tundish channel rollback {channel.name}", f"/channels/{channel.name}/roll-back", "POST", "{}"),
    )
    return Shown("channel.html", values, same, status=status)


def act(visit: Visit) -> Answer:
    """
    Do one deed to a channel; what changes what readers get is shown first.

    Raises:
        NotFound: there is no such channel.
        InputError: there is no such deed.
    """
    channel, verb = _channel(visit), visit.form.one("deed")
    is_sure = visit.form.one("sure") == "yes"
    try:
        if verb == "promote":
            return _promoted(visit, channel, is_sure=is_sure)
        if verb == "roll-back":
            return _rolled_back(visit, channel, is_sure=is_sure)
        if verb == "resign":
            deeds.resign(visit.app, visit.actor, channel.name)
            return Moved(_address(channel.name), f"{channel.name} is signed anew.")
    except TundishError as error:
        return _one(visit, channel, problem=str(error), status=422)
    raise InputError(f"{verb[:40]!r} cannot be done to a channel; promote, roll-back or resign")


def _promoted(visit: Visit, channel: Channel, *, is_sure: bool) -> Answer:
    """
    Let another channel offer what this one does.
    """
    target = visit.form.one("target")
    planned = deeds.plan(visit.app, visit.actor, channel.name, target)
    if not is_sure:
        command = f"tundish channel promote {channel.name} {target}"
        body = f'{{"source":"{channel.name}"}}'
        same = Same(command, f"/channels/{target}/promote", "POST", body)
        return _asked(channel, planned.compared, "promote", target, same)
    if visit.form.number("release", 0) != planned.target.release:
        raise Conflict(f"{channel.name} was moved since this was shown; look again")
    deeds.promote(visit.app, visit.actor, planned)
    return Moved(_address(target), f"{target} offers release {planned.target.release} now.")


def _rolled_back(visit: Visit, channel: Channel, *, is_sure: bool) -> Answer:
    to = visit.form.number("release", 0) or showing.release_before(visit.app.catalog, channel.name)
    if not is_sure:
        compared = compare(visit.app.catalog, visit.app.store, channel.release, to)
        command = f"tundish channel rollback {channel.name} --to {to}"
        same = Same(command, f"/channels/{channel.name}/roll-back", "POST", f'{{"release":{to}}}')
        return _asked(channel, compared, "roll-back", channel.name, same)
    deeds.roll_back(visit.app, visit.actor, channel.name, to)
    return Moved(_address(channel.name), f"{channel.name} offers release {to} again.")


def _asked(channel: Channel, compared: Compared, verb: str, target: str, same: Same) -> Shown:
    values = {
        "channel": channel,
        "target": target,
        "verb": verb,
        "release": compared.after,
        "difference": compared.difference,
        "most": MOST_PACKAGES,
    }
    return Shown("channel_ask.html", values, (same,))


def _seen(visit: Visit) -> list[Channel]:
    return [
        each
        for each in visit.app.catalog.channels.list()
        if visit.actor.may(Power.SEE, Kind.CHANNEL, each.name)
    ]


def _channel(visit: Visit) -> Channel:
    """
    Raises:
        NotFound: there is none, or none to be seen.
    """
    name = visit.place["name"]
    if not visit.actor.may(Power.SEE, Kind.CHANNEL, name):
        raise NotFound(f"there is no channel {name!r}, or it is not yours to see")
    return visit.app.catalog.channels.get(channel_name(name))


def _before(visit: Visit, channel: Channel) -> int:
    """
    The release that a roll back goes to; 0: there is none.
    """
    try:
        return showing.release_before(visit.app.catalog, channel.name)
    except Conflict:
        return 0


def _address(name: str) -> str:
    return f"/channels/{quote(name)}"


ROUTES = (
    Route("/channels", show),
    Route("/channels", publish, "POST"),
    Route("/channels/{name}", one),
    Route("/channels/{name}", act, "POST"),
)
