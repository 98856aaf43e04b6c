"""
An image: its versions and files, who vouches for them, what was found in them, and what happened to them.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from markupsafe import Markup

from tundish.app.deeds import jobs as job_deeds
from tundish.app.deeds import uploads
from tundish.app.inspecting import Form
from tundish.check.difference_rows import sections
from tundish.core.errors import InputError
from tundish.core.holding import OWN, Holding
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.people import Kind, Power
from tundish.core.selection import Source
from tundish.web import asking
from tundish.web.inside import difference as differing
from tundish.web.inside import inside as looked
from tundish.web.inside import materials
from tundish.web.visit import Answer, Handed, Moved, Route, Same, Shown, Visit

MOST_ROWS = 500  # of one section of a difference
ORDER = {"fail": 0, "unknown": 10, "error": 0, "warning": 1, "info": 2}
MEDIA_TYPES = {
    Form.CYCLONEDX: ("cdx.json", "application/vnd.cyclonedx+json"),
    Form.SPDX: ("spdx.json", "application/spdx+json"),
}


def show(visit: Visit) -> Answer:
    app, it = visit.app, _image(visit)
    versions = asking.versions(app, it)
    ties = app.catalog.keeping.ties()
    source = _source(visit, it)
    checked = asking.checked(app, it)
    can_edit = visit.actor.may(Power.IMAGE_EDIT, Kind.IMAGE, it.ref)
    is_unfit = it.source == OWN and it.state is State.INCOMPLETE and checked is not None
    values = {
        "it": it,
        "versions": versions,
        "older": [each for each in versions if each.version.name < it.version.name],
        "ties": {each.id: ties.get(each.id, "") for each in versions},
        "files": [(item, app.store.has(item.digest)) for item in it.version.items],
        "source": source,
        "trust": asking.trust(app, source) if source else None,
        "is_own": it.source == OWN,
        "said": it.version.extra if it.source == OWN and "filetype" in it.version.extra else {},
        "checked": checked,
        "told": _told,
        "boots": asking.deployments(app, visit.actor, it),
        "events": asking.events(app, it),
        "progress": asking.progress(app, versions),
        "can_edit": can_edit,
        "can_accept": can_edit and is_unfit,
        "can_check": visit.actor.may(Power.CHECK, Kind.IMAGE, it.ref),
    }
    same = (
        Same(f"tundish image show {it.ref}", f"/images/{it.id}"),
        Same(f"tundish check {it.ref}", f"/images/{it.id}/check"),
        *_accepting(it, can_accept=can_edit and is_unfit),
        Same(f"tundish image download {it.ref} -o FILE", f"/images/{it.id}/files/{it.version.items[0].name}"),
    )
    return Shown("image.html", values, same)


def _accepting(it: Holding, *, can_accept: bool) -> tuple[Same, ...]:
    path, body = f"/images/{it.id}/accept", '{"reason":"WHY"}'
    return (Same(f"tundish image accept {it.ref} --reason WHY", path, "POST", body),) if can_accept else ()


def inside(visit: Visit) -> Answer:
    """
    Packages and space, looked up in the image itself.
    """
    it = _image(visit)
    found = looked(visit.app, it)
    values = {"it": it, "inside": found, "drawing": Markup(found.drawing)}  # noqa: S704 - our own, escaped
    return Shown(
        "image_inside.html",
        values,
        (Same(f"tundish image inspect {it.ref}", f"/images/{it.id}"),),
        part="image_inside_part.html",
    )


def bill(visit: Visit) -> Answer:
    """
    The bill of materials as a file.

    Raises:
        InputError: no such form.
    """
    it, word = _image(visit), visit.query.one("form", Form.CYCLONEDX)
    if word not in set(Form):
        raise InputError(f"{word[:40]!r} is no form of a bill of materials; one of {', '.join(Form)}")
    ending, media_type = MEDIA_TYPES[Form(word)]
    name = f"{it.ref.replace('/', '_').replace('@', '_')}.{ending}"
    return Handed(name, media_type, materials(visit.app, it, Form(word)))


def difference(visit: Visit) -> Answer:
    """
    What is different between two versions.
    """
    after = _image(visit)
    before = asking.image(visit.app, visit.actor, visit.query.one("before"))
    found = differing(visit.app, before, after)
    values = {
        "before": before,
        "after": after,
        "found": found,
        "sections": sections(found),
        "most": MOST_ROWS,
    }
    same = Same(f"tundish image diff {before.ref} {after.ref}")
    return Shown("image_difference.html", values, (same,), part="image_difference_part.html")


def check(visit: Visit) -> Answer:
    """
    Let a check wait for the server.
    """
    it = asking.image(visit.app, visit.actor, visit.form.one("ref"))
    job = job_deeds.begin(visit.app, visit.actor, "check", {"image": it.ref})
    return Moved(f"/image?ref={quote(it.ref)}", f"Job {job.id} was asked for: a check of {it.ref}.")


def accept(visit: Visit) -> Answer:
    """
    Make an upload available although it was found unfit.
    """
    it = asking.image(visit.app, visit.actor, visit.form.one("ref"))
    uploads.accept(visit.app, visit.actor, it.ref, visit.form.one("reason")[:500])
    return Moved(f"/image?ref={quote(it.ref)}", f"{it.ref} is available, unfit as it is.")


def _image(visit: Visit) -> Holding:
    return asking.image(visit.app, visit.actor, visit.query.one("ref"))


def _told(findings: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """
    What of a report's findings is worth reading: what failed, the worst first, and what could not be told.
    """
    found = [each for each in findings if each["status"] in ORDER]
    return sorted(found, key=lambda each: ORDER[str(each["status"])] + ORDER.get(str(each["severity"]), 0))


def _source(visit: Visit, it: Holding) -> Source | None:
    """
    Where it came from, if that is known still, and the visitor's to see.
    """
    return next((each for each in asking.sources(visit.app, visit.actor) if each.name == it.source), None)


ROUTES = (
    Route("/image", show),
    Route("/image/inside", inside),
    Route("/image/bill", bill),
    Route("/image/difference", difference),
    Route("/image/check", check, "POST"),
    Route("/image/accept", accept, "POST"),
)
