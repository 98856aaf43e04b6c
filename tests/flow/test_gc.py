"""
Garbage collection from end to end: what goes, when, and what a crash in the middle leaves.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.full_disk import MANY as WRITES
from tests.support.full_disk import Disk
from tests.support.keys import MADE_AT, key
from tests.support.kills import MANY, Record, note, spread
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.digest import Digest
from tundish.core.errors import Busy, Conflict
from tundish.core.lifecycle import State
from tundish.core.machine import Report
from tundish.retain.report import Collected
from tundish.retain.run import GRACE, Broom, collect, reclaimable
from tundish.store.audit import verify
from tundish.store.memory import MemoryStore

IMAGE = "ubuntu/noble/amd64/ga-24.04"
FIRST, SECOND = f"{IMAGE}@20260101", f"{IMAGE}@20260102"
BEGINS = ("collect", "retain/run.py")
FULL = {0, 11}  # all that was to be written was written, or there was no space
CRASHES = int(os.environ.get("TUNDISH_TEST_CRASHES", "4"))


def updated(stream: StreamSimulator) -> None:
    """
    The next day: a second version, which shares a file with the first.
    """
    stream.add(version="20260102", items={"squashfs": b"new root", "boot-kernel": b"shared"})
    stream.publish(DAY + timedelta(days=1))


@pytest.fixture
def stream() -> StreamSimulator:
    made = StreamSimulator(key().signer(at=MADE_AT))
    made.add(items={"squashfs": b"old root", "boot-kernel": b"shared"})
    made.publish(DAY)
    return made


@pytest.fixture
def lab(tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    """
    A region that has retired the first of two versions.
    """
    regions: list[Region] = []
    with region(tmp_path, stream, MemoryStore(now=lambda: regions[0].now)) as made:
        regions.append(made)
        made.add(stream)
        made.select(keep=1)
        made.sync()
        updated(stream)
        made.tomorrow()
        made.sync()
        yield made


def gc(lab: Region, grace: timedelta = GRACE, *, dry_run: bool = False, empty: bool = False) -> Collected:
    broom = Broom(lab.catalog, lab.store, lambda: lab.now, "a test")
    return collect(broom, grace=grace, dry_run=dry_run, allow_mass_removal=empty)


def names(*contents: bytes) -> set[str]:
    return {Digest.of(content).hex for content in contents}


def test_what_was_retired_stays_for_the_grace_period(lab: Region) -> None:
    """
    A mistake can be taken back for three days.
    """
    lab.now += timedelta(days=2)
    done = gc(lab)

    assert ([FIRST], names(b"old root", b"new root", b"shared")) == (
        [each.ref for each in done.leaving.waiting],
        lab.blobs(),
    )


def test_after_the_grace_period_version_and_blobs_go(lab: Region) -> None:
    """
    The version leaves the catalog, and the blobs that it alone was made of leave the store.
    """
    lab.now += timedelta(days=3)
    gc(lab)

    assert ({SECOND: "complete"}, names(b"new root", b"shared")) == (lab.states(), lab.blobs())


def test_a_dry_run_says_the_same_and_does_nothing(lab: Region) -> None:
    """
    What it says is what the run after it does.
    """
    lab.now += timedelta(days=3)
    told, before = gc(lab, dry_run=True), lab.blobs()
    done = gc(lab)

    assert (3, told.leaving, told.sweep) == (len(before), done.leaving, done.sweep)


def test_what_can_be_reclaimed_is_known(lab: Region) -> None:
    """
    Now and later, in bytes.
    """
    broom = Broom(lab.catalog, lab.store, lambda: lab.now, "a test")
    before = reclaimable(broom, GRACE)
    lab.now += timedelta(days=3)
    after = reclaimable(broom, GRACE)

    assert ((0, 8), (8, 0)) == ((before.now, before.later), (after.now, after.later))


def test_what_came_back_within_the_grace_period_is_not_fetched_again(
    lab: Region, stream: StreamSimulator
) -> None:
    """
    A withdrawn update costs no byte.
    """
    next(iter(stream.products.values()))["versions"].pop("20260102")
    stream.publish(lab.tomorrow())
    gc(lab)

    assert 0 == lab.sync().fetched_bytes


@pytest.mark.parametrize("tie", ["pin", "machine"])
def test_what_is_tied_stays_with_its_blobs(lab: Region, tie: str) -> None:
    """
    A retired version that is pinned or runs somewhere, for as long as it is so.
    """
    first = lab.catalog.images.find(FIRST)
    if tie == "pin":
        lab.catalog.keeping.pin(first.id, pinned=True)
    else:
        root = first.version.items[0].digest
        mac = "52:54:00:12:34:56"
        lab.catalog.machines.begin("t", mac, image=IMAGE, version="20260101", root=root, at=lab.now)
        lab.catalog.machines.report(Report("t", "0" * 32, "20260101", root), lab.now)
    lab.now += timedelta(days=30)
    gc(lab)

    assert ({FIRST: "retired", SECOND: "complete"}, 3) == (lab.states(), len(lab.blobs()))


def test_a_stray_blob_goes_when_it_is_old(lab: Region) -> None:
    """
    One that came without a version, as of a run that was killed.
    """
    lab.store.add([b"stray"])
    lab.now += timedelta(days=2)
    gc(lab)
    young = lab.blobs() & names(b"stray")
    lab.now += timedelta(days=30)
    gc(lab)

    assert (names(b"stray"), set()) == (young, lab.blobs() & names(b"stray"))


def test_a_part_that_nothing_wants_goes(lab: Region) -> None:
    """
    What came of a file that is no longer to come; what is still to come goes on.
    """
    for content in (b"unwanted", b"wanted!!"):
        with lab.store.ingest(Digest.of(content), 8) as coming:
            coming.write(content[:4])
    second = lab.catalog.images.find(SECOND)
    wanted = second.version.items[0]
    lab.store.remove(wanted.digest)
    with lab.store.ingest(wanted.digest, wanted.size) as coming:
        coming.write(b"new")
    lab.catalog.images.move([second.id], State.DAMAGED, lab.now)
    lab.now += timedelta(days=30)
    gc(lab)

    assert [wanted.digest] == [part.digest for part in lab.store.unfinished()]


def test_what_is_in_quarantine_is_listed_and_stays(lab: Region) -> None:
    """
    It is there for a person to look at.
    """
    lab.store.quarantine(Digest.of(b"old root"))
    lab.now += timedelta(days=30)
    done = gc(lab)

    assert (names(b"old root"), 1) == (
        {blob.digest.hex for blob in done.quarantined},
        len(list(lab.store.quarantined())),
    )


def test_files_of_others_are_named_and_left_alone(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    Whatever lies in the folder of the store and is not of its layout.
    """
    with region(tmp_path, stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()
        note = tmp_path / "store" / "blobs" / "note.txt"
        note.write_text("mine")
        lab.now = datetime.now(UTC) + timedelta(days=30)
        done = gc(lab)

    assert (("blobs/note.txt",), "mine") == (done.foreign, note.read_text())


def test_a_new_catalog_does_not_empty_the_store(tmp_path: Path, stream: StreamSimulator, lab: Region) -> None:
    """
    Who lost the catalog finds the blobs again with the next sync, unless they say that the blobs may go.
    """
    with region(tmp_path / "new", stream, lab.store) as fresh:
        fresh.now = lab.now + timedelta(days=30)
        with pytest.raises(Conflict, match="--allow-mass-removal"):
            gc(fresh)
        kept = len(fresh.blobs())
        gc(fresh, empty=True)

        assert (3, set()) == (kept, fresh.blobs())


def test_nothing_is_collected_while_somebody_syncs(lab: Region) -> None:
    """
    And who is told so is told by whom.
    """
    with lab.catalog.database.exclusive("sync", "process 7"), pytest.raises(Busy, match="process 7"):
        gc(lab)


def test_a_collection_leaves_a_job(lab: Region) -> None:
    """
    With what went, in numbers.
    """
    lab.now += timedelta(days=3)
    gc(lab)

    assert ("gc", "done", '{"versions": 1, "blobs": 1, "parts": 0, "bytes": 8}') == next(
        (job.kind, job.outcome, job.detail) for job in lab.catalog.jobs.list()
    )


# ---- killed in the middle


class World:
    """
    A state that has much to collect, and what is left of it when nothing disturbs the collection.
    """

    def __init__(self, folder: Path) -> None:
        self.state, undisturbed = folder / "state", folder / "undisturbed"
        made = StreamSimulator(key().signer(at=MADE_AT))
        for series in ("noble", "jammy", "focal"):
            made.add(series=series, items={"squashfs": series.encode(), "boot-kernel": b"shared"})
        made.publish(DAY)
        with region(self.state, made) as lab:
            lab.add(made)
            number = lab.select()
            lab.sync()
            lab.catalog.selections.remove(number)
            lab.select("*", "noble")
            lab.tomorrow()
            lab.sync(allow_mass_removal=True)
            lab.catalog.keeping.pin(lab.catalog.images.find("ubuntu/focal/amd64@20260101").id, pinned=True)
            lab.store.add([b"stray"])
            with lab.store.ingest(Digest.of(b"never came"), 10) as coming:
                coming.write(b"never")
        long_ago = DAY.timestamp()
        for path in (self.state / "store").rglob("*"):
            os.utime(path, (long_ago, long_ago))
        shutil.copytree(self.state, undisturbed)
        done = processes.run(undisturbed, "store", "gc", dying=0, begins=BEGINS)
        assert 0 == done.code, done.said
        self.calls = int(done.out.rpartition("calls: ")[2])
        self.result = result(undisturbed)
        counted = Path(shutil.copytree(self.state, folder / "counted"))
        self.writes = Disk(folder).writes(counted, "store", "gc", begins=BEGINS)


def result(state: Path) -> tuple[object, ...]:
    """
    All that a collection leaves behind: versions, blobs with their bytes, and every file of the store.
    """
    with region(state, StreamSimulator()) as lab:
        files = {str(path.relative_to(state)) for path in (state / "store").rglob("*") if path.is_file()}
        return (lab.states(), verify(lab.store).is_sound, files)


def is_consistent(state: Path) -> bool:
    """
    Whether every blob of every version that the catalog knows is there.
    """
    with region(state, StreamSimulator()) as lab:
        return {digest.hex for digest in lab.catalog.images.digests()} <= lab.blobs()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def killed(world: World, folder: Path, point: int) -> None:
    state = Path(shutil.copytree(world.state, folder / "state"))
    ended = processes.run(state, "store", "gc", dying=point, begins=BEGINS)
    consistent = is_consistent(state)

    with region(state, StreamSimulator()) as lab:
        lab.now = datetime.now(UTC)
        gc(lab)

    assert (-9, True, world.result) == (ended.code, consistent, result(state))


def test_an_undisturbed_collection_leaves_what_is_needed(world: World) -> None:
    """
    Noble is selected and focal is pinned; jammy, the stray blob and the part are gone.
    """
    states, sound, files = world.result

    assert (
        {
            "ubuntu/noble/amd64/ga-24.04@20260101": "complete",
            "ubuntu/focal/amd64/ga-24.04@20260101": "retired",
        },
        True,
        names(b"noble", b"focal", b"shared"),
    ) == (states, sound, {Path(str(path)).name for path in files} if isinstance(files, set) else None)


@pytest.mark.parametrize("seed", range(CRASHES))
def test_killed_at_any_call_the_next_collection_ends_the_same(
    world: World, tmp_path: Path, seed: int, record_property: Record
) -> None:
    """
    In the middle of a transaction or between two files: no version lacks a blob, and nothing is left over.
    """
    point = spread(int(world.calls * 0.98), seed, CRASHES)
    note(record_property, "kills of gc", seed, point, world.calls)

    killed(world, tmp_path, point)


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY))
def test_killed_at_many_calls(world: World, tmp_path: Path, seed: int, record_property: Record) -> None:
    """
    The same at many more points.
    """
    point = spread(int(world.calls * 0.98), seed, MANY)
    note(record_property, "kills of gc", seed, point, world.calls)

    killed(world, tmp_path, point)


def filled(world: World, disk: Disk, point: int) -> None:
    state = disk.copy(world.state)
    ended = disk.run(state, "store", "gc", full_at=point, begins=BEGINS)
    disk.make_room()
    consistent = is_consistent(state)

    with region(state, StreamSimulator()) as lab:
        lab.now = datetime.now(UTC)
        gc(lab)

    assert (True, False, True, world.result) == (
        ended.code in FULL,
        "Traceback" in ended.said,
        consistent,
        result(state),
    ), ended.said


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_disk_full_at_any_write_is_a_clean_stop(
    world: World, disk: Disk, seed: int, record_property: Record
) -> None:
    """
    It ends with a sentence, no version lacks a blob, and with room again the end is the same.
    """
    point = spread(world.writes, seed, CRASHES)
    note(record_property, "full disks in gc", seed, point, world.writes)

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
    note(record_property, "full disks in gc", seed, point, world.writes)

    filled(world, disk, point)
