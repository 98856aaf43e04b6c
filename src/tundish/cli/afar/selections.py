"""
What is selected on another server.
"""

from tundish.cli import select
from tundish.core.image import Json
from tundish.remote import values
from tundish.remote.server import Server, record


def add(
    server: Server,
    *,
    image: str,
    arches: tuple[str, ...],
    kernels: tuple[str, ...],
    labels: tuple[str, ...],
    source: str | None,
    keep: int,
    force: bool,
    as_json: bool,
) -> None:
    wanted = select.wanted_of(image, arches, kernels, labels, source=source, keep=keep)
    body: dict[str, Json] = {
        "os": wanted.os,
        "series": wanted.series,
        "arches": list(wanted.arches),
        "kernels": list(wanted.kernels),
        "labels": list(wanted.labels),
        "source": wanted.source,
        "keep": wanted.keep,
    }
    made = values.read(values.selection, record(server.send("POST", "/selections", body, force=force)))
    select.say_added(*made, as_json=as_json)


def list_(server: Server, *, as_json: bool) -> None:
    rows = server.rows("/selections")
    select.say_all([values.read(values.selection, row) for row in rows], as_json=as_json)


def remove(server: Server, *, number: int) -> None:
    server.send("DELETE", f"/selections/{number}")
    select.say_removed(number)
