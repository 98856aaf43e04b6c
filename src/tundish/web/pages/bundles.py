"""
Bundles: images in one signed file, for where no network leads.
"""

from tundish.app.deeds import jobs
from tundish.app.lying import bundles
from tundish.core.errors import TundishError
from tundish.core.image import Json
from tundish.core.people import Power
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

_FILE = '"arguments":{"file":"FILE"}'


def show(visit: Visit) -> Answer:
    """
    Raises:
        Forbidden: the asker may do nothing with bundles.
    """
    visit.actor.must(Power.BUNDLE)
    return _shown(visit)


def _shown(visit: Visit, *, problem: str = "", status: int = 200) -> Shown:
    folder = visit.app.settings.state / "bundles"
    values = {
        "bundles": bundles(visit.app),
        "folder": str(folder),
        "jobs": [
            job
            for job in jobs.list_(visit.app, visit.actor, limit=100)
            if job.kind in {"bundle-export", "bundle-import"}
        ],
        "releases": sorted({each.release for each in visit.app.catalog.channels.list()}),
        "problem": problem,
    }
    same = (
        Same(
            "tundish bundle export FILE",
            "/jobs",
            "POST",
            '{"kind":"bundle-export","arguments":{"file":"FILE"}}',
        ),
        Same("tundish bundle import FILE --keyring KEYS"),
    )
    return Shown("bundles.html", values, same, status=status)


def begin(visit: Visit) -> Answer:
    """
    Let a job write a bundle, or take one in.
    """
    form = visit.form
    kind = "bundle-import" if form.one("deed") == "import" else "bundle-export"
    arguments: dict[str, Json] = {"file": form.one("file")}
    try:
        if kind == "bundle-import":
            arguments["keyring"] = form.text("keyring")
        elif form.one("since"):
            arguments["since"] = form.number("since", 1, least=1)
        job = jobs.begin(visit.app, visit.actor, kind, arguments)
    except TundishError as error:
        return _shown(visit, problem=str(error), status=422)
    return Moved(f"/jobs/{job.id}", f"Job {job.id} was asked for.")


ROUTES = (Route("/bundles", show), Route("/bundles", begin, "POST"))
