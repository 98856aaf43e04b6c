"""
Jobs: what was asked for, what runs and how far it is, and what each of them said.
"""

from collections.abc import Mapping
from datetime import timedelta

from tundish.app.deeds import jobs as deeds
from tundish.core import clock
from tundish.core.errors import InputError
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.people import Power
from tundish.web import asking
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

PER_PAGE = 50
KINDS = (
    "sync", "gc", "verify", "repair", "publish", "promote", "rollback", "mirror", "bundle-export",
    "bundle-import", "bundle-show", "check", "build",
)  # fmt: skip
BEGUN: Mapping[str, str] = {
    "sync": "Sync all sources",
    "verify": "Verify the store",
    "repair": "Repair the store",
}
MOST_LINES = 1_000
LAST_WORDS = timedelta(seconds=10)


def show(visit: Visit) -> Answer:
    before, kind = visit.query.number("before", 0), visit.query.one("kind")
    found = deeds.list_(visit.app, visit.actor, kind=kind, before=before, limit=PER_PAGE)
    values = {
        "jobs": found,
        "kinds": KINDS,
        "kind": kind,
        "before": before,
        "older": found[-1].id if len(found) == PER_PAGE else 0,
        "begun": BEGUN if visit.actor.may(Power.SYNC) and visit.actor.may(Power.STORE_EDIT) else {},
    }
    same = Same("tundish job list", f"/jobs?kind={kind}" if kind else "/jobs")
    return Shown("jobs.html", values, (same,), part="jobs_list.html")


def begin(visit: Visit) -> Answer:
    """
    Let one of the jobs wait that need no words.

    Raises:
        InputError: there is no such kind, or it needs words.
    """
    kind = visit.form.one("kind")
    if kind not in BEGUN:
        raise InputError(f"{kind[:40]!r} cannot be begun here; one of {', '.join(BEGUN)}")
    job = deeds.begin(visit.app, visit.actor, kind, {})
    return Moved(f"/jobs/{job.id}", f"Job {job.id} was asked for.")


def one(visit: Visit) -> Answer:
    job = deeds.get(visit.app, visit.actor, _number(visit))
    detail = asking.detail(job)
    running = asking.running(visit.app, visit.actor)
    values = {
        "job": job,
        "said": _facts(detail),
        "error": str(detail.get("error") or ""),
        "progress": asking.total(job),
        **_log(visit, job, 0),
        "moving": running.transfers if running and running.job.id == job.id and running.is_running else (),
        "can_stop": job.ended_at is None and _may(visit, job),
        "can_retry": job.ended_at is not None and bool(job.actor) and _may(visit, job),
    }
    same = (
        Same(f"tundish job log {job.id} --follow", f"/jobs/{job.id}/log"),
        Same(f"tundish job stop {job.id}", f"/jobs/{job.id}/stop", "POST"),
    )
    return Shown("job.html", values, same, part="job_state.html")


def lines(visit: Visit) -> Answer:
    """
    What a job said behind a line, to be put behind it.
    """
    job = deeds.get(visit.app, visit.actor, _number(visit))
    return Shown("job_lines.html", {"job": job, **_log(visit, job, visit.query.number("after", 0))})


def _log(visit: Visit, job: Job, after: int) -> dict[str, object]:
    """
    The last lines of a job may be written down just after its end.
    """
    found = deeds.log(visit.app, visit.actor, job.id, after=after, limit=MOST_LINES)
    goes_on = job.ended_at is None or clock.now() - job.ended_at < LAST_WORDS
    return {"lines": found, "after": after, "goes_on": goes_on}


def act(visit: Visit) -> Answer:
    """
    Stop a job, or begin the same once more.

    Raises:
        InputError: there is no such deed.
    """
    number, verb = _number(visit), visit.form.one("deed")
    if verb == "stop":
        deeds.stop(visit.app, visit.actor, number)
        return Moved(f"/jobs/{number}", f"Job {number} is asked to stop; what came is kept.")
    if verb == "retry":
        job = deeds.retry(visit.app, visit.actor, number)
        return Moved(f"/jobs/{job.id}", f"Job {job.id} was asked for, like {number}.")
    raise InputError(f"{verb[:40]!r} cannot be done to a job; stop or retry")


def _may(visit: Visit, job: Job) -> bool:
    return visit.actor.may(Power.JOB_EDIT) or job.actor == visit.actor.name


def _number(visit: Visit) -> int:
    """
    Raises:
        InputError: no number of a job.
    """
    text = visit.place["number"]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputError(f"{text[:40]!r} is no number of a job")
    return int(text)


def _facts(detail: Mapping[str, Json]) -> list[tuple[str, str]]:
    """
    What of the detail can be said in a line each; the error and the progress stand elsewhere.
    """
    return [
        (name.replace("_", " "), str(value))
        for name, value in detail.items()
        if isinstance(value, str | int | float) and name != "error" and str(value)
    ]


ROUTES = (
    Route("/jobs", show),
    Route("/jobs", begin, "POST"),
    Route("/jobs/{number}", one),
    Route("/jobs/{number}", act, "POST"),
    Route("/jobs/{number}/lines", lines),
)
