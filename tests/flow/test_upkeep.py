"""
Damage found by a scrub and mended by a repair, with a real store, catalog and keys.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import StreamSimulator, content
from tundish.app.mending import SourcePlaces
from tundish.core.digest import Digest
from tundish.core.errors import Busy, Gone, TundishError
from tundish.core.holding import OWN
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import channel_name, source_name
from tundish.core.release import Channel
from tundish.core.selection import Fetching, Source
from tundish.fetch.throttle import Throttle
from tundish.retain.refetch import Lack, Lacks, Means
from tundish.retain.repair import Repaired, Toolbox, repair
from tundish.retain.scrub import Brush, Scrubbed, rounds, scrub

IMAGE = "ubuntu/noble/amd64/ga-24.04@20260101"
MIRROR = "http://mirror.test/maas/"


@pytest.fixture
def stream() -> StreamSimulator:
    made = StreamSimulator(key().signer(at=MADE_AT))
    made.add()
    made.publish(DAY)
    return made


@pytest.fixture
def lab(tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    with region(tmp_path, stream) as made:
        made.add(stream)
        made.select()
        made.sync()
        made.now = datetime.now(UTC)
        yield made


def verified(
    lab: Region,
    older_than: timedelta | None = None,
    *,
    quarantine: bool = True,
    throttle: Throttle | None = None,
    moved: Callable[[int], None] = lambda _: None,
) -> Scrubbed:
    brush = Brush(lab.catalog, lab.store, lambda: lab.now, throttle, quarantine)
    before = None if older_than is None else lab.now - older_than
    return scrub(brush, rounds(brush, before), moved)


class Watch:
    """
    A watcher that remembers what it saw.
    """

    def __init__(self, stop: Callable[[int], None] = lambda _: None) -> None:
        self.lock, self.stop = threading.Lock(), stop
        self.expected = self.bytes = 0
        self.ends: list[str] = []

    def expect(self, plan: Lacks) -> None:
        self.expected = len(plan.files)

    def begun(self, file: Lack) -> None: ...

    def moved(self, file: Lack, count: int) -> None:
        with self.lock:
            self.bytes += count
            self.stop(self.bytes)

    def retried(self, file: Lack, error: TundishError, delay: float) -> None: ...

    def ended(self, file: Lack, error: TundishError | None) -> None:
        with self.lock:
            self.ends.append(file.path if error is None else type(error).__name__)


def mended(
    lab: Region,
    watch: Watch | None = None,
    stop: threading.Event | None = None,
    *,
    trees: Path | None = None,
    parallel: int = 4,
) -> Repaired:
    stop = stop or threading.Event()
    means = Means(
        store=lab.store,
        places=SourcePlaces(lab.desk(), stop, trees),
        sleep=lab.pauses.append,
        jitter=lambda: 0.5,
        stop=stop,
        parallel=parallel,
    )
    return repair(Toolbox(lab.catalog, lab.store, means, lambda: lab.now, "a test"), watch or Watch())


def squashfs(lab: Region) -> Digest:
    item = lab.catalog.images.find(IMAGE).version.item("squashfs")
    assert item
    return item.digest


def flip(lab: Region, digest: Digest) -> None:
    """
    One bit of a blob is another, as on a failing disk.
    """
    path = lab.store.local_path(digest)
    assert path
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.unlink()
    path.write_bytes(data)


# ---- scrub


def test_a_sound_store_is_hashed_whole(lab: Region) -> None:
    """
    Every byte is heard of, and nothing is wrong.
    """
    heard: list[int] = []
    found = verified(lab, moved=heard.append)

    assert (4, 16_200, 16_200, True) == (found.blobs, found.bytes, sum(heard), found.is_sound)


def test_a_flipped_bit_marks_the_image(lab: Region) -> None:
    """
    The blob is out of sight, and the image is damaged.
    """
    flip(lab, squashfs(lab))
    found = verified(lab)

    assert ((IMAGE,), {IMAGE: "damaged"}, False) == (
        found.versions,
        lab.states(),
        lab.store.has(squashfs(lab)),
    )


def test_a_deleted_blob_is_missed(lab: Region) -> None:
    """
    What a complete image lacks is damage too.
    """
    digest = squashfs(lab)
    lab.store.remove(digest)
    found = verified(lab)

    assert ((digest,), {IMAGE: "damaged"}) == (found.missing, lab.states())


def test_only_looking_changes_nothing(lab: Region) -> None:
    """
    Damage is named; blob, image and notes stay as they are.
    """
    flip(lab, squashfs(lab))
    found = verified(lab, quarantine=False)
    again = verified(lab, timedelta(0), quarantine=False)

    assert (1, {IMAGE: "complete"}, True, 1) == (
        len(found.damaged),
        lab.states(),
        lab.store.has(squashfs(lab)),
        len(again.damaged),
    )


def test_what_was_hashed_lately_is_left_out(lab: Region) -> None:
    """
    Until it is old enough again.
    """
    lab.now += timedelta(days=40)
    first = verified(lab, timedelta(days=30)).blobs
    second = verified(lab, timedelta(days=30)).blobs
    lab.now += timedelta(days=31)
    third = verified(lab, timedelta(days=30)).blobs

    assert (4, 0, 4) == (first, second, third)


def test_a_scrub_that_was_broken_off_goes_on(lab: Region) -> None:
    """
    No shard that was done is hashed again.
    """

    class Enough(Exception): ...

    def until_third(_: int) -> None:
        heard.append(1)
        if len(heard) == 3:
            raise Enough

    heard: list[int] = []
    lab.now += timedelta(days=40)
    with pytest.raises(Enough):
        verified(lab, timedelta(days=30), moved=until_third)

    assert 2 == verified(lab, timedelta(days=30)).blobs


def test_a_scrub_keeps_to_its_pace(lab: Region) -> None:
    """
    16,200 bytes at 1,000 a second take 16 seconds, of which a test waits none.
    """
    waits: list[float] = []
    verified(lab, throttle=Throttle(1_000, now=lambda: 0.0, sleep=waits.append))

    assert 15.2 == pytest.approx(max(waits), abs=1.1)


# ---- repair


@pytest.mark.parametrize("hurt", ["flipped", "deleted", "truncated"])
def test_what_is_hurt_comes_again(lab: Region, hurt: str) -> None:
    """
    From the path it came from; nothing else is fetched, and the image is complete.
    """
    digest = squashfs(lab)
    if hurt == "flipped":
        flip(lab, digest)
        verified(lab)
    elif hurt == "deleted":
        lab.store.remove(digest)
    else:
        path = lab.store.local_path(digest)
        assert path
        path.unlink()
        path.write_bytes(b"short")
    done = mended(lab)

    assert ([digest], (IMAGE,), {IMAGE: "complete"}, True) == (
        [each.blob.digest for each in done.mended],
        done.versions,
        lab.states(),
        verified(lab).is_sound,
    )


def test_a_sound_store_needs_no_repair(lab: Region, stream: StreamSimulator) -> None:
    """
    Nobody is asked for anything.
    """
    stream.requests.clear()

    assert (Repaired((), (), ()), []) == (mended(lab), stream.requests)


def test_any_path_that_offers_the_hash_will_do(lab: Region, stream: StreamSimulator) -> None:
    """
    The source has moved the file: its documents tell where to.
    """
    digest = squashfs(lab)
    data = stream.files.pop("noble/amd64/20260101/squashfs")
    stream.add(series="plucky", version="20260505", items={"squashfs": data})
    stream.publish(DAY + timedelta(days=1))
    lab.store.remove(digest)
    done = mended(lab)

    assert [f"{stream.url}plucky/amd64/20260505/squashfs"] == [each.url for each in done.mended]


def test_any_mirror_will_do(lab: Region, stream: StreamSimulator) -> None:
    """
    What the source itself has lost, a mirror of it may have.
    """
    stream.failures["noble/amd64/20260101/squashfs"] = [Gone()] * 9
    source = lab.catalog.sources.get(SOURCE)
    lab.catalog.sources.replace(replace(source, fetching=Fetching(mirrors=(stream.url + "./",))))
    stream.files["./noble/amd64/20260101/squashfs"] = content("noble/amd64/20260101/squashfs", 9_000)
    lab.store.remove(squashfs(lab))

    assert [f"{stream.url}./noble/amd64/20260101/squashfs"] == [each.url for each in mended(lab).mended]


def test_a_liar_does_not_mend(lab: Region, stream: StreamSimulator) -> None:
    """
    Other bytes are refused, the report says who gave them, and the image stays damaged.
    """
    stream.files["noble/amd64/20260101/squashfs"] = bytes(9_000)
    lab.store.remove(squashfs(lab))
    done = mended(lab)

    assert ([(IMAGE,)], True, {IMAGE: "damaged"}) == (
        [each.versions for each in done.unmended],
        "squashfs" in done.unmended[0].reasons[0],
        lab.states(),
    )


def test_what_nobody_offers_is_said(lab: Region) -> None:
    """
    An image of our own has no source.
    """
    held = lab.catalog.images.find(IMAGE)
    lab.catalog.sources.remove(SOURCE)
    lab.store.remove(squashfs(lab))

    assert [(held.ref,)] == [each.versions for each in mended(lab).unmended]


def test_an_image_of_our_own_is_mended_by_who_has_the_same(lab: Region) -> None:
    """
    A hash is a hash, wherever it comes from.
    """
    held = lab.catalog.images.find(IMAGE)
    ours: Product = replace(held.product, label="own")
    lab.catalog.images.record(OWN, ours, [held.version], State.COMPLETE, lab.now)
    lab.store.remove(squashfs(lab))

    assert 2 == len(mended(lab).versions)


def test_a_damaged_image_is_hashed_before_it_is_trusted(lab: Region) -> None:
    """
    One that was marked, but whose bad blob is still in its place, does not become complete by itself.
    """
    flip(lab, squashfs(lab))
    lab.catalog.images.move([lab.catalog.images.find(IMAGE).id], State.DAMAGED, lab.now)
    done = mended(lab)

    assert (1, True) == (len(done.mended), verified(lab).is_sound)


def test_a_source_that_cannot_be_read_does_not_keep_another_from_mending(
    lab: Region, stream: StreamSimulator
) -> None:
    """
    It offers nothing, and that is all.
    """
    dead = Source(source_name("dead"), "http://dead.test/", stream.keyring)
    lab.catalog.sources.add(dead, lab.now)
    lab.store.remove(squashfs(lab))

    assert 1 == len(mended(lab).mended)


def test_no_repair_while_somebody_syncs(lab: Region) -> None:
    """
    Both write to the same images.
    """
    with lab.catalog.database.exclusive("sync", "process 7"), pytest.raises(Busy, match="process 7"):
        mended(lab)


def test_all_that_lacks_is_fetched_and_watched(lab: Region) -> None:
    """
    Four blobs side by side: each is told of, and every byte.
    """
    for item in lab.catalog.images.find(IMAGE).version.items:
        lab.store.remove(item.digest)
    watch = Watch()
    done = mended(lab, watch)

    assert (4, 4, 4, 16_200) == (len(done.mended), watch.expected, len(watch.ends), watch.bytes)


def test_a_repair_that_is_stopped_keeps_what_came(lab: Region, stream: StreamSimulator) -> None:
    """
    It ends with the next bytes and says so, its job is stopped, and the next one fetches only the rest.
    """
    items = sorted(lab.catalog.images.find(IMAGE).version.items, key=lambda each: each.digest)
    for item in items:
        lab.store.remove(item.digest)
    stop = threading.Event()
    watch = Watch(lambda count: stop.set() if count >= items[0].size else None)
    done = mended(lab, watch, stop, parallel=1)
    state = lab.states()[IMAGE]
    stream.requests.clear()
    mended(lab)

    assert (True, "damaged", 3, ["done", "stopped"]) == (
        done.stopped,
        state,
        sum(not each.startswith("streams/") for each in stream.requests),
        [job.outcome for job in lab.catalog.jobs.list(kind="repair")],
    )


def test_what_came_of_a_blob_is_gone_on_with(lab: Region) -> None:
    """
    Bytes of an earlier attempt are not fetched again.
    """
    digest = squashfs(lab)
    data = content("noble/amd64/20260101/squashfs", 9_000)
    lab.store.remove(digest)
    with lab.store.ingest(digest, 9_000) as coming:
        coming.write(data[:8_000])
    watch = Watch()

    assert ([digest], 9_000) == ([each.blob.digest for each in mended(lab, watch).mended], watch.bytes)


def test_what_came_of_other_bytes_begins_anew(lab: Region) -> None:
    """
    A part that cannot become the blob does not keep it from coming.
    """
    digest = squashfs(lab)
    lab.store.remove(digest)
    with lab.store.ingest(digest, 9_000) as coming:
        coming.write(b"x" * 8_000)

    assert [digest] == [each.blob.digest for each in mended(lab).mended]


def test_a_tree_of_ours_gives_back_what_the_store_lost(lab: Region) -> None:
    """
    A deleted blob of an image that no source has still stands in a channel.
    """
    item = lab.catalog.images.find(IMAGE).version.item("squashfs")
    assert item
    trees = lab.folder / "channels"
    (trees / "stable" / item.path).parent.mkdir(parents=True)
    lab.store.export(item.digest, trees / "stable" / item.path)
    number = lab.catalog.images.find(IMAGE).id
    stable = Channel(channel_name("stable"), "maas", 0)
    lab.catalog.channels.publish(stable, [number], Digest.of(b""), lab.now)
    lab.catalog.sources.remove(SOURCE)
    lab.store.remove(item.digest)

    assert [str(trees / "stable" / item.path)] == [each.url for each in mended(lab, trees=trees).mended]


@pytest.mark.parametrize(
    ("whose", "hint"),
    [("own", "build it again"), ("gone", "tundish bundle import"), ("off", "tundish source enable lab")],
)
def test_what_nobody_offers_comes_with_what_to_do(lab: Region, whose: str, hint: str) -> None:
    """
    For a missing blob as for a damaged one, and true for whom the image is of.
    """
    held = lab.catalog.images.find(IMAGE)
    source = lab.catalog.sources.get(SOURCE)
    if whose == "own":
        lab.catalog.images.record(OWN, held.product, [held.version], State.COMPLETE, lab.now)
        lab.catalog.images.move([held.id], State.RETIRED, lab.now)
    lab.catalog.sources.replace(replace(source, enabled=False))
    if whose != "off":
        lab.catalog.sources.remove(SOURCE)
    lab.store.remove(squashfs(lab))

    assert [True] == [hint in each.hints[0] for each in mended(lab).unmended]


def test_a_repair_leaves_a_job(lab: Region) -> None:
    """
    Done or partial.
    """
    mended(lab)

    assert ("repair", "done") == next((job.kind, job.outcome) for job in lab.catalog.jobs.list())
