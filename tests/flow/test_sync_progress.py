"""
A running sync as others see it: what it notes, how it is asked to stop, and what it leaves behind.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.hostile_server import Exchange, HostileServer, status
from tests.support.keys import MADE_AT, key
from tests.support.processes import run, tundish
from tests.support.region import DAY, SOURCE, Region, Watch, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core import clock
from tundish.core.errors import Busy, CutShort, Gone, Stopped, Unreachable
from tundish.core.progress import Running, Transfer
from tundish.sync.conditions import condition
from tundish.sync.plan import PlannedFile
from tundish.sync.recording import Recorder
from tundish.sync.status import status as status_of
from tundish.sync.status import stop

BYTES = 16_200  # of all items of one version


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


def seen(lab: Region) -> Running:
    found = status_of(lab.catalog)
    assert found is not None
    return found


def largest(stream: StreamSimulator) -> str:
    """
    The path of the largest item.
    """
    items = [path for path in stream.files if "/20260101/" in path]
    return max(items, key=lambda path: len(stream.files[path]))


def test_before_the_first_sync_there_is_no_status(lab: Region) -> None:
    """
    Where nobody ever synced, there is nothing to tell.
    """
    assert status_of(lab.catalog) is None


def test_a_finished_sync_tells_what_came(lab: Region) -> None:
    """
    All files are held and all bytes came; nothing is left, and each file says so.
    """
    lab.sync()
    found = seen(lab)

    assert ("done", False, 4, 4, BYTES, BYTES, [True] * 4) == (
        found.job.outcome,
        found.is_running,
        found.progress.files,
        found.progress.held,
        found.progress.came,
        found.progress.size,
        [each.ended and each.came == each.size for each in found.transfers],
    )


def test_retries_and_the_last_error_are_told(lab: Region, stream: StreamSimulator) -> None:
    """
    A file that was cut and came all the same says how often and why.
    """
    path = largest(stream)
    stream.failures[path] = [CutShort("cut once"), CutShort("cut twice")]
    lab.sync()
    (file,) = [each for each in seen(lab).transfers if each.path == path]

    assert (2, "cut twice", 2) == (file.retries, file.error, seen(lab).progress.retries)


def test_a_sync_that_ended_before_its_first_file_says_why(lab: Region, stream: StreamSimulator) -> None:
    """
    What could not be read is the last error of the whole.
    """
    stream.files.clear()
    with pytest.raises(Gone):
        lab.sync()

    assert ("failed", True) == (seen(lab).job.outcome, "HTTP 404" in seen(lab).progress.error)


def test_a_failed_file_is_told(lab: Region, stream: StreamSimulator) -> None:
    """
    A file that is not there is counted as failed, and its error kept.
    """
    del stream.files[largest(stream)]
    with pytest.raises(Gone):
        lab.sync()

    assert (1, 3, 1) == (
        seen(lab).progress.failed,
        seen(lab).progress.held,
        sum(bool(each.error) for each in seen(lab).transfers),
    )


@dataclass
class Looking(Watch):
    """
    A watcher that looks whenever bytes come at what others see.
    """

    lab: Region | None = None
    seen: list[Running | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def moved(self, file: PlannedFile, count: int) -> None:
        super().moved(file, count)
        assert self.lab is not None
        self.seen.append(status_of(self.lab.catalog))


def test_a_sync_is_seen_while_it_runs(lab: Region) -> None:
    """
    From the first byte on others see a running sync.
    """
    watch = Looking(lab=lab)
    lab.watch = watch
    lab.sync()

    assert watch.seen[0] is not None
    assert watch.seen[0].is_running


def test_a_wish_to_stop_is_heard_at_the_next_beat(lab: Region) -> None:
    """
    A job that was asked to stop is told so when it notes how far it is.
    """
    asked: list[bool] = []
    job = lab.catalog.jobs.start("sync", "all", DAY)
    recorder = Recorder(Watch(), lab.catalog.transfers, job, lambda: DAY, lambda: asked.append(True))
    recorder.beat()
    lab.catalog.jobs.ask_to_stop(job)
    before = list(asked)
    recorder.beat()

    assert ([], [True]) == (before, asked)


@dataclass
class BusyOnce:
    """
    A catalog to which somebody else is writing, the first time.
    """

    lab: Region
    is_busy: bool = True

    def note(self, job: int, detail: str, changed: Sequence[Transfer]) -> bool:
        if self.is_busy:
            self.is_busy = False
            raise Busy("somebody else is writing")
        return self.lab.catalog.transfers.note(job, detail, changed)


def test_a_catalog_that_cannot_be_written_delays_only_the_note(
    lab: Region, caplog: pytest.LogCaptureFixture
) -> None:
    """
    What could not be noted is noted at the next beat; a warning says so.
    """
    job = lab.catalog.jobs.start("sync", "all", DAY)
    plan = lab.plan()

    recorder = Recorder(Watch(), BusyOnce(lab), job, lambda: DAY, lambda: None)
    recorder.expect(plan)
    recorder.begun(plan.files[0])
    recorder.beat()
    recorder.beat()

    assert (1, True) == (len(lab.catalog.transfers.of(job)), "could not be noted" in caplog.text)


def test_nobody_is_asked_to_stop_where_nothing_runs(lab: Region) -> None:
    """
    Without a running sync there is nothing to wait for.
    """
    lab.sync()

    assert stop(lab.catalog, sleep=lambda _: None, patience=1) is None


def test_a_sync_whose_process_died_is_lost(lab: Region) -> None:
    """
    A job that is noted as running, and that nobody runs, is told to be lost, and not waited for.
    """
    lab.catalog.jobs.start("sync", "all", DAY)

    assert ("lost", None) == (
        seen(lab).job.outcome,
        stop(lab.catalog, sleep=lambda _: None, patience=1),
    )


def waiting(lab: Region) -> int:
    return lab.catalog.jobs.enqueue("sync", "all", {}, actor="ada", resource="sync", at=DAY)


def test_a_sync_that_waits_for_a_server_hides_no_other(lab: Region) -> None:
    """
    How the last one ended is told until the next one begins; then that.
    """
    lab.sync()
    first = waiting(lab)
    before = seen(lab).job.outcome
    lab.catalog.jobs.claim("a server", DAY, clock.now() + timedelta(hours=1))

    assert ("done", (first, "running")) == (before, (seen(lab).job.id, seen(lab).job.outcome))


def test_a_sync_that_waits_is_stopped_at_once(lab: Region) -> None:
    """
    Nobody runs it, so there is nothing to wait for.
    """
    waiting(lab)
    ended = stop(lab.catalog, sleep=lambda _: None, patience=1)

    assert "stopped" == (ended and ended.outcome)


def test_a_sync_of_a_dead_server_is_lost_until_another_takes_it_up(lab: Region) -> None:
    """
    Unless it is stopped meanwhile: then nobody does.
    """
    number = waiting(lab)
    lab.catalog.jobs.claim("a dead server", DAY, DAY)
    told = seen(lab).job.outcome
    stop(lab.catalog, sleep=lambda _: None, patience=1)
    lab.catalog.jobs.take_up(DAY, "")

    assert ("lost", "stopped") == (told, lab.catalog.jobs.get(number).outcome)


def test_a_sync_that_does_not_stop_is_told_to_be_busy(lab: Region) -> None:
    """
    Patience has an end; the message says what goes on.
    """
    naps: list[float] = []
    with lab.catalog.database.exclusive("sync", "somebody"):
        lab.catalog.jobs.start("sync", "all", DAY)

        with pytest.raises(Busy, match=r"has not after 3 seconds.*tundish sync status"):
            stop(lab.catalog, sleep=naps.append, patience=3)

    assert [0.5] * 6 == naps


def test_a_stopped_sync_says_so(lab: Region) -> None:
    """
    A sync that a person stopped is no failure, in the job and in the events.
    """
    lab.stop.set()
    with pytest.raises(Stopped):
        lab.sync()

    assert ("stopped", "sync-stopped") == (seen(lab).job.outcome, lab.catalog.events.list()[0].kind)


def test_a_sync_remembers_how_its_sources_are(lab: Region, stream: StreamSimulator) -> None:
    """
    A source that cannot be read is noted with its reason, and no more once it can be read again.
    """
    stream.failures[stream.index_path] = [Unreachable("no route")] * 3
    with pytest.raises(Unreachable):
        lab.sync()
    failing = condition(lab.catalog.choices, SOURCE)
    lab.now += timedelta(hours=1)
    lab.sync()

    assert ((DAY, "no route"), None) == (
        (failing.failing_since, failing.error),
        condition(lab.catalog.choices, SOURCE).failing_since,
    )


def test_a_sync_in_another_process_is_seen_and_stopped(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    `sync stop` ends a sync that another process runs, cleanly; the next one goes on and finishes.
    """
    state, path = tmp_path / "state", largest(stream)
    with HostileServer(stream.files) as server:
        begun = threading.Event()

        def slowly(exchange: Exchange) -> None:
            begun.set()
            exchange.head(200, {"Content-Length": str(len(stream.files[path]))})
            for sign in stream.files[path]:
                if exchange.closing.wait(0.01):
                    return
                exchange.body(bytes([sign]))

        server.behave(path, slowly)
        keyring = tmp_path / "lab.gpg"
        keyring.write_bytes(stream.keyring)
        run(state, "source", "add", "lab", server.url, "--keyring", str(keyring))
        run(state, "select", "add", "ubuntu/noble")
        with tundish(state, "sync", "--json") as syncing:
            assert begun.wait(30)
            running = run(state, "sync", "status", "--json")
            stopped = run(state, "sync", "stop", "--json")
            ended = syncing.ended()
        server.behave(path)
        again = run(state, "sync", "--json")

    assert ('"running": true', 0, '"outcome": "stopped"', 130, 0) == (
        next(line.strip(" ,") for line in running.out.splitlines() if "running" in line),
        stopped.code,
        next(line.strip(" ,") for line in stopped.out.splitlines() if "outcome" in line),
        ended.code,
        again.code,
    )


def test_status_answers_a_server_that_fails(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    After a failed sync the status says how it ended and why.
    """
    state = tmp_path / "state"
    with HostileServer(stream.files) as server:
        server.behave(stream.index_path, status(404))
        keyring = tmp_path / "lab.gpg"
        keyring.write_bytes(stream.keyring)
        run(state, "source", "add", "lab", server.url, "--keyring", str(keyring), "--no-check")
        run(state, "select", "add", "ubuntu/noble", "--force")
        run(state, "sync")
    told = run(state, "notice", "list")

    assert (0, True, True) == (told.code, "source-failed" in told.out, "404" in told.out)
