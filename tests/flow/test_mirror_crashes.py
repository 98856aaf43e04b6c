"""
`kill -9` and a full disk, anywhere in an update of a mirror: readers miss nothing, and the next run ends
where an undisturbed one ends, with no file unaccounted for.

`TUNDISH_TEST_CRASHES` sets how many moments are tried; many of them under the marker `kills`.
"""

import errno
import os
import resource
import shutil
import signal
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.full_disk import MANY as WRITES
from tests.support.full_disk import Disk
from tests.support.keys import MADE_AT, key
from tests.support.kills import MANY, Record, note, spread
from tests.support.mirrors import listed_paths, tree
from tests.support.processes import Ended
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator, content
from tundish.mirrors.checking import check

CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "6"))
FULL = {0, 11}  # all that was to be written was written, or there was no space
BEGINS = ("mirror", "mirrors/run.py")


@dataclass(frozen=True, slots=True)
class World:
    """
    A mirror of yesterday's source, today's source, and what an update without trouble makes of both.
    """

    before: Path
    undisturbed: Path
    words: tuple[str, ...]
    calls: int = 0
    writes: int = 0

    def update(self, root: Path, *, dying: int | None = None) -> Ended:
        return processes.run(root.parent, *self.words, str(root), dying=dying, begins=BEGINS)


def source(root: Path) -> StreamSimulator:
    stream = StreamSimulator(key("upstream").signer(at=MADE_AT), url=str(root))
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    return stream


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    stream = source(folder / "up")
    stream.publish(DAY)
    stream.write_to(folder / "up")
    (folder / "keys.gpg").write_bytes(stream.keyring)
    trust = (f"--keyring={folder / 'keys.gpg'}", f"--sign={key('ours').secret}")
    words = ("mirror", *trust, "--max=1", "--prune", str(folder / "up"))
    processes.run(folder, *words, str(folder / "before"))
    stream.add(version="20260102", items={"squashfs": content("new", 40_000), "manifest": b"new"})
    stream.drop("com.example.maas.stable:v3:boot:jammy:amd64:ga-22.04")
    stream.publish(DAY + timedelta(days=1))
    stream.write_to(folder / "up")
    made = World(folder / "before", folder / "undisturbed", words)
    copied(made.before, made.undisturbed)
    calls = made.update(made.undisturbed, dying=0).out.rpartition("calls: ")[2]
    counted = copied(made.before, folder / "counted")
    writes = Disk(folder).writes(folder, *words, str(counted), begins=BEGINS)
    return replace(made, calls=int(calls), writes=writes)


def copied(root: Path, target: Path) -> Path:
    """
    A copy with the links between store and tree.
    """
    shutil.copytree(root, target, copy_function=os.link)
    for path in (target / ".tundish").glob("*.json"):
        data = path.read_bytes()  # files that are replaced, never written to; to be safe, our own
        path.unlink()
        path.write_bytes(data)
    return target


def state(root: Path) -> tuple[set[str], set[str], set[str], set[str]]:
    """
    What readers find, what the tree holds, what the store holds, and what is unaccounted for.
    """
    checked = check(root, quarantine=False, holder="a test")
    blobs = {path.name for path in (root / ".tundish/store/blobs").rglob("*") if path.is_file()}
    odd: set[str] = {*checked.missing, *checked.damaged, *checked.foreign}
    odd |= {path.name for each in ("work", "store/ingest") for path in (root / ".tundish" / each).iterdir()}
    items = {path for path in tree(root) if not path.startswith("streams/")}
    return set(listed_paths(root)), items, blobs, odd


def kill_and_go_on(world: World, root: Path, fatal: int) -> None:
    copied(world.before, root)

    killed = world.update(root, dying=fatal)
    dangling = {path for path in listed_paths(root) if not (root / path).is_file()}
    after = world.update(root)

    assert (-signal.SIGKILL, set(), 0, state(world.undisturbed)) == (
        killed.code,
        dangling,
        after.code,
        state(root),
    )


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_killed_update_is_as_if_it_had_not_been(
    world: World, tmp_path: Path, seed: int, record_property: Record
) -> None:
    """
    Killed at a random call, no reader misses a file, and the next run ends as an undisturbed one does.
    """
    point = spread(world.calls - 1, seed, CRASHES)
    note(record_property, "kills of mirror update", seed, point, world.calls)

    kill_and_go_on(world, tmp_path / "mirror", point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY))
def test_many_killed_updates_are_as_if_they_had_not_been(
    world: World, tmp_path: Path, seed: int, record_property: Record
) -> None:
    """
    The same at many more moments.
    """
    point = spread(world.calls - 1, seed, MANY)
    note(record_property, "kills of mirror update", seed, point, world.calls)

    kill_and_go_on(world, tmp_path / "mirror", point)


def filled(world: World, disk: Disk, point: int) -> None:
    root = disk.copy(world.before)
    full = disk.run(disk.folder, *world.words, str(root), full_at=point, begins=BEGINS)
    dangling = {path for path in listed_paths(root) if not (root / path).is_file()}
    disk.make_room()
    after = world.update(root)

    assert (True, False, set(), 0, state(world.undisturbed)) == (
        full.code in FULL,
        "Traceback" in full.said,
        dangling,
        after.code,
        state(root),
    ), full.said


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_disk_full_at_any_write_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    It ends with a sentence, no reader misses a file, and with room again the end is the same.
    """
    point = spread(world.writes, seed, CRASHES)
    note(record_property, "full disks in mirror update", seed, point, world.writes)

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
    note(record_property, "full disks in mirror update", seed, point, world.writes)

    filled(world, disk, point)


@pytest.mark.parametrize("limit", [2_000, 8_000, 20_000])
def test_a_full_disk_is_a_clean_stop(world: World, tmp_path: Path, limit: int) -> None:
    """
    When no file may grow further, the run ends with a word on what to do, and the next one completes it.
    """
    root = copied(world.before, tmp_path / "mirror")
    before = state(root)[:2]
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
    try:
        full = world.update(root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, handler)
    during = state(root)[:2]

    after = world.update(root)

    assert (11, True, True, 0, state(world.undisturbed)) == (
        full.code,
        os.strerror(errno.EFBIG) in full.said or "space" in full.said,
        before[0] == during[0] and before[1] <= during[1],
        after.code,
        state(root),
    )
