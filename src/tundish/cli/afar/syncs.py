"""
Syncs of another server: planned, begun, watched and stopped from afar.
"""

import time

import click

from tundish.cli import steering
from tundish.cli import sync as command
from tundish.cli.afar.choices import schedule_of
from tundish.cli.afar.waiting import LOOK, ended
from tundish.cli.session import answer, size_text
from tundish.core.errors import Busy, InputError, NotFound, UpstreamError
from tundish.core.image import Json
from tundish.core.progress import Running
from tundish.remote import values
from tundish.remote.server import Document, Server, record

_OUTCOME = ("fetched_files", "fetched_bytes", "completed", "retired", "incomplete", "failures", "unread")


def sync(
    server: Server,
    *,
    sources: tuple[str, ...],
    only_plan: bool,
    save: str | None,
    paper: str | None,
    all_lines: bool,
    parallel: int | None,
    allow_rollback: bool,
    allow_mass_removal: bool,
    as_json: bool,
) -> None:
    if save or paper or parallel:
        raise InputError(
            "from afar, a sync knows neither --save, --apply nor --parallel; leave them out, or run it there"
        )
    wanted: Document = {"sources": list(sources), "allow_rollback": allow_rollback}
    if only_plan:
        _plan(record(server.send("POST", "/plans", wanted)), server, all_lines=all_lines, as_json=as_json)
        return
    begun = server.send("POST", "/syncs", {**wanted, "allow_mass_removal": allow_mass_removal})
    facts = ended(server, begun)
    if as_json:
        answer({key: facts.get(key) for key in _OUTCOME})
        return
    command.say_done(
        _count(facts.get("completed")),
        _number(facts.get("fetched_files")),
        _number(facts.get("fetched_bytes")),
        retired=_count(facts.get("retired")),
    )


def status(server: Server, *, watch: bool, as_json: bool) -> None:
    schedule = schedule_of(server.get("/settings"))
    while True:
        found = _running(server)
        steering.say_status(found, schedule, watch=watch, as_json=as_json)
        if not (watch and found is not None and found.is_running):
            return
        time.sleep(steering.REFRESH)


def stop(server: Server, *, timeout: float, as_json: bool) -> None:
    try:
        job = values.read(values.job, record(server.send("POST", "/sync/stop")))
    except NotFound:
        steering.say_stopped(None, as_json=as_json)
        return
    for _ in range(max(round(timeout / LOOK), 1)):
        if job.ended_at is not None:
            steering.say_stopped(job, as_json=as_json)
            return
        time.sleep(LOOK)
        job = values.read(values.job, record(server.get(f"/jobs/{job.id}")))
    raise Busy(f"the sync (job {job.id}) was asked to stop, and has not after {timeout:.0f} seconds")


def _running(server: Server) -> Running | None:
    row = server.get("/sync")
    return None if row is None else values.read(values.running, record(row))


def _plan(plan: Document, server: Server, *, all_lines: bool, as_json: bool) -> None:
    unreadable = _rows(plan.pop("unreadable", None))
    for each in unreadable:
        click.echo(f"warning: source {each.get('source')}: {each.get('detail')}", err=True)
    if as_json:
        answer(plan)
    else:
        _say(plan, all_lines=all_lines)
    if unreadable:
        first = unreadable[0]
        raise UpstreamError(f"source {first.get('source')}: {first.get('detail')}", url=server.url)


def _say(plan: Document, *, all_lines: bool) -> None:
    versions, total = _rows(plan.get("versions")), record(plan.get("total"))
    lines = [
        (
            action,
            f"{each.get('image')}@{each.get('version')}",
            str(each.get("source")),
            size_text(_number(each.get("bytes"))),
            str(each.get("reason")),
        )
        for action in ("fetch", "keep", "retire")
        for each in versions
        if each.get("action") == action
    ]
    counts = {
        action: (_number(total.get(f"{action}_versions")), _number(total.get(f"{action}_bytes")))
        for action in ("fetch", "keep", "retire")
    }
    command.say_plan(lines, counts, _number(total.get("fetch_files")), all_lines=all_lines)


def _rows(value: Json) -> list[Document]:
    return [record(each) for each in value] if isinstance(value, list) else []


def _count(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
