"""
Overview: how it is going, what needs attention, and what moves right now.
"""

from tundish.app.deeds import jobs as job_deeds
from tundish.app.deeds import notices as notice_deeds
from tundish.app.sampling import samples
from tundish.core.people import Actor, Power
from tundish.core.progress import Running
from tundish.web import asking
from tundish.web.chart import Chart, chart
from tundish.web.guard import local
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

MOST_TRANSFERS = 12
MOST_JOBS = 6


def show(visit: Visit) -> Answer:
    app, actor = visit.app, visit.actor
    sources = asking.sources(app, actor)
    values = {
        **_transfers(visit),
        "usage": asking.usage(app) if actor.may(Power.SEE) else None,
        "sources": [(each, asking.read_at(app, each)) for each in sources],
        "can_dismiss": actor.may(Power.NOTICE_EDIT),
        "notices": asking.notices(app, actor),
        "jobs": job_deeds.list_(app, actor, limit=MOST_JOBS),
        "chart": _chart(visit),
        "has_selections": bool(app.catalog.selections.list()),
    }
    same = (
        Same("tundish doctor", "/usage"),
        Same("tundish notice list", "/notices"),
        Same("tundish sync status", "/sync"),
    )
    return Shown("overview.html", values, same)


def transfers(visit: Visit) -> Answer:
    """
    What moves right now, for a page that shows the rest already.
    """
    return Shown("overview_transfers.html", _transfers(visit), part="overview_transfers.html")


def sync(visit: Visit) -> Answer:
    """
    Let a sync of all sources, or of one, wait for the server.
    """
    named = visit.form.one("source")
    job = job_deeds.begin(visit.app, visit.actor, "sync", {"sources": [named]} if named else {})
    return Moved(
        local(visit.form.one("back") or "/"), f"Job {job.id} was asked for: a sync of {job.subject}."
    )


def dismiss(visit: Visit) -> Answer:
    """
    Put a notice aside.
    """
    found = notice_deeds.dismiss(visit.app, visit.actor, visit.form.number("number", 0))
    return Moved("/", f"Put aside for two weeks: {found.text}")


def _transfers(visit: Visit) -> dict[str, object]:
    running = asking.running(visit.app, visit.actor)
    return {"running": running, "moving": _moving(running), "can_sync": _can_sync(visit.actor)}


def _can_sync(actor: Actor) -> bool:
    return actor.may(Power.SYNC)


def _moving(running: Running | None) -> list[object]:
    """
    The files on their way, those that came furthest first.
    """
    if running is None or not running.is_running:
        return []
    found = sorted((file for file in running.transfers if not file.ended), key=lambda file: -file.came)
    return [*found[:MOST_TRANSFERS]]


def _chart(visit: Visit) -> Chart | None:
    return chart(samples(visit.app.catalog.choices)) if visit.actor.may(Power.SEE) else None


ROUTES = (
    Route("/", show),
    Route("/overview/transfers", transfers),
    Route("/sync", sync, "POST"),
    Route("/notices", dismiss, "POST"),
)
