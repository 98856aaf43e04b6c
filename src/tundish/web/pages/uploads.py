"""
Uploads: images of one's own on their way in. A script of the page sends the bytes to the API, piece by piece.
"""

from tundish.app.deeds import uploads as deeds
from tundish.core.errors import InputError, NotFound, TundishError
from tundish.core.holding import Holding
from tundish.core.people import Kind, Power
from tundish.core.upload import Upload, UploadState
from tundish.web import asking
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit
from tundish.web.words import size

PER_PAGE = 50
TYPES = (
    "tgz", "tbz", "txz", "ddtgz", "ddtbz", "ddtxz", "ddtar", "ddbz2", "ddgz", "ddxz", "ddraw", "squashfs",
)  # fmt: skip


def show(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, problem: str = "", status: int = 200) -> Shown:
    before = visit.query.number("before", 0)
    rows = visit.app.catalog.uploads.list(before=before, limit=PER_PAGE)
    seen = [each for each in rows if visit.actor.may(Power.SEE, Kind.IMAGE, each.asked.name)]
    became = [(each, _became(visit, each)) for each in seen]
    values = {
        "uploads": [(each, asking.checked(visit.app, it) if it else None, it) for each, it in became],
        "arriving": UploadState.ARRIVING,
        "older": rows[-1].id if len(rows) == PER_PAGE else 0,
        "before": before,
        "can_upload": visit.actor.may_somewhere(Power.UPLOAD),
        "types": TYPES,
        "problem": problem,
    }
    same = (
        Same(
            "tundish image upload FILE --name custom/rocky9 --base-image rhel/9",
            "/uploads",
            "POST",
            '{"name":"custom/rocky9","base_image":"rhel/9"}',
        ),
        Same("tundish image uploads --all", "/uploads"),
    )
    return Shown("uploads.html", values, same, part="uploads_list.html", status=status)


def act(visit: Visit) -> Answer:
    """
    Give an upload up, after asking.

    Raises:
        InputError: there is no such deed.
    """
    if visit.form.one("deed") != "cancel":
        raise InputError(f"{visit.form.one('deed')[:40]!r} cannot be done to an upload; only cancel")
    number = visit.form.number("number", 0)
    try:
        if visit.form.one("sure") != "yes":
            return _ask(deeds.get(visit.app, visit.actor, number))
        gone = deeds.cancel(visit.app, visit.actor, number)
    except TundishError as error:
        return _shown(visit, problem=str(error), status=422)
    return Moved("/uploads", f"The upload of {gone.asked.name} is given up; nothing of it is kept.")


def _ask(upload: Upload) -> Shown:
    values = {
        "title": f"Give up the upload of {upload.asked.name}?",
        "told": (f"The {size(upload.came)} that came are dropped; they would have to be sent once more.",),
        "action": "/uploads",
        "deed": "cancel",
        "kept": (("number", upload.id),),
        "word": "Give it up",
    }
    return Shown(
        "sure.html", values, (Same("tundish image uploads --all", f"/uploads/{upload.id}", "DELETE"),)
    )


def _became(visit: Visit, upload: Upload) -> Holding | None:
    """
    The version that an upload became; None if it is nothing yet, or gone.
    """
    if upload.holding is None:
        return None
    try:
        return visit.app.catalog.images.get(upload.holding)
    except NotFound:
        return None


ROUTES = (Route("/uploads", show), Route("/uploads", act, "POST"))
