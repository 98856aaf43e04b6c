"""
An upload whose process is killed, or whose disk becomes full, at any moment: the same words go on, and end as
if nothing had happened. `CRASHES` sets how many moments; more of them run under the marker `kills`.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.full_disk import MANY as WRITES
from tests.support.full_disk import Disk, small_disk
from tests.support.kills import MANY, Record, note, spread
from tests.support.roots import root_tgz
from tundish.app.opened import App, open_app
from tundish.core.lifecycle import State
from tundish.settings import load
from tundish.store.audit import verify

CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "2"))
BEGINS = ("begin", "deeds/uploads.py")
FULL = {0, 11}  # the disk was full behind the last write that needed room, or the command says so
SIZE = 3_000_000  # bytes


@dataclass(frozen=True)
class World:
    """
    An empty state, the words that bring an image, and how many calls and writes these make undisturbed.
    """

    state: Path
    words: tuple[str, ...]
    calls: int
    writes: int
    results: tuple[object, ...]


@contextmanager
def opened(state: Path) -> Iterator[App]:
    with open_app(load({}, state=state)) as app:
        yield app


def results(state: Path) -> tuple[object, ...]:
    """
    All that is there in the end: versions, verdicts, blobs; and that nothing is left on its way.
    """
    with opened(state) as app:
        images = app.catalog.images.list()
        return (
            [(each.ref, each.state) for each in images],
            [checked.verdict for each in images if (checked := app.catalog.checks.get(each.id))],
            {blob.digest for blob in app.store.walk()},
            list(app.store.unfinished()),
            {str(each.state) for each in app.catalog.uploads.list()},
            verify(app.store).is_sound,
        )


def half_visible(state: Path) -> list[str]:
    """
    Images that are offered without all of their bytes, and blobs that are not what their name says.
    """
    with opened(state) as app:
        there = {blob.digest for blob in app.store.walk()}
        needed = app.catalog.images.digests([State.COMPLETE])
        return [*map(str, needed - there), *map(str, verify(app.store).damaged)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    image = folder / "root.tgz"
    image.write_bytes(root_tgz(SIZE))
    words = ("image", "upload", str(image), "--name", "custom/lab", "--base-image", "ubuntu/noble")
    states = [folder / name for name in ("state", "undisturbed", "written")]
    for state in states:
        with opened(state):
            pass
    ended = processes.run(states[1], *words, dying=0, begins=BEGINS)
    assert ended.code == 0, ended.said
    writes = 0
    with small_disk(folder / "disk") as disk:
        if disk is not None:
            writes = disk.writes(disk.copy(states[2]), *words, begins=BEGINS)
    calls = int(ended.out.rpartition("calls: ")[2])
    return World(states[0], words, calls, writes, results(states[1]))


def fresh(folder: Path) -> Path:
    with opened(folder / "state"):
        return folder / "state"


def killed(world: World, state: Path, point: int) -> None:
    ended = processes.run(state, *world.words, dying=point, begins=BEGINS)
    visible = half_visible(state)
    again = processes.run(state, *world.words)

    assert (-signal.SIGKILL, [], 0, world.results) == (
        ended.code,
        visible,
        again.code,
        results(state),
    ), ended.said + again.said


def filled(world: World, disk: Disk, point: int) -> None:
    state = disk.copy(world.state)
    ended = disk.run(state, *world.words, full_at=point, begins=BEGINS)
    disk.make_room()
    visible = half_visible(state)
    again = processes.run(state, *world.words) if ended.code else ended

    assert (True, False, [], 0, world.results) == (
        ended.code in FULL,
        "Traceback" in ended.said,
        visible,
        again.code,
        results(state),
    ), ended.said + again.said


@pytest.mark.parametrize("seed", range(CRASHES))
def test_killed_at_any_call(world: World, tmp_path: Path, seed: int, record_property: Record) -> None:
    """
    Nothing half-taken is visible, and the same words end as if nothing had happened.
    """
    point = spread(int(world.calls * 0.98), seed, CRASHES)
    note(record_property, "kills of image upload", seed, point, world.calls)

    killed(world, fresh(tmp_path), point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY))
def test_killed_at_many_calls(world: World, tmp_path: Path, seed: int, record_property: Record) -> None:
    """
    The same at many more calls.
    """
    point = spread(int(world.calls * 0.98), seed, MANY)
    note(record_property, "kills of image upload", seed, point, world.calls)

    killed(world, fresh(tmp_path), point)


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_disk_full_at_any_write_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    It ends with a sentence, what is visible is whole, and with room again the same words end it.
    """
    point = spread(world.writes, seed, CRASHES)
    note(record_property, "full disks in image upload", seed, point, world.writes)

    filled(world, disk, point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + WRITES))
def test_a_disk_full_at_many_writes(world: World, disk: Disk, seed: int, record_property: Record) -> None:
    """
    The same at many more writes.
    """
    point = spread(world.writes, seed, WRITES)
    note(record_property, "full disks in image upload", seed, point, world.writes)

    filled(world, disk, point)
