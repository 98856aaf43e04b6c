"""
Jobs in a real `tundish serve`: asked for by one process, run by another, handed on when that stops.
"""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.doors import serving
from tests.support.processes import SECONDS, run, tundish
from tundish.app.deeds import jobs
from tundish.app.opened import App, open_app
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.people import EVERYTHING, Actor
from tundish.settings import load

ADA = Actor("ada", EVERYTHING, "api")
SLOW: dict[str, Json] = {"rate": 50_000}  # bytes per second; what there is takes minutes


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "state")) as opened:
        opened.store.add([bytes(5_000_000)])
        yield opened


def log(app: App, job: Job) -> str:
    """
    All that a job says, until it has ended.
    """
    return run(app.settings.state, "job", "log", str(job.id), "--follow").out


def heard(app: App, mark: str, outcome: str, attempt: int = 1) -> bool:
    """
    Wait until a job has this outcome at this attempt, as the feed tells it.
    """

    async def listen() -> bool:
        async with aclosing(app.feed.listen(after=mark, kinds=["job"])) as changes:
            async for change in changes:
                if (change.data.get("outcome"), change.data.get("attempt")) == (outcome, attempt):
                    return True
        return False

    return asyncio.run(asyncio.wait_for(listen(), SECONDS))


def test_a_server_ends_a_job_that_waited_for_it(app: App) -> None:
    """
    Asked for before the server began, it is ended within seconds, and its log can be followed meanwhile.
    """
    job = jobs.begin(app, ADA, "gc", {"allow_mass_removal": True})

    with serving(app.settings.state):
        said = log(app, job)

    assert ("done", True) == (app.catalog.jobs.get(job.id).outcome, said.rstrip().endswith("done"))


def test_a_server_that_is_told_to_stop_hands_its_jobs_on(app: App) -> None:
    """
    A job that would take minutes waits again when SIGTERM has ended the server, and lost no attempt.
    """
    mark = app.feed.mark()
    job = jobs.begin(app, ADA, "verify", SLOW)

    with serving(app.settings.state):
        begun = heard(app, mark, "running")
    after = app.catalog.jobs.get(job.id)

    assert (True, "queued", 0, "") == (begun, after.outcome, after.attempt, after.holder)


def test_what_a_killed_server_ran_is_taken_up_at_once(app: App) -> None:
    """
    The next server knows that it is dead, and does not wait for the end of its lease.
    """
    mark = app.feed.mark()
    job = jobs.begin(app, ADA, "verify", SLOW)
    with tundish(app.settings.state, "serve", "--control-port", "0", "--file-port", "0") as server:
        heard(app, mark, "running")
        server.kill()
        server.ended()
    lease = app.catalog.jobs.get(job.id).lease_until

    mark = app.feed.mark()
    with serving(app.settings.state):
        heard(app, mark, "running", attempt=2)
        again = app.catalog.jobs.get(job.id)

    assert (2, True, True) == (again.attempt, lease is not None, is_before(again.started_at, lease))


def is_before(moment: datetime, other: datetime | None) -> bool:
    return other is not None and moment < other
