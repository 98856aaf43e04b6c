"""
Each kind of job is stopped on its way: nothing half-visible is left, and a retry ends as an undisturbed one.

A verb looks now and then whether it is to end. Here it is told so at a look that the test chooses.
"""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.flow.test_job_crashes import ADA, KINDS, World, is_consistent, opened, results, served
from tests.support.hostile_server import HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.processes import SECONDS
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.app.channels import every
from tundish.app.deeds import jobs
from tundish.app.opened import App
from tundish.app.orders import Order
from tundish.app.running import Runner
from tundish.app.task import Ended, Task
from tundish.app.works import carry_out
from tundish.core import clock
from tundish.core.errors import Stopped
from tundish.core.progress import UNWATCHED
from tundish.retain.run import LOOK, collect

BEFORE = {"verify", "repair"}  # the store is damaged until they have ended


class Late(threading.Event):
    """
    Set from the look of this number on.
    """

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.looks = at, 0

    def is_set(self) -> bool:
        self.looks += 1
        return self.looks >= self.at or super().is_set()


def stopped(app: App, at: int) -> int:
    """
    Do the job that waits, until its look of this number; the answer is how many there were.
    """
    late = Late(at)

    def carry(order: Order, opened_app: App, task: Task) -> Ended:
        task.stop, task.is_asked = late, True
        return carry_out(order, opened_app, task)

    runner = Runner(app, now=clock.now, carry=carry)
    runner.look()
    assert runner.wait(SECONDS)
    runner.look()
    return late.looks


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY)
    with HostileServer(stream.files) as server:
        stream.url = server.url
        yield World(tmp_path_factory.mktemp("world"), server, stream)


@pytest.mark.parametrize("where", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_a_job_is_stopped_and_goes_on(world: World, kind: str, where: float, tmp_path: Path) -> None:
    """
    At its first look, half on its way or near its end; a retry leaves what an undisturbed job leaves.
    """
    before = world.state(kind)
    with opened(Path(shutil.copytree(before, tmp_path / "counted"))) as app:
        looks = stopped(app, 1_000_000)
    state = Path(shutil.copytree(before, tmp_path / "state"))
    with opened(state) as app:
        stopped(app, 1 + int(where * looks))
        first = app.catalog.jobs.list(1)[0]
    sound = kind in BEFORE or is_consistent(state)

    with opened(state) as app:
        jobs.retry(app, ADA, first.id)
        served(app)

    assert ("stopped", True, results(world.undisturbed(kind))) == (first.outcome, sound, results(state))


def test_a_stop_of_a_collection_that_a_command_runs_is_heard(world: World, tmp_path: Path) -> None:
    """
    Whoever asks in the catalog for its end gets it, at the next blob.
    """
    state = Path(shutil.copytree(world.state("gc"), tmp_path / "state"))
    with opened(state) as app:
        waiting = app.catalog.jobs.list(1)[0]
        app.catalog.jobs.drop(waiting.id, "", clock.now())
        moments = (clock.now() + each * LOOK for each in range(1_000))
        broom = replace(app.broom(), now=lambda: next(moments), gauge=Asking(app))

        with pytest.raises(Stopped):
            collect(broom, grace=timedelta(0), dry_run=False)

        assert "stopped" == app.catalog.jobs.list(1)[0].outcome


class Asking:
    """
    A gauge that asks, as another process would, for the end of the newest job.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    def more(self, files: int, size: int) -> None:
        UNWATCHED.more(files, size)

    def moved(self, count: int) -> None:
        UNWATCHED.moved(count)

    def passed(self, _size: int) -> None:
        job = self._app.catalog.jobs.list(1)[0]
        if not job.stop:
            jobs.stop(self._app, ADA, job.id)


def test_upkeep_of_channels_hears_of_its_end(world: World, tmp_path: Path) -> None:
    """
    A stop is no trouble of one channel, after which the next one is begun.
    """
    state = Path(shutil.copytree(world.state("promote"), tmp_path / "state"))
    begun = []

    def work(_: object, name: str) -> None:
        begun.append(name)
        raise Stopped

    with opened(state) as app, pytest.raises(Stopped):
        every(app.catalog, app.keyed_office, work)

    assert ["candidate"] == begun
