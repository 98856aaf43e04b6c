"""
`kill -9` of a server in the middle of each kind of job: the next one takes it up, and ends it as an
undisturbed one would have.

A server is killed by itself, at the n-th call that is made anywhere in it since the verb began. `CRASHES`
sets how many for each kind; more of them run under the marker `kills`.
"""

import base64
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType

import pytest

from tests.support.hostile_server import HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.kills import MANY, Record, note, spread
from tests.support.processes import SECONDS, environment
from tests.support.region import DAY, region
from tests.support.stream_simulator import StreamSimulator
from tundish.app.deeds import jobs
from tundish.app.opened import App, open_app
from tundish.app.running import LEASE, Runner
from tundish.core import clock
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.people import EVERYTHING, Actor
from tundish.fetch.http import HttpFetcher
from tundish.settings import load
from tundish.store.audit import verify

CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "1"))
ADA = Actor("ada", EVERYTHING, "api")
IMAGE = "ubuntu/noble/amd64/ga-24.04"
OLD = timedelta(days=10)
MORE = MANY // 11 + 1  # of each kind
KINDS = (
    "sync",
    "gc",
    "verify",
    "repair",
    "publish",
    "promote",
    "rollback",
    "mirror",
    "bundle-export",
    "bundle-import",
    "check",
)

# A runner as `tundish serve` has it. It kills its own process, with SIGKILL, at the given call since the verb
# began.
SERVER = """
import os, signal, sys, threading
fatal, state, made, begun = int(sys.argv[1]), sys.argv[2], 0, False

def called(frame, event, argument):
    global made, begun
    begun = begun or (frame.f_code.co_name == "_run" and frame.f_code.co_filename.endswith("app/running.py"))
    if begun and event != "return" and event != "c_return":
        made += 1
        if made == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

from pathlib import Path
from tundish.app.opened import open_app
from tundish.app.running import Runner
from tundish.core import clock
from tundish.settings import load
threading.setprofile(called)
sys.setprofile(called)
with open_app(load({}, state=Path(state))) as app:
    runner = Runner(app, now=clock.now)
    runner.look()
    runner.wait(60)
    runner.look()
"""


@dataclass
class World:
    """
    A state for each kind of job, with the job in its queue, and what an undisturbed server makes of it.
    """

    folder: Path
    server: HostileServer
    stream: StreamSimulator
    calls: dict[str, int] = field(default_factory=dict)

    def state(self, kind: str) -> Path:
        """
        The state before the job, made when it is first asked for.
        """
        state = self.folder / kind
        if not state.exists():
            arguments = getattr(self, "_" + kind.replace("-", "_"))(state)
            with opened(state) as app:
                jobs.begin(app, ADA, kind, arguments)
            shutil.copytree(state, self.undisturbed(kind))
            self.calls[kind] = counted(self.undisturbed(kind))
        return state

    def undisturbed(self, kind: str) -> Path:
        return self.folder / f"{kind}.undisturbed"

    def _sync(self, state: Path) -> Mapping[str, Json]:
        with HttpFetcher() as fetcher, region(state, fetcher) as lab:
            lab.add(self.stream)
            lab.select()
        return {}

    def stocked(self, state: Path) -> Path:
        """
        A state that has synced both images.
        """
        whole = self.folder / "stocked"
        if not whole.exists():
            self._sync(whole)
            with opened(whole) as app:
                done(app, "sync", {})
        return Path(shutil.copytree(whole, state))

    def _gc(self, state: Path) -> Mapping[str, Json]:
        with opened(self.stocked(state)) as app:
            held = app.catalog.images.find(IMAGE)
            app.catalog.images.move([held.id], State.RETIRED, clock.now() - OLD)
        for blob in (state / "store/blobs").rglob("*"):
            os.utime(blob, (0, 0))
        return {}

    def _verify(self, state: Path) -> Mapping[str, Json]:
        blob = self._blob(self.stocked(state))
        blob.chmod(0o600)
        blob.write_bytes(bytes(blob.stat().st_size))
        return {}

    def _repair(self, state: Path) -> Mapping[str, Json]:
        self._blob(self.stocked(state)).unlink()
        return {}

    def _blob(self, state: Path) -> Path:
        with opened(state) as app:
            name = app.catalog.images.find(IMAGE).version.items[0].digest.hex
        return state / "store/blobs" / name[:2] / name

    def _publish(self, state: Path) -> Mapping[str, Json]:
        self.stocked(state)
        return {"channel": "stable"}

    def _promote(self, state: Path) -> Mapping[str, Json]:
        with opened(self.stocked(state)) as app:
            done(app, "publish", {"channel": "stable", "images": [IMAGE]})
            done(app, "publish", {"channel": "candidate"})
        return {"source": "candidate", "channel": "stable"}

    def _rollback(self, state: Path) -> Mapping[str, Json]:
        with opened(self.stocked(state)) as app:
            for images in ([IMAGE], ["ubuntu/jammy/amd64/ga-22.04"], [IMAGE, "ubuntu/jammy/amd64/ga-22.04"]):
                done(app, "publish", {"channel": "stable", "images": [*images]})
        return {"channel": "stable"}

    def _mirror(self, state: Path) -> Mapping[str, Json]:
        self._sync(state)
        return {"name": "lab", "url": self.stream.url, "keyring": text(self.stream.keyring)}

    def _bundle_export(self, state: Path) -> Mapping[str, Json]:
        self.stocked(state)
        return {"file": "1.bundle"}

    def _bundle_import(self, state: Path) -> Mapping[str, Json]:
        giver = self.stocked(self.folder / "giver")
        with opened(giver) as app:
            done(app, "bundle-export", {"file": "1.bundle"})
            keyring = app.public_keyring.read_bytes()
        with opened(state):
            shutil.copytree(giver / "bundles", state / "bundles")
        return {"file": "1.bundle", "keyring": text(keyring), "name": "hq"}

    def _check(self, state: Path) -> Mapping[str, Json]:
        self.stocked(state)
        return {"image": IMAGE}


def text(keyring: bytes) -> str:
    return base64.b64encode(keyring).decode()


@contextmanager
def opened(state: Path) -> Iterator[App]:
    with open_app(load({}, state=state)) as app:
        yield app


def done(app: App, kind: str, arguments: Mapping[str, Json], *, later: timedelta = timedelta()) -> str:
    """
    Let a server in this process do a job, or what waits already where it does the same.
    """
    number = jobs.begin(app, ADA, kind, arguments).id
    served(app, later)
    return app.catalog.jobs.get(number).outcome


def served(app: App, later: timedelta = timedelta()) -> None:
    runner = Runner(app, now=lambda: clock.now() + later)
    runner.look()
    assert runner.wait(SECONDS)
    runner.look()


def process(state: Path, fatal: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", SERVER, str(fatal), str(state)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def counted(state: Path) -> int:
    """
    Let a server in this process do the job, and count the calls of its threads.
    """
    calls = itertools.count()

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        if event not in {"return", "c_return"}:
            next(calls)

    threading.setprofile(called)
    try:
        with opened(state) as app:
            served(app)
    finally:
        threading.setprofile(None)
    return next(calls)


def results(state: Path) -> tuple[object, ...]:
    """
    All that a job leaves behind: how it ended, images, checks, blobs, channels, bundles and mirrors.
    """
    with opened(state) as app:
        job = app.catalog.jobs.list(1)[0]
        images = app.catalog.images.list()
        checks = [checked.verdict for each in images if (checked := app.catalog.checks.get(each.id))]
        return (
            job.outcome if job.kind != "verify" else "",  # once it is written down, nothing is wrong any more
            {each.ref: (each.state, each.source) for each in images},
            checks,
            {blob.digest for blob in app.store.walk()},
            verify(app.store).is_sound,
            {each.name: each.release for each in app.catalog.channels.list()},
            [
                move.verb
                for each in app.catalog.channels.list()
                for move in app.catalog.channels.moves(each.name)
            ],
            files(state / "channels") | files(state / "bundles") | files(state / "mirrors"),
        )


def files(folder: Path) -> set[str]:
    """
    What anybody could read there; what a verb notes for itself is its own matter.
    """
    found = {path.relative_to(folder.parent) for path in folder.rglob("*") if path.is_file()}
    names = {str(path) for path in found if not any(part.startswith(".") for part in path.parts)}
    return {re.sub("[0-9a-f]{64}", "DIGEST", name) for name in names}  # documents name the moment


def is_consistent(state: Path) -> bool:
    """
    Whether all visible blobs are whole, and all blobs of complete images visible; whatever is being verified
    or repaired is not.
    """
    with opened(state) as app:
        needed = app.catalog.images.digests([State.COMPLETE])
        return verify(app.store).is_sound and needed <= {blob.digest for blob in app.store.walk()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY)
    with HostileServer(stream.files) as server:
        stream.url = server.url
        yield World(tmp_path_factory.mktemp("world"), server, stream)


def crashed(world: World, kind: str, spot: tuple[int, int], tmp_path: Path, record: Record) -> None:
    """
    `spot` is a seed, and how many there are of them.
    """
    before = world.state(kind)
    state = Path(shutil.copytree(before, tmp_path / "state"))
    point = spread(world.calls[kind], *spot)
    note(record, f"job {kind}", spot[0], point, world.calls[kind])
    ended = process(state, point)
    assert ended.returncode in {-signal.SIGKILL, 0}, ended.stderr
    if kind not in {"verify", "repair"}:
        assert is_consistent(state)
    with opened(state) as app:
        served(app, 2 * LEASE)
    assert results(world.undisturbed(kind)) == results(state)


@pytest.mark.parametrize("seed", range(CRASHES))
@pytest.mark.parametrize("kind", KINDS)
def test_a_job_of_a_killed_server_is_ended_by_the_next(
    world: World, kind: str, seed: int, tmp_path: Path, record_property: Record
) -> None:
    """
    Whatever the server was doing, the next one leaves what an undisturbed one leaves, and nothing else.
    """
    crashed(world, kind, (seed, CRASHES), tmp_path, record_property)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(100, 100 + MORE))
@pytest.mark.parametrize("kind", KINDS)
def test_at_whatever_moment(
    world: World, kind: str, seed: int, tmp_path: Path, record_property: Record
) -> None:
    """
    The same at many more moments, evenly spread.
    """
    crashed(world, kind, (seed, MORE), tmp_path, record_property)
