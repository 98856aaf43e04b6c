"""
What is chosen for the whole state of another server: syncs by themselves, notices, the image for machines.
"""

from datetime import timedelta

from tundish.cli import notice, steering
from tundish.cli.amounts import span
from tundish.core.image import Json
from tundish.remote import values
from tundish.remote.server import Document, Server, record
from tundish.remote.values import Row
from tundish.sync.schedule import Schedule


def auto(server: Server, *, every: str | None, window: str | None, is_on: bool | None, as_json: bool) -> None:
    wanted: Document = {
        "sync_every": None if every is None else int(span(every).total_seconds()),
        "sync_window": "" if window == "none" else window,
        "sync_on": is_on,
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    found = server.send("PATCH", "/settings", wanted) if wanted else server.get("/settings")
    steering.say_auto(schedule_of(found), as_json=as_json)


def schedule_of(chosen: Json) -> Schedule:
    """
    The schedule that the settings of a server say.
    """
    return values.read(_schedule, record(chosen))


def notice_on(server: Server, *, kind: str) -> None:
    _want(server, kind, on=True)


def notice_off(server: Server, *, kind: str) -> None:
    _want(server, kind, on=False)


def commissioning(server: Server, *, image: str) -> None:
    server.send("PATCH", "/settings", {"commissioning": image})
    notice.say_commissioning(image)


def _want(server: Server, kind: str, *, on: bool) -> None:
    off = values.read(_off, record(server.get("/settings")))
    wanted = off - {kind} if on else off | {kind}
    server.send("PATCH", "/settings", {"notices_off": [*sorted(wanted)]})
    notice.say_wanted(kind, on=on)


def _off(row: Row) -> set[str]:
    return {str(each) for each in row["notices_off"]}


def _schedule(row: Row) -> Schedule:
    every = timedelta(seconds=int(row["sync_every"]))
    return Schedule(bool(row["sync_on"]), every, str(row["sync_window"] or ""))
