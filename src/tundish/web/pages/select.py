"""
Select images: what the sources offer as a matrix, what it would cost, and the plan before anything is saved.
"""

import json
from collections.abc import Sequence

from tundish.app.deeds import jobs as job_deeds
from tundish.app.deeds import selections as deeds
from tundish.core.errors import Conflict
from tundish.core.names import SourceName, source_name
from tundish.core.people import Power
from tundish.core.selection import Selection
from tundish.sync.plan import Action
from tundish.web import asking
from tundish.web.matrix import matrix, selections
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit
from tundish.web.words import many

MOST_LINES = 200
KEEP, MOST_KEPT = 2, 1000


def show(visit: Visit) -> Answer:
    app, only = visit.app, visit.query.one("source")
    values = {
        "blocks": matrix(asking.offerings(app, visit.actor, only)),
        "selections": app.catalog.selections.list() if visit.actor.may_somewhere(Power.SEE) else (),
        "sources": [each.name for each in asking.sources(app, visit.actor)],
        "only": only,
        "keep": KEEP,
        "free": app.store.free(),
        "can_edit": visit.actor.may_somewhere(Power.SELECTION_EDIT),
    }
    same = (
        Same("tundish select list", "/selections"),
        Same(
            "tundish select add ubuntu/noble --arch amd64",
            "/selections",
            "POST",
            '{"os":"ubuntu","series":"noble","arches":["amd64"]}',
        ),
    )
    return Shown("select.html", values, same)


def change(visit: Visit) -> Answer:
    """
    Show the plan of what was ticked, or save it, and sync if that was asked for, too.

    Raises:
        InputError: nothing was ticked, or it is nothing that can be.
    """
    form = visit.form
    if form.one("deed") == "remove":
        return _remove(visit)
    found = _wanted(visit)
    if not found:
        return Moved("/select", "Nothing was chosen: tick what you want first.")
    if form.one("sure") != "yes":
        return _plan(visit, found)
    added, known = 0, 0
    for each in found:
        try:
            deeds.add(visit.app, visit.actor, each)
            added += 1
        except Conflict:
            known += 1
    said = f"{many(added, 'selection')} saved." + (f" {known} were there before." if known else "")
    if form.one("deed") == "sync":
        job = job_deeds.begin(visit.app, visit.actor, "sync", {})
        return Moved("/", f"{said} Job {job.id} was asked for: a sync.")
    return Moved("/select", f"{said} The next sync fetches them.")


def _wanted(visit: Visit) -> Sequence[Selection]:
    form = visit.form
    only = form.one("source")
    source: SourceName | None = source_name(only) if only else None
    return selections(form.all("want"), form.number("keep", KEEP, least=1, most=MOST_KEPT), source)


def _plan(visit: Visit, found: Sequence[Selection]) -> Answer:
    plan, free = asking.preview(visit.app, found), visit.app.store.free()
    fetched = plan.of(Action.FETCH)
    values = {
        "found": found,
        "wants": visit.form.all("want"),
        "keep": found[0].keep,
        "only": visit.form.one("source"),
        "fetched": fetched[:MOST_LINES],
        "more": max(len(fetched) - MOST_LINES, 0),
        "count": len(fetched),
        "size": plan.fetch_bytes,
        "retired": plan.of(Action.RETIRE),
        "free": free,
        "is_tight": free is not None and plan.fetch_bytes > free,
    }
    same = tuple(Same(_command(each), "/selections", "POST", _body(each)) for each in found[:5])
    return Shown("select_plan.html", values, same)


def _remove(visit: Visit) -> Answer:
    """
    Want something no longer, after asking.
    """
    number = visit.form.number("number", 0)
    wanted = deeds.get(visit.app, number)
    if visit.form.one("sure") != "yes":
        same = Same(f"tundish select remove {number}", f"/selections/{number}", "DELETE")
        values = {"number": number, "wanted": wanted, "command": _command(wanted)}
        return Shown("select_ask.html", values, (same,))
    deeds.remove(visit.app, visit.actor, number)
    return Moved("/select", f"Selection {number} is removed; the next sync retires what nothing else wants.")


def _command(wanted: Selection) -> str:
    words = [
        "tundish select add",
        f"'{wanted.os}/{wanted.series}'" if "*" in wanted.series else f"{wanted.os}/{wanted.series}",
    ]
    words += [f"--arch {each}" for each in wanted.arches if each != "*"]
    words += [f"--kernel {each}" for each in wanted.kernels if each != "*"]
    words += [f"--source {wanted.source}"] if wanted.source else []
    return " ".join([*words, f"--keep {wanted.keep}"])


def _body(wanted: Selection) -> str:
    return json.dumps(deeds.public(wanted), separators=(",", ":"))


ROUTES = (Route("/select", show), Route("/select", change, "POST"))
