"""
What happened on another server: events, notices, machines and the audit.
"""

from tundish.cli import audit, event, machine, notice
from tundish.cli.moments import since as moment
from tundish.core import clock
from tundish.remote import values
from tundish.remote.server import Server, record

PAGE = 500


def audit_list(
    server: Server, *, actor: str, deed: str, subject: str, since: str, before: int, limit: int, as_json: bool
) -> None:
    start = moment(since, clock.now()) if since else None
    rows = server.rows(
        "/audit",
        most=limit,
        actor=actor or None,
        deed=deed or None,
        subject=subject or None,
        since=start.isoformat() if start else None,
        after=before or None,
        limit=min(limit, PAGE),
    )
    audit.say([values.read(values.deed, row) for row in rows], as_json=as_json)


def event_list(server: Server, *, kind: str, since: str | None, limit: int, as_json: bool) -> None:
    start = moment(since, clock.now()) if since else None
    rows = server.rows(
        "/events",
        most=limit,
        kind=kind or None,
        since=start.isoformat() if start else None,
        limit=min(limit, PAGE),
    )
    found = [values.read(values.event, row) for row in rows]
    event.say(found, is_narrow=bool(kind or since), as_json=as_json)


def notice_list(server: Server, *, show_all: bool, as_json: bool) -> None:
    rows = server.rows("/notices", everything=show_all)
    notice.say([values.read(values.notice, row) for row in rows], clock.now(), as_json=as_json)


def notice_dismiss(server: Server, *, number: int) -> None:
    server.send("POST", f"/notices/{number}/dismiss")
    notice.say_dismissed(number)


def machine_list(server: Server, *, as_json: bool) -> None:
    rows = server.rows("/machines", limit=PAGE)
    machine.say_all([values.read(values.machine, row) for row in rows], as_json=as_json)


def machine_show(server: Server, *, mac: str, as_json: bool) -> None:
    found = values.read(values.machine, record(server.get(f"/machines/{mac}")))
    rows = server.rows("/deployments", most=100, mac=found.mac, limit=100)
    deployments = [values.read(values.deployment, row) for row in rows]
    machine.say_one(found, deployments, as_json=as_json)
