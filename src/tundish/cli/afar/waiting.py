"""
Waiting for a job of a server: what it ends as is how the command ends.
"""

import json
import time

import click

from tundish.core.errors import Partial, Stopped, UpstreamError
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.remote import values
from tundish.remote.server import Document, Server, record

LOOK = 0.5  # seconds between two looks


def ended(server: Server, begun: Json) -> Document:
    """
    What a job found out, once it is done; Ctrl-C leaves it to the server.

    Raises:
        Partial, Stopped, UpstreamError: it did not end well.
    """
    job = values.read(values.job, record(begun))
    click.echo(f"job {job.id} on the server; stop it there: tundish job stop {job.id}", err=True)
    while job.ended_at is None:
        time.sleep(LOOK)
        job = values.read(values.job, record(server.get(f"/jobs/{job.id}")))
    facts = _facts(job)
    said = str(facts.get("error") or f"see: tundish job log {job.id}")
    if job.outcome == "done":
        return facts
    if job.outcome == "partial":
        raise Partial(f"job {job.id} was done in part: {said}")
    if job.outcome == "stopped":
        raise Stopped(f"job {job.id} was stopped; what came is kept, run it again to go on from there")
    raise UpstreamError(f"job {job.id} {job.outcome} on the server: {said}", url=server.url)


def _facts(job: Job) -> Document:
    try:
        found: Json = json.loads(job.detail or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
