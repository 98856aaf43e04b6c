"""
Beginning, stopping and retrying jobs, and who may.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tundish.app.deeds import jobs
from tundish.app.opened import App, open_app
from tundish.core import clock
from tundish.core.errors import Conflict, Forbidden, NotFound
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role
from tundish.settings import load

ADA = Actor("ada", EVERYTHING, "api")
BOB = Actor("bob", (Grant(Role.OPERATOR, Kind.SOURCE, "lab"),), "api")
EVE = Actor("eve", (Grant(Role.VIEWER),), "page")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "state")) as opened:
        yield opened


def claimed(app: App) -> None:
    app.catalog.jobs.claim("a server", clock.now(), clock.now())


def test_a_job_that_was_begun_waits(app: App) -> None:
    """
    It is queued, with its arguments and who asked for it; the audit and its log say so.
    """
    job = jobs.begin(app, ADA, "sync", {"sources": ["lab"]})

    assert ("queued", "lab", {"sources": ["lab"]}, "ada", "sync.begin", "asked for by ada (api)") == (
        job.outcome,
        job.subject,
        job.arguments,
        job.actor,
        app.catalog.audit.list()[0].deed,
        jobs.log(app, ADA, job.id)[0].text,
    )


def test_the_same_is_queued_once(app: App) -> None:
    """
    Asked for twice while it waits, it is one job; once it runs, it is another.
    """
    first, second = (jobs.begin(app, ADA, "sync", {}).id for _ in range(2))
    claimed(app)

    assert (True, False) == (first == second, first == jobs.begin(app, ADA, "sync", {}).id)


def test_a_right_on_one_source_is_enough_for_that_one(app: App) -> None:
    """
    Who may sync one source may queue that, and see it, and nothing else.
    """
    mine, all_ = jobs.begin(app, BOB, "sync", {"sources": ["lab"]}), jobs.begin(app, ADA, "gc", {})

    assert ([mine], all_.id) == (list(jobs.list_(app, BOB)), jobs.list_(app, ADA)[0].id)


@pytest.mark.parametrize("kind", ["sync", "gc", "repair", "publish"])
def test_who_may_only_look_begins_nothing(app: App, kind: str) -> None:
    """
    A viewer is refused, nothing is queued, and the audit says that it was refused.
    """
    with pytest.raises(Forbidden):
        jobs.begin(app, EVE, kind, {})

    assert ([], "refused") == (list(app.catalog.jobs.list()), app.catalog.audit.list()[0].outcome)


def test_a_job_that_waits_is_stopped_at_once(app: App) -> None:
    """
    It ends without having begun.
    """
    job = jobs.begin(app, ADA, "gc", {})

    assert "stopped" == jobs.stop(app, ADA, job.id).outcome


def test_a_job_that_runs_is_asked_to_stop(app: App) -> None:
    """
    It still runs, and knows that it should not.
    """
    job = jobs.begin(app, ADA, "gc", {})
    claimed(app)
    asked = jobs.stop(app, ADA, job.id)

    assert ("running", True) == (asked.outcome, asked.stop)


def test_who_began_a_job_may_stop_it(app: App) -> None:
    """
    Without the power over all jobs, too; a stranger who sees it may not.
    """
    job = jobs.begin(app, BOB, "sync", {"sources": ["lab"]})
    with pytest.raises(Forbidden):
        jobs.stop(app, EVE, job.id)

    assert "stopped" == jobs.stop(app, BOB, job.id).outcome


def test_what_has_ended_is_not_stopped(app: App) -> None:
    """
    The message says how it ended.
    """
    job = jobs.begin(app, ADA, "gc", {})
    jobs.stop(app, ADA, job.id)

    with pytest.raises(Conflict, match="ended already: stopped"):
        jobs.stop(app, ADA, job.id)


def test_a_command_that_does_not_listen_is_not_asked(app: App) -> None:
    """
    A build of a command is ended there.
    """
    number = app.catalog.jobs.start("build", "debian", clock.now())

    with pytest.raises(Conflict, match="Ctrl-C"):
        jobs.stop(app, ADA, number)


def test_a_retry_is_a_new_job(app: App) -> None:
    """
    With the same kind and arguments, for who asks now.
    """
    job = jobs.begin(app, BOB, "sync", {"sources": ["lab"]})
    jobs.stop(app, BOB, job.id)
    again = jobs.retry(app, ADA, job.id)

    assert (True, job.arguments, "ada", "queued") == (
        again.id > job.id,
        again.arguments,
        again.actor,
        again.outcome,
    )


def test_what_a_command_ran_is_not_retried(app: App) -> None:
    """
    Nobody wrote down what it was called with.
    """
    number = app.catalog.jobs.start("gc", "the store", clock.now())
    app.catalog.jobs.end(number, "failed", "", clock.now())

    with pytest.raises(Conflict, match="run the command again"):
        jobs.retry(app, ADA, number)


def test_what_an_actor_may_not_see_is_not_there(app: App) -> None:
    """
    The answer is that of a number that never was.
    """
    job = jobs.begin(app, ADA, "gc", {})

    with pytest.raises(NotFound, match=f"there is no job {job.id}"):
        jobs.get(app, BOB, job.id)


def test_keyrings_stay_out_of_the_audit(app: App) -> None:
    """
    They are long; whoever wants them looks at the job.
    """
    jobs.begin(app, ADA, "bundle-import", {"file": "1.bundle", "keyring": "a long key"})

    assert "a long key" not in app.catalog.audit.list()[0].after


def test_nobody_promotes_what_is_hidden(app: App) -> None:
    """
    Who has one channel cannot let it offer what another offers that is not theirs to see.
    """
    cat = Actor("cat", (Grant(Role.OPERATOR, Kind.CHANNEL, "lab"),), "api")

    with pytest.raises(NotFound, match="not yours to see"):
        jobs.begin(app, cat, "promote", {"channel": "lab", "source": "secret", "release": 1})


def test_a_page_of_jobs_is_full_of_what_may_be_seen(app: App) -> None:
    """
    Those of others take no place in it, so who sees few is not shown an empty list.
    """
    first = jobs.begin(app, BOB, "sync", {"sources": ["lab"]})
    for name in ("one", "two", "three"):
        jobs.begin(app, ADA, "sync", {"sources": [name]})

    assert [first.id] == [each.id for each in jobs.list_(app, BOB, limit=2)]
