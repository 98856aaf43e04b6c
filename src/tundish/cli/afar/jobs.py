"""
Jobs of another server.
"""

import time

from tundish.cli import job as command
from tundish.core.holding import Job
from tundish.remote import values
from tundish.remote.server import Server, record

PAGE = 500


def list_(server: Server, *, kind: str, limit: int, as_json: bool) -> None:
    rows = server.rows("/jobs", most=limit, kind=kind or None, limit=min(limit, PAGE))
    command.say_all([values.read(values.job, row) for row in rows], as_json=as_json)


def show(server: Server, *, number: int, as_json: bool) -> None:
    command.say_one(_job(server, number), as_json=as_json)


def log(server: Server, *, number: int, follow: bool, after: int, as_json: bool) -> None:
    while True:
        is_over = _job(server, number).ended_at is not None
        rows = server.rows(f"/jobs/{number}/log", after=after, limit=PAGE)
        lines = [values.read(values.line, row) for row in rows]
        if as_json and not follow:
            command.say_log(lines)
            return
        for each in lines:
            command.say_line(each, as_json=as_json)
            after = each.number
        if is_over or not follow:
            return
        time.sleep(command.REFRESH)


def stop(server: Server, *, number: int, as_json: bool) -> None:
    command.tell(_changed(server, number, "stop"), as_json=as_json)


def retry(server: Server, *, number: int, as_json: bool) -> None:
    command.tell(_changed(server, number, "retry"), as_json=as_json)


def _job(server: Server, number: int) -> Job:
    return values.read(values.job, record(server.get(f"/jobs/{number}")))


def _changed(server: Server, number: int, verb: str) -> Job:
    return values.read(values.job, record(server.send("POST", f"/jobs/{number}/{verb}")))
