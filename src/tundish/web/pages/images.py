"""
Images: what is held, grouped by OS, and what can be done with several at once.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from tundish.app.deeds import images as deeds
from tundish.app.gallery import Asked, booted, gallery
from tundish.app.opened import App
from tundish.app.orders import GRACE_DAYS
from tundish.core.errors import InputError, TundishError
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS
from tundish.core.people import Actor, Power
from tundish.web import asking
from tundish.web.guard import local
from tundish.web.rows import grouped
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit, Words
from tundish.web.words import many

MOST_AT_ONCE = 500
Act = Callable[[App, Actor, str], Holding]
ACTS: Mapping[str, tuple[Act, str]] = {
    "pin": (deeds.pin, "pinned"),
    "unpin": (deeds.unpin, "unpinned"),
    "hold": (deeds.hold, "on hold"),
    "unhold": (deeds.unhold, "no longer on hold"),
    "restore": (deeds.restore, "restored"),
    "delete": (deeds.delete, "deleted; until the grace period ends, Restore takes it back"),
    "roll-back": (deeds.roll_back, "gone back to; the image is on hold"),
}
ASKED = {"delete", "roll-back"}  # those that take something away


def show(visit: Visit) -> Answer:
    asked = asked_of(visit.query)
    running = asking.running(visit.app, visit.actor)
    moving = running.transfers if running and running.is_running else ()
    found = gallery(visit.app, visit.actor, asked, moving)
    values = {
        "asked": asked,
        "found": found,
        "groups": grouped(found.lines, by_os=asked.sort == "name"),
        "states": tuple(State),
        "words": _words(asked),
        "can_edit": visit.actor.may_somewhere(Power.IMAGE_EDIT),
    }
    named = {**_filters(asked), "text": asked.text, "q": ""}
    query = urlencode({key: value for key, value in named.items() if value})
    same = Same("tundish image list", f"/images?{query}" if query else "/images")
    return Shown("images.html", values, (same,), part="images_list.html")


def asked_of(query: Words) -> Asked:
    """
    What the form above the list says.

    Raises:
        InputError: a page that is no number.
    """
    sort = query.one("sort", "name")
    return Asked(
        text=query.one("q")[:200],
        os=query.one("os"),
        arch=query.one("arch"),
        state=query.one("state"),
        source=query.one("source"),
        sort=sort if sort in SORTS else "name",
        descending=query.one("order") == "desc",
        page=query.number("page", 1, least=1, most=1_000_000),
    )


def _filters(asked: Asked) -> dict[str, str]:
    return {
        "q": asked.text,
        "os": asked.os,
        "arch": asked.arch,
        "state": asked.state,
        "source": asked.source,
    }


def _words(asked: Asked) -> str:
    """
    The query again, for links to other pages of the list.
    """
    said = {**_filters(asked), "sort": asked.sort, "order": "desc" if asked.descending else ""}
    found = urlencode({key: value for key, value in said.items() if value})
    return f"{found}&" if found else ""


def act(visit: Visit) -> Answer:
    """
    Do one deed to all that were chosen, after asking if it takes something away.

    Raises:
        InputError: no such deed, or nothing was chosen.
    """
    verb, refs = visit.form.one("deed"), visit.form.all("ref")[:MOST_AT_ONCE]
    back = local(visit.form.one("back") or "/images")
    if verb not in ACTS:
        raise InputError(f"{verb[:40]!r} cannot be done to images; one of {', '.join(ACTS)}")
    if not refs:
        return Moved(back, "Nothing was chosen: tick the images first.")
    if verb in ASKED and visit.form.one("sure") != "yes":
        return ask(visit, verb, refs, back)
    do, done = ACTS[verb]
    worked, failed = 0, []
    for ref in refs:
        try:
            do(visit.app, visit.actor, ref)
        except TundishError as error:
            failed.append(str(error))
        else:
            worked += 1
    said = [f"{many(worked, 'version')} {done}." if worked else "", *failed[:3]]
    if len(failed) > 3:
        said.append(f"And {len(failed) - 3} more could not.")
    return Moved(back, " ".join(filter(None, said)))


def ask(visit: Visit, verb: str, refs: tuple[str, ...], back: str) -> Answer:
    """
    What would go, what that means, and how it could be undone.
    """
    found = [asking.image(visit.app, visit.actor, ref) for ref in refs]
    ties = visit.app.catalog.keeping.ties()
    boots = booted(visit.app)
    values = {
        "verb": verb,
        "found": found,
        "ties": {each.id: ties.get(each.id, "") for each in found},
        "boots": {each.id: boots.get(each.product.ref) for each in found},
        "size": sum({item.digest: item.size for each in found for item in each.version.items}.values()),
        "back": back,
        "days": GRACE_DAYS,
    }
    first = found[0]
    if verb == "delete":
        same = Same(f"tundish image delete {first.ref} --yes", f"/images/{first.id}", "DELETE")
    else:
        same = Same(f"tundish image rollback {first.ref}", f"/images/{first.id}/roll-back", "POST")
    return Shown("images_ask.html", values, (same,))


ROUTES = (Route("/images", show), Route("/images", act, "POST"))
