"""
Bundles: images in one signed file, for where no network leads.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from tundish.app.deeds import jobs
from tundish.core.errors import StorageError, TundishError
from tundish.core.image import Json
from tundish.core.people import Power
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

_FILE = '"arguments":{"file":"FILE"}'


@dataclass(frozen=True, slots=True)
class Lying:
    """
    A file in the folder of bundles.
    """

    name: str
    size: int
    at: datetime


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
        "bundles": _lying(str(folder)),
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


def _lying(folder: str) -> list[Lying]:
    """
    Raises:
        StorageError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            files = [(each.name, each.stat(follow_symlinks=False)) for each in entries if each.is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"the folder of bundles cannot be read: {error.strerror}") from error
    found = [Lying(name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC)) for name, facts in files]
    return sorted((each for each in found if not each.name.startswith(".")), key=lambda each: each.name)


ROUTES = (Route("/bundles", show), Route("/bundles", begin, "POST"))
