"""
Jobs in a server, at moments that the tests choose: claimed, carried out, tried again, stopped, handed on.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.full_disk import small_disk
from tundish.app.deeds import jobs
from tundish.app.opened import App, open_app
from tundish.app.orders import Order
from tundish.app.running import LEASE, PAUSE, WAIT, Runner
from tundish.app.task import Ended, Task
from tundish.catalog.db import Database, sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core import clock
from tundish.core.errors import Busy, NoSpace, NotFound, Partial, Stopped, Unreachable
from tundish.core.holding import Job
from tundish.core.people import EVERYTHING, Actor
from tundish.settings import load

ADA = Actor("ada", EVERYTHING, "api")
PATIENCE = 20.0  # seconds that a test gives a thread; none needs them


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "state")) as opened:
        yield opened


@dataclass
class Server:
    """
    A runner whose clock is moved by hand, and whose verbs do what the test says.
    """

    app: App
    verb: Callable[[Order, App, Task], Ended] = lambda _order, _app, _task: Ended()
    now: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        self.runner = Runner(self.app, now=lambda: self.now, carry=self.carry)

    def carry(self, order: Order, app: App, task: Task) -> Ended:
        return self.verb(order, app, task)

    def step(self, later: timedelta = timedelta()) -> None:
        """
        Look, let the verbs return, and look again.
        """
        self.now += later
        self.runner.look()
        assert self.runner.wait(PATIENCE)
        self.runner.look()


def failing(error: BaseException) -> Callable[[Order, App, Task], Ended]:
    def verb(_order: Order, _app: App, _task: Task) -> Ended:
        raise error

    return verb


def until_stopped(_order: Order, _app: App, task: Task) -> Ended:
    """
    A verb that runs until it is to end.
    """
    assert task.stop.wait(PATIENCE)
    raise Stopped


def begun(app: App, kind: str = "gc") -> int:
    return jobs.begin(app, ADA, kind, {}).id


def job(app: App, number: int) -> Job:
    return app.catalog.jobs.get(number)


def said(app: App, number: int) -> str:
    return "\n".join(line.text for line in app.catalog.job_lines.of(number))


def test_a_job_that_waits_is_carried_out(app: App) -> None:
    """
    The verb's facts are its detail, and its log says what happened.
    """
    number = begun(app)

    def verb(order: Order, _: App, task: Task) -> Ended:
        task.say(f"this is {order.kind}")
        return Ended(facts={"blobs": 3})

    Server(app, verb).step()

    assert ("done", '{"blobs": 3}', True) == (
        job(app, number).outcome,
        job(app, number).detail,
        "this is gc" in said(app, number),
    )


def test_the_real_verb_runs_in_the_row_that_was_queued(app: App) -> None:
    """
    A garbage collection leaves no second job.
    """
    number = begun(app)
    server = Server(app)
    server.runner = Runner(app, now=lambda: server.now)
    server.step()

    assert [(number, "gc", "done")] == [
        (each.id, each.kind, each.outcome) for each in app.catalog.jobs.list()
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotFound("no such channel"), "failed"),
        (Partial("some of it"), "partial"),
        (Stopped(), "stopped"),
        (NoSpace(), "failed"),
        (ZeroDivisionError("a bug"), "failed"),
    ],
)
def test_a_job_ends_as_its_error_says(app: App, error: BaseException, outcome: str) -> None:
    """
    What trying again would not mend is not tried again, and the detail says why.
    """
    number = begun(app)
    Server(app, failing(error)).step()

    assert (outcome, True) == (job(app, number).outcome, "error" in job(app, number).detail)


def test_what_may_help_is_tried_three_times(app: App) -> None:
    """
    After half a minute, after one more, and then never again.
    """
    number = begun(app)
    server = Server(app, failing(Unreachable("down")))
    seen = []
    for later in (timedelta(), PAUSE / 2, PAUSE / 2, PAUSE, PAUSE, 2 * PAUSE):
        server.step(later)
        seen.append((job(app, number).outcome, job(app, number).attempt))

    assert [
        ("queued", 1),
        ("queued", 1),
        ("queued", 2),
        ("queued", 2),
        ("failed", 3),
        ("failed", 3),
    ] == seen


def test_what_is_busy_is_waited_for(app: App) -> None:
    """
    Ten times in a row, which counts as no attempt; then it is done.
    """
    number = begun(app)
    server = Server(app, failing(Busy("a command syncs")))
    for _ in range(10):
        server.step(WAIT)
    waited = job(app, number).outcome
    server.verb = lambda _order, _app, _task: Ended()
    server.step(WAIT)

    assert ("queued", "done", 1) == (waited, job(app, number).outcome, job(app, number).attempt)


def test_a_job_that_is_asked_to_stop_ends(app: App) -> None:
    """
    The verb is told at the next beat.
    """
    number = begun(app)
    server = Server(app, until_stopped)
    server.runner.look()
    jobs.stop(app, ADA, number)
    server.now += LEASE / 2
    server.runner.look()
    server.step()

    assert "stopped" == job(app, number).outcome


def test_a_server_that_stops_hands_its_jobs_on(app: App) -> None:
    """
    They wait again, without having lost an attempt, and the next server ends them.
    """
    number = begun(app)
    server = Server(app, until_stopped)
    server.runner.look()
    server.runner.stop(PATIENCE)
    waiting = job(app, number).outcome
    Server(app).step()

    assert ("queued", "done", 1) == (waiting, job(app, number).outcome, job(app, number).attempt)


def test_a_lease_is_renewed_while_the_verb_runs(app: App) -> None:
    """
    Another server finds nothing to take up, however long it lasts.
    """
    number = begun(app)
    first, second = Server(app, until_stopped), Server(app)
    first.runner.look()
    for _ in range(5):
        first.now += LEASE / 2
        second.now = first.now
        first.runner.look()
        second.step()
    holding = job(app, number).outcome, job(app, number).attempt
    first.runner.stop(PATIENCE)

    assert ("running", 1) == holding


def test_a_job_of_a_dead_server_is_taken_up(app: App) -> None:
    """
    Once its lease is over, by the next server, which says so in its log.
    """
    number = begun(app)
    app.catalog.jobs.claim("a dead server", clock.now(), clock.now() + LEASE)
    server = Server(app)
    server.step()
    early = job(app, number).outcome
    server.step(2 * LEASE)

    assert ("running", "done", 2, True) == (
        early,
        job(app, number).outcome,
        job(app, number).attempt,
        "its server died" in said(app, number),
    )


def test_a_job_that_kills_its_servers_is_lost_with_a_reason(app: App) -> None:
    """
    After three servers it is given up, and an event tells it.
    """
    number = begun(app)
    for _ in range(3):
        app.catalog.jobs.claim("a dead server", clock.now(), clock.now())
        Server(app).runner.stop()
        app.catalog.jobs.take_up(clock.now(), '{"error": "gone"}') if job(app, number).attempt < 3 else None
    Server(app).step()

    assert ("lost", "job-lost") == (job(app, number).outcome, app.catalog.events.list()[0].kind)


def test_a_server_that_was_away_too_long_changes_nothing(app: App) -> None:
    """
    Its job is another's; its verb is told to end, and what came of it is not written down.
    """
    number = begun(app)
    first = Server(app, until_stopped)
    first.runner.look()
    app.catalog.jobs.take_up(clock.now() + 2 * LEASE, "")
    app.catalog.jobs.claim("another", clock.now(), clock.now() + 4 * LEASE)
    first.now += LEASE
    first.runner.look()
    first.step()

    assert ("running", "another") == (job(app, number).outcome, job(app, number).holder)


def test_four_jobs_run_at_once(app: App) -> None:
    """
    The fifth waits until one has ended, and no resource is used twice.
    """
    kinds = ["gc", "sync", "verify", "publish", "repair"]
    numbers = [begun(app, kind) for kind in kinds]
    several = [jobs.begin(app, ADA, "publish", {"channel": f"c{place}"}).id for place in range(3)]
    meet = threading.Barrier(5)

    def verb(_order: Order, _app: App, _task: Task) -> Ended:
        meet.wait(PATIENCE)
        return Ended()

    server = Server(app, verb)
    server.runner.look()
    seen = [job(app, number).outcome for number in (*numbers, *several)]
    meet.wait(PATIENCE)
    server.runner.wait(PATIENCE)
    server.runner.stop()

    assert ["running"] * 4 + ["queued"] * 4 == seen


def test_progress_is_in_the_detail(app: App) -> None:
    """
    How much of how much has come, while it runs.
    """
    number, shown, go_on = begun(app), threading.Event(), threading.Event()

    def verb(_order: Order, _app: App, task: Task) -> Ended:
        task.expect(3, 900)
        task.moved(300)
        shown.set()
        assert go_on.wait(PATIENCE)
        return Ended()

    server = Server(app, verb)
    server.runner.look()
    assert shown.wait(PATIENCE)
    server.runner.look()
    detail = job(app, number).detail
    go_on.set()
    server.step()

    assert (True, True) == ('"came": 300' in detail, '"size": 900' in detail)


def test_a_locked_catalog_is_waited_out(app: App) -> None:
    """
    While another process holds a write transaction nothing can be noted; then the job ends as it did.
    """
    number = begun(app)
    hasty = Database.open(sqlite_url(app.settings.state / "catalog.sqlite"), patience=0.1)
    server = Server(replace(app, catalog=Catalog.over(hasty)))
    server.runner.look()
    assert server.runner.wait(PATIENCE)
    with app.catalog.database.transaction(), pytest.raises(Busy):
        server.runner.look()
    server.runner.look()
    hasty.close()

    assert ("done", True) == (job(app, number).outcome, "attempt 1 begins" in said(app, number))


def test_a_lease_outlives_a_catalog_that_is_locked_for_long(app: App) -> None:
    """
    Locked for 20 seconds, or even for longer than the lease: its server goes on with the job all the same.
    """
    number = begun(app)
    hasty = Database.open(sqlite_url(app.settings.state / "catalog.sqlite"), patience=0.05)
    server = Server(replace(app, catalog=Catalog.over(hasty)), until_stopped)
    server.runner.look()
    with app.catalog.database.transaction():
        for _ in range(4):
            server.now += LEASE / 3
            with pytest.raises(Busy):
                server.runner.look()
    server.runner.look()
    running = job(app, number).outcome, job(app, number).attempt
    renewed = job(app, number).lease_until
    server.runner.stop(PATIENCE)
    hasty.close()

    assert (("running", 1), server.now + LEASE) == (running, renewed)


def test_a_full_disk_is_waited_out(tmp_path: Path) -> None:
    """
    How a job ended is written down once there is room; until then the lease says that it is ours.
    """
    text = "x" * 4_000_000
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("needs a file system of its own, which only root may mount")
        with open_app(load({}, state=disk.folder / "state")) as app:
            number = begun(app)
            server = Server(app, lambda _order, _app, _task: Ended(facts={"text": text}))
            server.runner.look()
            assert server.runner.wait(PATIENCE)
            with disk.ballast.open("wb") as ballast, contextlib.suppress(OSError):
                while ballast.write(bytes(1 << 20)):
                    pass
            with pytest.raises(NoSpace):
                server.runner.look()
            full = job(app, number).outcome
            disk.make_room()
            server.runner.look()

            assert ("running", "done") == (full, job(app, number).outcome)
