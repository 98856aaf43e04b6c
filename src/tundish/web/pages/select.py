"""
Select images: what the sources offer as a matrix, what it would cost, and the plan before anything is saved.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from tundish.app.deeds import jobs as job_deeds
from tundish.app.deeds import selections as deeds
from tundish.core.errors import Conflict
from tundish.core.names import SourceName, source_name
from tundish.core.people import Kind, Power
from tundish.core.selection import Selection
from tundish.sync.plan import Action
from tundish.web import asking
from tundish.web.guard import local
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
    if form.one("deed") == "keep":
        return _keep(visit)
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


def _keep(visit: Visit) -> Answer:
    """
    Keep another number of versions: with one selection, or with all of them. Where fewer, after asking.

    Raises:
        NotFound, Forbidden: there is no such selection, or the actor may not change it, or all of them.
    """
    form = visit.form
    number, keep = form.number("number", 0), form.number("keep", KEEP, least=1, most=MOST_KEPT)
    if not number:
        visit.actor.must(Power.SELECTION_EDIT)
    chosen = {number: deeds.get(visit.app, number)} if number else dict(visit.app.catalog.selections.list())
    changed = {each: replace(old, keep=keep) for each, old in chosen.items() if old.keep != keep}
    back = local(form.one("back") or "/select")
    if not changed:
        return Moved(back, "Nothing changes: so many are kept already.")
    if form.one("sure") != "yes" and any(keep < chosen[each].keep for each in changed):
        anyway = {each.ref for each in asking.preview(visit.app, ()).of(Action.RETIRE)}
        retired = asking.preview(visit.app, (), changed).of(Action.RETIRE)
        values = {"changed": changed, "before": chosen, "keep": keep, "number": number, "back": back}
        first, wanted = next(iter(changed.items()))
        same = Same(_command(wanted), f"/selections/{first}", "PUT", _body(wanted))
        going = [each for each in retired if each.ref not in anyway]
        seen = [each for each in going if visit.actor.may(Power.SEE, Kind.IMAGE, each.ref)]
        return Shown("select_keep.html", {**values, "going": seen[:MOST_LINES], "count": len(seen)}, (same,))
    for each, wanted in changed.items():
        deeds.change(visit.app, visit.actor, each, wanted, force=True)
    those = many(len(changed), "selection")
    return Moved(back, f"{many(keep, 'version')} kept by {those} from now on.")


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
