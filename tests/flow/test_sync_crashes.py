"""
`kill -9`, Ctrl-C and two at once: real processes of `tundish sync`, and what the next one makes of it.

A process is killed either by the server, when it has sent so many bytes, or by itself, at the n-th call
that is made anywhere in it, be it of the catalog, the store, a thread or a library. `CRASHES` sets how
many of each; more of them run under the marker `kills`.
"""

import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.full_disk import MANY as WRITES
from tests.support.full_disk import Disk
from tests.support.hostile_server import Behaviour, Exchange, HostileServer, good
from tests.support.keys import MADE_AT, key
from tests.support.kills import MANY, Record, note, spread
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator, content
from tundish.core.clock import monotonic
from tundish.core.lifecycle import State
from tundish.fetch.http import HttpFetcher
from tundish.store.audit import verify

CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "6"))
HALF = MANY // 2  # while files come, and at any call
FULL = {0, 11}  # all that was to be written was written, or there was no space
PIECE = 2_000  # bytes
PARALLEL = 3
NEW = "20260102"


def made() -> StreamSimulator:
    """
    A signed stream of two images that share a file; one of them has a version before.
    """
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.publish(DAY)
    return stream


def renewed(stream: StreamSimulator) -> None:
    stream.add(version=NEW, items={"boot-kernel": b"k" * 5_000, "squashfs": content("new", 40_000)})
    stream.add(series="jammy", kernel="ga-22.04", items={"squashfs": content("jammy", 20_000)})
    stream.publish(DAY + timedelta(days=1))


@dataclass(frozen=True)
class World:
    """
    A state that has synced yesterday's stream, today's server, and what a sync without trouble makes of both.
    """

    state: Path
    undisturbed: Path
    server: HostileServer
    files: frozenset[str]  # paths of today's new files
    calls: int
    writes: int

    @property
    def total(self) -> int:
        """
        Bytes of all new files.
        """
        return sum(len(self.server.files[path]) for path in self.files)


@dataclass
class Meter:
    """
    Serves files piece by piece, each as soon as the one before is on the disk of the client.

    It counts the bytes that go out, and acts once, when there are `at` of them.
    """

    state: Path
    at: int = -1
    act: Callable[[], None] = lambda: None
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)  # the client is gone
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, exchange: Exchange) -> None:
        body, start = exchange.content or b"", exchange.wanted()
        facts = {"ETag": exchange.etag, "Content-Length": str(len(body) - start)}
        if start:
            facts["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        exchange.head(206 if start else 200, facts)
        exchange.close_connection = True
        for place in range(start, len(body), PIECE):
            self.wait_for(body, place, exchange)
            if self.over.is_set():
                return
            self.send(body[place : place + PIECE], exchange)

    def send(self, piece: bytes, exchange: Exchange) -> None:
        exchange.body(piece)
        with self.lock:
            before, self.sent = self.sent, self.sent + len(piece)
            if before < self.at <= self.sent:
                self.act()

    def wait_for(self, body: bytes, length: int, exchange: Exchange) -> None:
        """
        Until the first `length` bytes of a file are on the client's disk.
        """
        name = hashlib.sha256(body).hexdigest()
        part, whole = self.state / f"store/ingest/{name}.part", self.state / f"store/blobs/{name[:2]}/{name}"
        while not (self.over.is_set() or exchange.closing.is_set()):
            if max(map(size_of, (part, whole))) >= length:
                return
            exchange.closing.wait(0.001)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, stream = tmp_path_factory.mktemp("world"), made()
    with HostileServer(stream.files) as server:
        stream.url = server.url
        with opened(folder / "state") as lab:
            lab.add(stream)
            lab.select()
            lab.sync()
        before = set(stream.files)
        renewed(stream)
        server.files |= stream.files
        shutil.copytree(folder / "state", folder / "undisturbed")
        done = processes.run(folder / "undisturbed", "sync", dying=0)
        assert 0 == done.code, done.said
        calls = int(done.out.rpartition("calls: ")[2])
        shutil.copytree(folder / "state", folder / "counted")
        writes = Disk(folder).writes(folder / "counted", "sync", begins=processes.SYNC)
        new = frozenset(set(stream.files) - before)
        yield World(folder / "state", folder / "undisturbed", server, new, calls, writes)


@contextmanager
def opened(state: Path) -> Iterator[Region]:
    with HttpFetcher() as fetcher, region(state, fetcher) as lab:
        lab.parallel = PARALLEL
        yield lab


@pytest.fixture
def state(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.state, tmp_path / "state"))


def behave(world: World, behaviour: Behaviour) -> None:
    """
    How all new files are served from now on.
    """
    for path in world.files:
        world.server.behave(path, behaviour)


def results(state: Path) -> tuple[object, ...]:
    """
    All that a sync leaves behind: images, blobs with their bytes, and every file of the store's folder.
    """
    with opened(state) as lab:
        files = {str(path.relative_to(state)) for path in (state / "store").rglob("*") if path.is_file()}
        return (lab.states(), lab.blobs(), verify(lab.store).is_sound, files)


def is_consistent(state: Path) -> bool:
    """
    Whether all visible blobs are whole, and all blobs of complete images visible.
    """
    with opened(state) as lab:
        needed = {digest.hex for digest in lab.catalog.images.digests([State.COMPLETE])}
        return verify(lab.store).is_sound and needed <= lab.blobs()


def finish(world: World, state: Path) -> int:
    """
    Sync again, to the end. Returns the bytes that were sent for it.
    """
    again = Meter(state)
    behave(world, again.serve)
    with opened(state) as lab:
        lab.sync()
    return again.sent


def killed_by_the_server(world: World, state: Path, point: int) -> None:
    meter = Meter(state, point)
    behave(world, meter.serve)
    with processes.tundish(state, "sync", "--parallel", str(PARALLEL)) as command:

        def kill() -> None:
            meter.over.set()
            command.kill()

        meter.act = kill
        ended = command.ended()
    sound = is_consistent(state)

    sent = meter.sent + finish(world, state)

    assert (-9, True, results(world.undisturbed), True) == (
        ended.code,
        sound,
        results(state),
        sent <= world.total + PARALLEL * PIECE,
    )


def killed_by_itself(world: World, state: Path, point: int) -> None:
    meter = Meter(state)
    behave(world, meter.serve)
    ended = processes.run(state, "sync", "--parallel", str(PARALLEL), dying=point)
    meter.over.set()
    sound = is_consistent(state)

    sent = meter.sent + finish(world, state)

    assert (-9, True, results(world.undisturbed), True) == (
        ended.code,
        sound,
        results(state),
        sent <= world.total + PARALLEL * PIECE,
    )


@pytest.mark.parametrize("seed", range(CRASHES))
def test_killed_while_files_come_the_next_run_goes_on(
    world: World, state: Path, seed: int, record_property: Record
) -> None:
    """
    Nothing half-written is visible, the end is as if nothing had happened, and only what was in flight, one
    piece for each connection, is sent twice.
    """
    point = spread(world.total - 1, seed, CRASHES)
    note(record_property, "kills of sync", seed, point, world.total)

    killed_by_the_server(world, state, point)


@pytest.mark.parametrize("seed", range(100, 100 + CRASHES))
def test_killed_at_any_call_the_next_run_goes_on(
    world: World, state: Path, seed: int, record_property: Record
) -> None:
    """
    In the middle of a transaction, a rename or a hand-over between threads: the same holds.
    """
    point = spread(int(world.calls * 0.98), seed - 100, CRASHES)
    note(record_property, "kills of sync", seed, point, world.calls)

    killed_by_itself(world, state, point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + HALF))
def test_killed_at_many_points_of_the_transfer(
    world: World, state: Path, seed: int, record_property: Record
) -> None:
    """
    The same at many more points while files come.
    """
    point = spread(world.total - 1, seed, HALF)
    note(record_property, "kills of sync", seed, point, world.total)

    killed_by_the_server(world, state, point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000 + HALF, 1000 + MANY))
def test_killed_at_many_calls(world: World, state: Path, seed: int, record_property: Record) -> None:
    """
    The same at many more calls.
    """
    point = spread(int(world.calls * 0.98), seed, HALF)
    note(record_property, "kills of sync", seed, point, world.calls)

    killed_by_itself(world, state, point)


def filled(world: World, disk: Disk, point: int) -> None:
    behave(world, good)
    state = disk.copy(world.state)
    ended = disk.run(state, "sync", full_at=point, begins=processes.SYNC)
    disk.make_room()
    sound = is_consistent(state)

    finish(world, state)

    assert (True, False, True, results(world.undisturbed)) == (
        ended.code in FULL,
        "Traceback" in ended.said,
        sound,
        results(state),
    ), ended.said


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_disk_full_at_any_write_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    It ends with a sentence, nothing half-written is visible, and with room again the end is the same.
    """
    point = spread(world.writes, seed, CRASHES)
    note(record_property, "full disks in sync", seed, point, world.writes)

    filled(world, disk, point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + WRITES))
def test_a_disk_full_at_many_writes_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    The same at many more writes.
    """
    point = spread(world.writes, seed, WRITES)
    note(record_property, "full disks in sync", seed, point, world.writes)

    filled(world, disk, point)


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(world: World, state: Path) -> None:
    """
    Killed three times at ever later bytes, each run goes on where the one before had come.
    """
    sent = 0
    for _ in range(3):
        meter = Meter(state, world.total // 5)
        behave(world, meter.serve)
        with processes.tundish(state, "sync", "--parallel", str(PARALLEL)) as command:
            meter.act = command.kill
            command.ended()
        meter.over.set()
        sent += meter.sent

    sent += finish(world, state)

    assert (results(world.undisturbed), True) == (
        results(state),
        sent <= world.total + 3 * PARALLEL * PIECE,
    )


def test_the_job_of_a_killed_run_is_lost_and_said_so(world: World, state: Path) -> None:
    """
    The next run books the killed one as lost, and itself as done.
    """
    meter = Meter(state, PIECE)
    behave(world, meter.serve)
    with processes.tundish(state, "sync") as command:
        meter.act = command.kill
        command.ended()
    meter.over.set()

    finish(world, state)

    with opened(state) as lab:
        assert ["done", "lost", "done"] == [job.outcome for job in lab.catalog.jobs.list()]


# ---- a person stops it


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "sigterm"])
def test_a_stop_is_told_in_a_sentence_and_the_next_run_goes_on(
    world: World, state: Path, number: signal.Signals
) -> None:
    """
    Exit code 130, no traceback, nothing half-written visible; no byte that came is sent again.
    """
    meter = Meter(state, world.total // 3)
    behave(world, meter.serve)
    with processes.tundish(state, "sync", "--parallel", str(PARALLEL)) as command:
        meter.act = lambda: command.send(number)
        ended = command.ended()
    meter.over.set()
    sound = is_consistent(state)

    sent = meter.sent + finish(world, state)

    assert (130, True, False, True, results(world.undisturbed), True) == (
        ended.code,
        "what came is kept, run it again to go on" in ended.said,
        "Traceback" in ended.said,
        sound,
        results(state),
        sent <= world.total + PARALLEL * PIECE,
    )


def test_a_second_ctrl_c_ends_it_at_once(world: World, state: Path) -> None:
    """
    Nobody has to wait until a server that fell silent is given up.
    """
    reached, over = threading.Event(), threading.Event()

    def silent(exchange: Exchange) -> None:
        reached.set()
        exchange.wait()

    behave(world, silent)
    with processes.tundish(state, "sync") as command:
        assert reached.wait(processes.SECONDS)
        command.send(signal.SIGINT)
        while command.catches(signal.SIGINT):
            over.wait(0.01)
        began = monotonic()
        command.send(signal.SIGINT)
        ended = command.ended()

    assert (-signal.SIGINT, True) == (ended.code, monotonic() - began < 5)


def test_a_sigterm_that_comes_twice_is_one(world: World, state: Path) -> None:
    """
    `timeout` sends it to the process and to its group: it ends as cleanly as by one, and no byte comes twice.
    """
    meter = Meter(state, world.total // 3)
    behave(world, meter.serve)
    with processes.tundish(state, "sync", "--parallel", str(PARALLEL)) as command:

        def twice() -> None:
            command.send(signal.SIGTERM)
            command.send(signal.SIGTERM)

        meter.act = twice
        ended = command.ended()
    meter.over.set()
    sound = is_consistent(state)

    sent = meter.sent + finish(world, state)

    assert (130, True, results(world.undisturbed), True) == (
        ended.code,
        sound,
        results(state),
        sent <= world.total + PARALLEL * PIECE,
    )


def test_a_ctrl_c_after_it_ends_it_hard_and_leaves_nothing_half_visible(world: World, state: Path) -> None:
    """
    Where a server fell silent within a file, somebody may insist; the next run does the rest.
    """
    reached, over = threading.Event(), threading.Event()

    def half(exchange: Exchange) -> None:
        body = exchange.content or b""
        exchange.head(200, {"ETag": exchange.etag, "Content-Length": str(len(body))})
        exchange.body(body[: len(body) // 2])
        reached.set()
        exchange.wait()

    behave(world, half)
    with processes.tundish(state, "sync") as command:
        assert reached.wait(processes.SECONDS)
        command.send(signal.SIGTERM)
        while command.catches(signal.SIGINT):
            over.wait(0.001)
        command.send(signal.SIGINT)
        ended = command.ended()
    sound = is_consistent(state)

    finish(world, state)

    assert (-signal.SIGINT, True, results(world.undisturbed)) == (ended.code, sound, results(state))


# ---- two at once


def test_of_two_syncs_the_second_is_told_of_the_first(world: World, state: Path) -> None:
    """
    It ends with code 5 and names the process; when that one is killed, the next run does the work.
    """
    reached = threading.Event()

    def silent(exchange: Exchange) -> None:
        reached.set()
        exchange.wait()

    behave(world, silent)
    with processes.tundish(state, "sync") as first:
        assert reached.wait(processes.SECONDS)
        second = processes.run(state, "sync")
        first.kill()
        first.ended()

    finish(world, state)

    assert (5, True, results(world.undisturbed)) == (
        second.code,
        f"sync is taken by process {first.pid} on" in second.said,
        results(state),
    )


def test_a_plan_can_be_made_while_a_sync_runs(world: World, state: Path) -> None:
    """
    Looking takes no lock.
    """
    reached = threading.Event()

    def silent(exchange: Exchange) -> None:
        reached.set()
        exchange.wait()

    behave(world, silent)
    with processes.tundish(state, "sync") as first:
        assert reached.wait(processes.SECONDS)
        second = processes.run(state, "sync", "--plan")
        first.kill()
        first.ended()

    assert (0, True) == (second.code, "to fetch: 2 versions" in second.out)
