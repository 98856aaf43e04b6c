"""
Waiting for a job of a server: what it ends as is how the command ends.
"""

import json
import time
from typing import TypeGuard

import click

from tundish.cli.session import size_text
from tundish.core import clock
from tundish.core.errors import Partial, Stopped, UpstreamError
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.remote import values
from tundish.remote.server import Document, Server, record

LOOK = 0.5  # seconds between two looks
EVERY = 2.0  # seconds between two lines of how far it is


def ended(server: Server, begun: Json) -> Document:
    """
    What a job found out, once it is done; Ctrl-C leaves it to the server.

    Raises:
        Partial, Stopped, UpstreamError: it did not end well.
    """
    job = followed(server, begun)
    must_be_done(server, job)
    return facts_of(job)


def reported(server: Server, begun: Json) -> Document:
    """
    What a job that has ended reports, as the command reports it; whether that is well is for the command.

    Raises:
        Partial, Stopped, UpstreamError: it ended without a report.
    """
    job = followed(server, begun)
    report = facts_of(job).get("report")
    if isinstance(report, dict) and job.outcome != "stopped":
        return report
    must_be_done(server, job)
    raise UpstreamError(f"job {job.id} left no report; use the version of the server", url=server.url)


def followed(server: Server, begun: Json) -> Job:
    """
    A job once it has ended, however; how far it is stands on standard error meanwhile.
    """
    job = values.read(values.job, record(begun))
    click.echo(f"job {job.id} on the server; stop it there: tundish job stop {job.id}", err=True)
    said, due = "", clock.monotonic() + EVERY
    while job.ended_at is None:
        time.sleep(LOOK)
        job = values.read(values.job, record(server.get(f"/jobs/{job.id}")))
        line = _far(facts_of(job).get("progress"))
        if line and line != said and clock.monotonic() >= due:
            click.echo(line, err=True)
            said, due = line, clock.monotonic() + EVERY
    return job


def must_be_done(server: Server, job: Job) -> None:
    """
    Raises:
        Partial, Stopped, UpstreamError: it did not end well.
    """
    said = str(facts_of(job).get("error") or f"see: tundish job log {job.id}")
    if job.outcome == "partial":
        raise Partial(f"job {job.id} was done in part: {said}")
    if job.outcome == "stopped":
        raise Stopped(f"job {job.id} was stopped; what came is kept, run it again to go on from there")
    if job.outcome != "done":
        raise UpstreamError(f"job {job.id} {job.outcome} on the server: {said}", url=server.url)


def facts_of(job: Job) -> Document:
    try:
        found: Json = json.loads(job.detail or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _far(progress: Json) -> str:
    if not isinstance(progress, dict):
        return ""
    held, files, came, size = (progress.get(name) for name in ("held", "files", "came", "size"))
    amount = f", {size_text(came)} of {size_text(size)}" if _is_count(came) and _is_count(size) else ""
    return f"{held} of {files} files{amount}" if files else amount.removeprefix(", ")


def _is_count(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and value > 0
