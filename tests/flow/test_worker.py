"""
What a server does by itself, at moments that the tests choose; and once as a real server.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.counter import CANDIDATE, STABLE, Counter, counter
from tests.support.doors import serving
from tests.support.hostile_server import Exchange, HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.processes import run
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.app.choosing import choose_schedule
from tundish.app.resigning import Resigner
from tundish.app.worker import Until, Worker
from tundish.core.errors import NotFound, TundishError, Unreachable
from tundish.core.names import SourceName
from tundish.core.selection import Fetching, Source
from tundish.publish import showing
from tundish.publish.run import Office
from tundish.sync.schedule import Schedule

MINUTE, DAYS = timedelta(minutes=1), timedelta(days=1)
IMAGE = "ubuntu/noble/amd64/ga-24.04@20260101"


@pytest.fixture
def stream() -> StreamSimulator:
    made = StreamSimulator(key().signer(at=MADE_AT))
    made.add()
    made.publish(DAY)
    return made


@pytest.fixture
def lab(tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    with region(tmp_path / "region", stream) as opened:
        opened.add(stream)
        opened.select()
        yield opened


def worker(lab: Region) -> Worker:
    return Worker(lab.desk, now=lambda: lab.now, draw=lambda: 0.0)


def outcomes(lab: Region) -> list[str]:
    """
    How the syncs ended, the first one first.
    """
    return [job.outcome for job in reversed(lab.catalog.jobs.list())]


def kinds(lab: Region) -> list[str]:
    return [each.kind for each in lab.catalog.notices.list()]


def test_the_first_look_syncs(lab: Region) -> None:
    """
    A server that has just started syncs at once.
    """
    worker(lab).look()

    assert {IMAGE: "complete"} == lab.states()


def test_the_next_sync_is_an_hour_later(lab: Region) -> None:
    """
    Within the hour nothing is done, after it one more sync, and never two.
    """
    hourly = worker(lab)
    seen = []
    for minutes in (0, 1, 50, 10, 1):
        lab.now += minutes * MINUTE
        hourly.look()
        seen.append(len(outcomes(lab)))

    assert [1, 1, 1, 2, 2] == seen


def test_what_was_missed_is_caught_up_once(lab: Region) -> None:
    """
    After a day without a look there is one sync, not twenty-four.
    """
    hourly = worker(lab)
    hourly.look()
    lab.tomorrow()
    hourly.look()
    hourly.look()

    assert ["done", "done"] == outcomes(lab)


def test_a_failure_is_tried_again_and_never_ends_it(lab: Region, stream: StreamSimulator) -> None:
    """
    A source that is down is asked again after five minutes, and the image comes once it is up.
    """
    hourly = worker(lab)
    stream.failures[stream.index_path] = [Unreachable("down")] * 3
    hourly.look()
    lab.now += 5 * MINUTE
    hourly.look()

    assert (["failed", "done"], {IMAGE: "complete"}) == (outcomes(lab), lab.states())


def test_a_failing_source_is_noticed_until_it_is_well(lab: Region, stream: StreamSimulator) -> None:
    """
    The notice stands from the first failure on and goes with it.
    """
    hourly = worker(lab)
    stream.failures[stream.index_path] = [Unreachable("down")] * 3
    hourly.look()
    failing = kinds(lab)
    lab.now += 5 * MINUTE
    hourly.look()

    assert ([True], [False]) == (
        ["source-failed" in failing],
        ["source-failed" in kinds(lab)],
    )


def test_a_sync_of_somebody_else_is_left_alone(lab: Region) -> None:
    """
    While another process syncs, nothing fails and nothing is begun.
    """
    with lab.catalog.database.exclusive("sync", "somebody"):
        worker(lab).look()

    assert [] == outcomes(lab)


def test_what_is_turned_off_is_noticed_and_not_done(lab: Region) -> None:
    """
    With automatic sync off nothing is fetched, and a notice says so.
    """
    choose_schedule(lab.catalog.choices, Schedule(on=False))
    worker(lab).look()

    assert ([], ["auto-off"]) == (outcomes(lab), kinds(lab))


def test_a_choice_counts_at_the_next_look(lab: Region) -> None:
    """
    A schedule that is changed while the server runs is followed at once.
    """
    hourly = worker(lab)
    hourly.look()
    choose_schedule(lab.catalog.choices, Schedule(every=10 * MINUTE))
    lab.now += 10 * MINUTE
    hourly.look()

    assert ["done", "done"] == outcomes(lab)


def test_a_source_is_synced_in_its_own_window_alone(lab: Region, stream: StreamSimulator) -> None:
    """
    Of two sources only the one whose window is open is read.
    """
    night = Source(SourceName("night"), stream.url, stream.keyring, fetching=Fetching(window="22:00-23:00"))
    lab.catalog.sources.add(night, lab.now)
    worker(lab).look()

    assert ["lab"] == [job.subject for job in lab.catalog.jobs.list()]


def test_without_a_selection_nothing_is_tried(lab: Region) -> None:
    """
    Where nothing is selected yet, no sync fails for it.
    """
    lab.catalog.selections.remove(1)
    worker(lab).look()

    assert [] == outcomes(lab)


# --- signatures


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    """
    A channel whose signature lasts ten days.
    """
    with counter(tmp_path / "shop") as made:
        made.publish(expires=10)
        choose_schedule(made.lab.catalog.choices, Schedule(on=False))
        yield made


def signing(shop: Counter, office: Callable[[], Office] | None = None) -> Worker:
    resigner = Resigner(office or shop.office, now=lambda: shop.lab.now)
    return Worker(shop.lab.desk, now=lambda: shop.lab.now, draw=lambda: 0.0, resigner=resigner)


def ends(shop: Counter) -> datetime | None:
    return showing.signature_of(shop.office(), STABLE).expires_at


def test_a_signature_past_half_of_its_life_is_made_anew(shop: Counter) -> None:
    """
    A server that is started then signs at once, for as long as before, and leaves a job.
    """
    before = ends(shop)
    shop.later(5 * DAYS)
    signing(shop).look()
    jobs = [(job.kind, job.subject, job.outcome) for job in shop.lab.catalog.jobs.list(kind="resign")]

    assert (before and before + 5 * DAYS, [("resign", "stable", "done")]) == (ends(shop), jobs)


def test_signatures_are_looked_at_every_hour(shop: Counter) -> None:
    """
    One that comes of age between two looks is made anew at the second, and a fresh one is left alone.
    """
    daily, counts = signing(shop), []
    shop.later(5 * DAYS - 30 * MINUTE)
    for minutes in (0, 59, 1, 60):
        shop.later(minutes * MINUTE)
        daily.look()
        counts.append(len(shop.lab.catalog.jobs.list(kind="resign")))

    assert [0, 0, 1, 1] == counts


def test_a_channel_that_cannot_be_signed_is_noticed_until_it_can(shop: Counter) -> None:
    """
    The notice tells why; five minutes later it is tried again, and then the notice goes.
    """
    gone: list[TundishError] = [NotFound("the signing key is not there")]

    def office() -> Office:
        if gone:
            raise gone[0]
        return shop.office()

    worker = signing(shop, office)
    shop.later(6 * DAYS)
    worker.look()
    noticed = [(each.kind, "key is not there" in each.text) for each in shop.lab.catalog.notices.list()]
    gone.clear()
    shop.later(5 * MINUTE)
    worker.look()

    assert ([True], False) == (
        [flag for kind, flag in noticed if kind == "resign-failed"],
        "resign-failed" in kinds(shop.lab),
    )


def test_one_channel_that_fails_does_not_keep_another_from_being_signed(shop: Counter) -> None:
    """
    What cannot be offered any more leaves a failed job; the other is signed.
    """
    shop.publish(channel=CANDIDATE, expires=10)
    shop.stream.products.clear()
    shop.offer("20260101", packages="other\t1\n")
    shop.offer("20260102")
    shop.publish(f"{shop.lab.catalog.images.list()[0].product.ref}@20260102", expires=10)
    shop.later(6 * DAYS)
    signing(shop).look()

    assert {("candidate", "failed"), ("stable", "done")} == {
        (job.subject, job.outcome) for job in shop.lab.catalog.jobs.list(kind="resign")
    }


def test_a_channel_that_somebody_writes_into_is_tried_again_and_no_trouble(shop: Counter) -> None:
    """
    Nothing is noticed of it, and it leaves no job of its own.
    """
    shop.later(6 * DAYS)
    worker = signing(shop)
    with shop.lab.catalog.database.exclusive("publish-stable", "somebody"):
        worker.look()
    shop.later(5 * MINUTE)
    worker.look()

    assert (False, ["done"]) == (
        "resign-failed" in kinds(shop.lab),
        [job.outcome for job in shop.lab.catalog.jobs.list(kind="resign")],
    )


def test_without_a_channel_nobody_is_asked_for_a_key(lab: Region) -> None:
    """
    The office, which needs one, is never opened.
    """

    def office() -> Office:
        raise AssertionError("somebody asked for the key")

    choose_schedule(lab.catalog.choices, Schedule(on=False))
    Worker(
        lab.desk,
        now=lambda: lab.now,
        draw=lambda: 0.0,
        resigner=Resigner(office, now=lambda: lab.now),
    ).look()

    assert ["auto-off"] == kinds(lab)


class Slow(StreamSimulator):
    """
    A stream from which each file takes ten minutes.
    """

    lab: Region

    def _asked(self, url: str) -> str:
        self.lab.now += 10 * MINUTE
        return super()._asked(url)


def test_a_sync_ends_with_its_window_and_goes_on_in_the_next(tmp_path: Path) -> None:
    """
    When the window closes the run stops cleanly; it is due again when the window opens, and not before.
    """
    stream = Slow(key().signer(at=MADE_AT))
    stream.add()
    stream.publish(DAY)
    with region(tmp_path / "region", stream) as lab:
        stream.lab = lab
        lab.parallel = 1
        lab.add(stream)
        lab.select()
        choose_schedule(lab.catalog.choices, Schedule(window="03:00-03:40"))
        nightly = worker(lab)
        nightly.look()
        nightly.look()
        cut = outcomes(lab)
        for day in range(1, 5):
            lab.now = DAY + timedelta(days=day)
            nightly.look()

        assert (["stopped"], {IMAGE: "complete"}) == (cut, lab.states())


def test_a_bug_does_not_end_the_upkeep(lab: Region, caplog: pytest.LogCaptureFixture) -> None:
    """
    Whatever goes wrong is logged whole, and the thread ends only when it is told to.
    """
    met = threading.Event()

    def broken() -> float:
        met.set()
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        upkeep = Worker(lab.desk, now=lambda: lab.now, draw=broken)
        upkeep.start()
        assert met.wait(30)
        upkeep.stop()

    assert "ZeroDivisionError" in caplog.text


def test_a_worker_that_never_began_can_be_stopped(lab: Region) -> None:
    """
    Stopping before the start is nothing special.
    """
    upkeep = worker(lab)
    upkeep.stop()

    assert [] == outcomes(lab)


@pytest.mark.parametrize(("minutes", "late"), [(-1, True), (0, True), (1, False), (None, False)])
def test_a_run_is_over_when_its_time_has_come(minutes: int | None, late: bool) -> None:
    """
    Until its moment a run goes on; without one, until it is told to end.
    """
    end = None if minutes is None else DAY + minutes * MINUTE

    assert late == Until(threading.Event(), end, lambda: DAY).is_set()


def test_a_server_syncs_at_its_start_and_ends_a_sync_cleanly(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    `tundish serve` begins a sync without being told; when the server is stopped, the sync is stopped too,
    and the next one goes on and finishes.
    """
    state, begun = tmp_path / "state", threading.Event()
    path = next(path for path in stream.files if path.endswith("squashfs"))

    def slowly(exchange: Exchange) -> None:
        begun.set()
        exchange.head(200, {"Content-Length": str(len(stream.files[path]))})
        for sign in stream.files[path]:
            if exchange.closing.wait(0.01):
                return
            exchange.body(bytes([sign]))

    keyring = tmp_path / "lab.gpg"
    keyring.write_bytes(stream.keyring)
    with HostileServer(stream.files) as server:
        server.behave(path, slowly)
        run(state, "source", "add", "lab", server.url, "--keyring", str(keyring))
        run(state, "select", "add", "ubuntu/noble")
        with serving(state):
            assert begun.wait(30)
        stopped = run(state, "sync", "status", "--json")
        server.behave(path)
        again = run(state, "sync")

    assert (True, 0) == ('"outcome": "stopped"' in stopped.out, again.code)
