"""
`kill -9` in the middle of `tundish bundle import`, at any call, and what the next run makes of it.

`TUNDISH_TEST_CRASHES` sets how many; more of them run under the marker `kills`.
"""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.airgap import Side, side
from tests.support.full_disk import MANY as WRITES
from tests.support.full_disk import Disk
from tests.support.keys import key
from tests.support.kills import MANY, Record, note, spread
from tundish.catalog.bundles import Passed
from tundish.core.names import SourceName
from tundish.store.audit import verify

CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "3"))
FULL = {0, 11}  # all that was to be written was written, or there was no space
BEGINS = ("take_in", "bundle/taking.py")


@dataclass(frozen=True)
class World:
    """
    A state that has taken in yesterday's bundle, today's bundle, and what an import without trouble makes
    of both.
    """

    state: Path
    bundle: Path
    keyring: Path
    undisturbed: Path
    calls: int = 0
    writes: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        return ("bundle", "import", str(self.bundle), "--keyring", str(self.keyring))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    keyring, bundle = folder / "hq.gpg", folder / "2.bundle"
    keyring.write_bytes(key().keyring)
    with side(folder / "origin") as origin, side(folder / "state") as region:
        origin.hold("bookworm", "1")
        origin.hold("trixie", "1")
        first = origin.export()
        region.take_in(first)
        origin.hold("bookworm", "2", sizes=(1_500_000, 70_000, 0))
        origin.hold("trixie", "2")
        origin.catalog.images.remove(origin.catalog.images.find("debian/bookworm/amd64/generic@1").id)
        bundle.write_bytes(origin.export(origin.since(first)))
    shutil.copytree(folder / "state", folder / "undisturbed")
    made = World(folder / "state", bundle, keyring, folder / "undisturbed")
    done = processes.run(made.undisturbed, *made.words, dying=0, begins=BEGINS)
    assert 0 == done.code, done.said
    calls = int(done.out.rpartition("calls: ")[2])
    counted = Path(shutil.copytree(folder / "state", folder / "counted"))
    writes = Disk(folder).writes(counted, *made.words, begins=BEGINS)
    return replace(made, calls=calls, writes=writes)


def results(held: Side, state: Path) -> tuple[object, ...]:
    """
    All that an import leaves behind: images, the last bundle, events, blobs, and every file of the store.
    """
    files = {str(path.relative_to(state)) for path in (state / "store").rglob("*") if path.is_file()}
    last = held.catalog.bundles.last(SourceName("hq"))
    events = [(each.kind, each.subject, each.text) for each in held.catalog.events.list()]
    return held.states(), serial_of(last), events, held.blobs(), verify(held.store).is_sound, files


def serial_of(last: Passed | None) -> int:
    return last.serial if last else 0


def killed(world: World, state: Path, point: int) -> None:
    shutil.copytree(world.state, state)
    with side(world.state) as untouched:
        before = untouched.states()
    ended = processes.run(state, *world.words, dying=point, begins=BEGINS)
    with side(state) as region:
        shown, sound = region.states(), verify(region.store).is_sound
        all_or_nothing = (shown == before) == (serial_of(region.catalog.bundles.last(SourceName("hq"))) == 1)
    again = processes.run(state, *world.words)

    with side(state) as region, side(world.undisturbed) as undisturbed:
        assert (-9, True, True, 0, results(undisturbed, world.undisturbed)) == (
            ended.code,
            sound,
            all_or_nothing,
            again.code,
            once(results(region, state)),
        ), again.said


def once(found: tuple[object, ...]) -> tuple[object, ...]:
    """
    The results with what two runs said of one bundle said once, as the first did: a run that was killed when
    all was done says it again, with nothing left to retire.
    """
    states, serial, events, *rest = found
    assert isinstance(events, list)
    older = [*events[1:], None]  # the newest comes first
    said = [each for each, before in zip(events, older, strict=True) if _about(each) != _about(before)]
    return states, serial, said, *rest


def _about(event: tuple[str, str, str] | None) -> tuple[str, str, str] | None:
    return event and (event[0], event[1], event[2].partition(":")[0])


@pytest.mark.parametrize("seed", range(CRASHES))
def test_killed_at_any_call_the_next_import_goes_on(
    world: World, tmp_path: Path, seed: int, record_property: Record
) -> None:
    """
    Nothing half-taken is visible, and the end is as if nothing had happened.
    """
    point = spread(int(world.calls * 0.98), seed, CRASHES)
    note(record_property, "kills of bundle import", seed, point, world.calls)

    killed(world, tmp_path / "state", point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY))
def test_killed_at_many_calls(world: World, tmp_path: Path, seed: int, record_property: Record) -> None:
    """
    The same at many more calls.
    """
    point = spread(int(world.calls * 0.98), seed, MANY)
    note(record_property, "kills of bundle import", seed, point, world.calls)

    killed(world, tmp_path / "state", point)


def filled(world: World, disk: Disk, point: int) -> None:
    state = disk.copy(world.state)
    ended = disk.run(state, *world.words, full_at=point, begins=BEGINS)
    disk.make_room()
    with side(state) as region:
        sound = verify(region.store).is_sound
    again = processes.run(state, *world.words) if ended.code else ended

    with side(state) as region, side(world.undisturbed) as undisturbed:
        assert (True, False, True, 0, results(undisturbed, world.undisturbed)) == (
            ended.code in FULL,
            "Traceback" in ended.said,
            sound,
            again.code,
            once(results(region, state)),
        ), ended.said + again.said


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_disk_full_at_any_write_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    It ends with a sentence, what is visible is whole, and with room again the end is the same.
    """
    point = spread(world.writes, seed, CRASHES)
    note(record_property, "full disks in bundle import", seed, point, world.writes)

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
    note(record_property, "full disks in bundle import", seed, point, world.writes)

    filled(world, disk, point)


def test_killed_again_and_again_it_comes_to_its_end(world: World, tmp_path: Path) -> None:
    """
    What came stays: each of three killed runs goes on where the one before had come.
    """
    state = tmp_path / "state"
    shutil.copytree(world.state, state)
    for part in (0.3, 0.5, 0.7):
        processes.run(state, *world.words, dying=int(world.calls * part), begins=BEGINS)
    again = processes.run(state, *world.words)

    with side(state) as region, side(world.undisturbed) as undisturbed:
        assert (0, results(undisturbed, world.undisturbed)) == (again.code, once(results(region, state)))
