"""
Images from one state to another, with nothing between them but files.
"""

import errno
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.airgap import Pipe, Side, content, manifest_of, side, signer
from tests.support.keys import MADE_AT, key
from tests.support.region import DAY
from tundish.bundle import run
from tundish.bundle.manifest import Base, Since
from tundish.bundle.run import Known
from tundish.bundle.writer import new_file
from tundish.core.digest import Digest
from tundish.core.errors import (
    BlobMissing,
    Busy,
    Conflict,
    InputError,
    IntegrityError,
    NoSpace,
    NotFound,
    RolledBack,
    Stopped,
    UnknownSigner,
)
from tundish.core.lifecycle import State
from tundish.core.names import SourceName, channel_name
from tundish.core.release import Channel
from tundish.core.selection import Source
from tundish.publish.publisher import Press
from tundish.publish.run import publish
from tundish.store.memory import MemoryStore

LAB = SourceName("lab")
BOTH = {
    "hq.own debian/bookworm/amd64/generic@1": "complete",
    "hq.lab debian/trixie/amd64/generic@1": "complete",
}


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Side]:
    """
    A state with an image of its own and one of a source.
    """
    with side(tmp_path / "origin") as held:
        held.hold("bookworm", "1")
        held.hold("trixie", "1", source=LAB)
        yield held


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Side]:
    with side(tmp_path / "region") as held:
        yield held


# ---- there and back


def test_everything_gets_across(origin: Side, region: Side) -> None:
    """
    What is complete here is complete there, byte for byte, with every field it had.
    """
    region.take_in(origin.export())
    of = {f"hq.{each.source}": (each.product, each.version) for each in origin.catalog.images.list()}

    assert (BOTH, of, origin.blobs()) == (
        region.states(),
        {each.source: (each.product, each.version) for each in region.catalog.images.list()},
        region.blobs(),
    )


def test_what_came_can_be_published(origin: Side, region: Side, tmp_path: Path) -> None:
    """
    Images of a bundle are like any others.
    """
    region.take_in(origin.export())
    press = Press(region.store, signer(), region.verifier, lambda: region.now)
    done = publish(
        region.catalog, [], channel_name("stable"), channels=tmp_path / "channels", press=press, holder="test"
    )

    assert ("debian/bookworm/amd64/generic@1", "debian/trixie/amd64/generic@1") == done.images


def test_only_what_is_new_is_carried(origin: Side, region: Side) -> None:
    """
    The second bundle holds the new version's files only; the receiver has both versions then.
    """
    first = origin.export()
    origin.hold("bookworm", "2")
    second = origin.export(origin.since(first))
    region.take_in(first)
    taken = region.take_in(second)
    found = manifest_of(second, region)

    assert (2, Base(Since.BUNDLE, 1), 2, 3_512, 5, 2, origin.blobs()) == (
        found.serial,
        found.base,
        len(found.blobs),
        found.size,
        len(found.expected),
        taken.taken_blobs,
        region.blobs(),
    )


def test_a_bundle_may_build_on_a_release(origin: Side, region: Side) -> None:
    """
    Whoever has the images of a release of ours needs only what came since.
    """
    whole = origin.export()
    (number,) = [each.id for each in origin.catalog.images.list(source=LAB)]
    release = origin.catalog.channels.publish(
        Channel(channel_name("stable"), "maas", 0), [number], Digest.of(b""), DAY
    )
    found = origin.export(run.since_release(origin.catalog, release.id))
    region.take_in(whole)
    region.take_in(found)

    assert (Base(Since.RELEASE, 1), 2, BOTH) == (
        manifest_of(found, region).base,
        len(manifest_of(found, region).blobs),
        region.states(),
    )


def test_what_its_origin_gave_up_is_retired(origin: Side, region: Side) -> None:
    """
    After a bundle, what came in those before it and is no longer offered is retired; pinned it stays.
    """
    origin.hold("bookworm", "2")
    region.take_in(origin.export())
    old = {each.version.name: each.id for each in origin.catalog.images.list() if each.source != LAB}
    origin.catalog.images.move(old.values(), State.RETIRED, DAY)
    origin.hold("bookworm", "3")
    region.catalog.keeping.pin(region.catalog.images.find("debian/bookworm/amd64/generic@1").id, pinned=True)
    taken = region.take_in(origin.export())

    assert (("debian/bookworm/amd64/generic@2",), ["complete", "retired", "complete"]) == (
        taken.retired,
        [str(each.state) for each in region.catalog.images.list(source=SourceName("hq.own"))],
    )


def test_what_was_built_here_stays(origin: Side, region: Side) -> None:
    """
    Images of the same name that are our own are neither overwritten nor retired.
    """
    mine = region.hold("bookworm", "1", sizes=(7, 8))
    before = region.catalog.images.get(mine)
    region.take_in(origin.export())

    assert before == region.catalog.images.get(mine)


def test_a_bundle_from_a_pipe_is_as_good(origin: Side, region: Side) -> None:
    """
    Also where one cannot seek, and half of it is held.
    """
    region.store.add([content("bookworm/1/0", 3_000)])
    taken = region.take_in(Pipe(origin.export()))

    assert (BOTH, 4) == (region.states(), taken.taken_blobs)


def test_bundles_of_two_origins_live_side_by_side(origin: Side, region: Side) -> None:
    """
    Each has its name, its serials and its images.
    """
    other = key("other").signer(at=MADE_AT)
    output = io.BytesIO()
    region.take_in(origin.export())
    run.export(origin.desk(), output, signer=other, known=Known())
    region.take_in(output.getvalue(), keyring=other.keyring(), name="branch")

    assert {"hq.lab", "hq.own", "branch.lab", "branch.own"} == {
        each.source for each in region.catalog.images.list(states=[State.COMPLETE])
    }


# ---- order


def test_an_older_one_is_refused(origin: Side, region: Side) -> None:
    """
    Yesterday's bundle, with its good signature, is not taken after today's.
    """
    first, second = origin.export(), origin.export()
    region.take_in(second)
    before = region.catalog.images.list()
    with pytest.raises(RolledBack, match="is bundle 1, but bundle 2 came on 2026-01-02"):
        region.take_in(first)

    assert before == region.catalog.images.list()


def test_another_one_of_the_same_serial_is_refused(origin: Side, region: Side, tmp_path: Path) -> None:
    """
    A copy of the state that makes bundles is not its origin's next.
    """
    region.take_in(origin.export())
    with side(tmp_path / "copy") as copy:
        copy.hold("bookworm", "9")
        bundle = copy.export()

    with pytest.raises(RolledBack):
        region.take_in(bundle)


def test_a_gap_is_refused(origin: Side, region: Side) -> None:
    """
    The message says which bundle is lacking, and nothing is fetched.
    """
    first = origin.export()
    second = origin.export(origin.since(first))
    third = origin.export(origin.since(second))
    region.take_in(first)
    before = region.blobs()
    with pytest.raises(Conflict, match=r"is bundle 3 and builds on bundle 2, but the last .* is bundle 1"):
        region.take_in(third)

    assert before == region.blobs()


def test_without_any_base_it_is_a_gap_too(origin: Side, region: Side) -> None:
    """
    An incremental bundle is nothing to begin with.
    """
    second = origin.export(origin.since(origin.export()))

    with pytest.raises(Conflict, match="builds on bundle 1, but none came yet"):
        region.take_in(second)


def test_a_base_whose_files_are_gone_is_a_gap(origin: Side, region: Side) -> None:
    """
    If what came before was swept meanwhile, the message says how much is lacking.
    """
    first = origin.export()
    region.take_in(first)
    region.store.remove(Digest.of(content("bookworm/1/0", 3_000)))

    with pytest.raises(Conflict, match=r"1 files \(3000 bytes\) are not here"):
        region.take_in(origin.export(origin.since(first)))


def test_one_that_reaches_further_back_passes(origin: Side, region: Side) -> None:
    """
    A bundle since the first may follow the second, and one since the second may follow that.
    """
    first = origin.export()
    second = origin.export(origin.since(first))
    third = origin.export(origin.since(first))
    fourth = origin.export(origin.since(second))
    for each in (first, third, fourth):
        region.take_in(each)

    assert 4 == (last.serial if (last := region.catalog.bundles.last(SourceName("hq"))) else 0)


def test_the_same_once_more_mends_what_is_lacking(origin: Side, region: Side) -> None:
    """
    The last bundle may come again: it brings back what was lost meanwhile, and changes nothing else.
    """
    bundle = origin.export()
    region.take_in(bundle)
    before = region.catalog.images.list()
    region.store.remove(Digest.of(content("bookworm/1/0", 3_000)))
    taken = region.take_in(bundle)

    assert (1, before, origin.blobs()) == (taken.taken_blobs, region.catalog.images.list(), region.blobs())


def test_serials_go_on_behind_the_base(origin: Side, tmp_path: Path) -> None:
    """
    A state that forgot its bundles makes newer ones when it is shown the last.
    """
    origin.export()
    last = origin.export()
    with side(tmp_path / "restored") as restored:
        restored.hold("bookworm", "1")

        assert 3 == manifest_of(restored.export(restored.since(last)), restored).serial


# ---- whose it is


def test_a_foreign_one_is_refused(origin: Side, region: Side) -> None:
    """
    Signed, but not by a key that was given.
    """
    with pytest.raises(UnknownSigner):
        region.take_in(origin.export(), keyring=key("foreign").keyring)

    assert {} == region.states()


def test_its_name_is_remembered(origin: Side, region: Side) -> None:
    """
    Once named, an origin need not be named again.
    """
    region.take_in(origin.export())

    assert "hq" == region.take_in(origin.export(), name=None).name


def test_an_origin_has_one_name(origin: Side, region: Side) -> None:
    """
    Another name for the same origin would leave what came before behind.
    """
    region.take_in(origin.export())

    with pytest.raises(Conflict, match="are called hq here already; pass --as hq"):
        region.take_in(origin.export(), name="branch")


def test_a_new_origin_does_not_take_a_name_by_itself(origin: Side, region: Side) -> None:
    """
    The name that nobody gave belongs to who came first; whoever means another key says so.
    """
    other = key("other").signer(at=MADE_AT)
    output = io.BytesIO()
    region.take_in(origin.export(), name=None)
    run.export(origin.desk(), output, signer=other, known=Known())
    with pytest.raises(
        InputError, match="or, if they are of the same origin with a new key, pass --as bundle"
    ):
        region.take_in(output.getvalue(), keyring=other.keyring(), name=None)

    assert "bundle" == region.take_in(output.getvalue(), keyring=other.keyring(), name="bundle").name


def test_a_source_and_an_origin_do_not_mix(origin: Side, region: Side) -> None:
    """
    A sync of a source must not touch what came in bundles.
    """
    region.catalog.sources.add(Source(SourceName("hq.lab"), "http://hq.test/", key().keyring), DAY)

    with pytest.raises(Conflict, match=r"there is a source hq\.lab"):
        region.take_in(origin.export())


def test_a_bundle_that_would_empty_us_asks_first(origin: Side, region: Side) -> None:
    """
    Retiring more than half of what came before needs a word.
    """
    region.take_in(origin.export())
    origin.catalog.images.move([each.id for each in origin.catalog.images.list()], State.RETIRED, DAY)
    origin.hold("forky", "1")
    bundle = origin.export()
    with pytest.raises(Conflict, match="every version of 2 of 2 images"):
        region.take_in(bundle)

    assert 2 == len(region.take_in(bundle, allow_mass_removal=True).retired)


# ---- bad days


def test_a_stop_keeps_what_came(origin: Side, region: Side) -> None:
    """
    Nothing is shown, the next run does not take in again what came, and the end is the same.
    """
    origin.hold("bookworm", "2", sizes=(5_000_000, 1))
    bundle = origin.export()
    region.watch.limit = 2_000_000
    with pytest.raises(Stopped):
        region.take_in(bundle)
    shown = region.states()
    came = sum(blob.size for blob in (*region.store.walk(), *region.store.unfinished()))
    region.stop.clear()
    region.watch.limit = -1
    region.take_in(bundle)

    assert ({}, True, origin.blobs()) == (shown, came >= 2_000_000, region.blobs())


def test_a_spoilt_part_is_taken_again(origin: Side, region: Side) -> None:
    """
    What an earlier run left may have been spoilt by a power cut; it is read once more from its beginning.
    """
    data = content("bookworm/1/0", 3_000)
    with region.store.ingest(Digest.of(data), len(data)) as ingest:
        ingest.write(b"x" * 100)
    region.take_in(origin.export())

    assert BOTH == region.states()


def test_a_full_disk_ends_it_cleanly(origin: Side, tmp_path: Path) -> None:
    """
    Nothing is shown, and with room the next run goes on.
    """
    bundle = origin.export()
    with side(tmp_path / "small", MemoryStore(limit=1_000)) as small:
        with pytest.raises(NoSpace):
            small.take_in(bundle)
        shown = small.states()
        small.store = MemoryStore()
        small.take_in(bundle)

        assert ({}, BOTH) == (shown, small.states())


def test_two_imports_do_not_meet(origin: Side, region: Side) -> None:
    """
    The second is told of the first.
    """
    bundle = origin.export()

    with region.catalog.database.exclusive("bundle-import", "a test"), pytest.raises(Busy):
        region.take_in(bundle)


# ---- making one


def test_a_file_appears_whole(origin: Side, tmp_path: Path) -> None:
    """
    Under its name, readable by all, and nothing beside it.
    """
    target = tmp_path / "out" / "1.bundle"
    target.parent.mkdir()
    run.export(origin.desk(), target, signer=signer(), known=Known())

    assert ([target], 1) == (
        list(target.parent.iterdir()),
        run.show(
            origin.desk(), io.BytesIO(target.read_bytes()), "it", keyring=key().keyring
        ).opened.manifest.serial,
    )


@pytest.mark.parametrize("trouble", ["damaged", "missing", "stopped"])
def test_a_failed_export_leaves_nothing(origin: Side, tmp_path: Path, trouble: str) -> None:
    """
    A damaged store or a stop makes no bundle, and no half one either; what was left before is swept.
    """
    digest = Digest.of(content("bookworm/1/0", 3_000))
    target = tmp_path / "out" / "1.bundle"
    target.parent.mkdir()
    (target.parent / ".1.bundle.0123.part").write_bytes(b"of a killed export")
    path = origin.store.local_path(digest)
    assert path is not None
    if trouble == "damaged":
        path.chmod(0o600)
        path.write_bytes(b"y" * 3_000)
    elif trouble == "missing":
        origin.store.remove(digest)
    else:
        origin.stop.set()
    with pytest.raises({"damaged": IntegrityError, "missing": BlobMissing, "stopped": Stopped}[trouble]):
        run.export(origin.desk(), target, signer=signer(), known=Known())

    assert [] == list(target.parent.iterdir())


class Small(io.BytesIO):
    """
    A place with room for so many bytes.
    """

    def write(self, data: Any, /) -> int:
        if self.tell() > 4_000:
            raise OSError(errno.ENOSPC, "full")
        return super().write(data)


def test_a_full_disk_is_noticed_on_the_way(origin: Side) -> None:
    """
    Where it cannot be known before, the error is the same.
    """
    with pytest.raises(NoSpace):
        run.export(origin.desk(), Small(), signer=signer(), known=Known())


def test_what_cannot_fit_is_not_begun(tmp_path: Path) -> None:
    """
    A bundle longer than the disk has room is refused with both figures.
    """
    with pytest.raises(NoSpace, match=str(2**60)), new_file(tmp_path / "1.bundle", 2**60):
        pass

    assert [] == list(tmp_path.iterdir())


def test_nothing_is_overwritten(origin: Side, tmp_path: Path) -> None:
    """
    A file that is there stays, and no serial is used up.
    """
    target = tmp_path / "1.bundle"
    target.write_bytes(b"mine")
    with pytest.raises(Conflict, match="exists already"):
        run.export(origin.desk(), target, signer=signer(), known=Known())

    assert (b"mine", 0) == (target.read_bytes(), origin.catalog.bundles.last_serial())


def test_there_is_no_bundle_of_nothing(region: Side) -> None:
    """
    Without a complete image the message says what to do.
    """
    with pytest.raises(NotFound, match="there is no complete image"):
        region.export()


def test_only_a_bundle_of_ours_is_a_base(origin: Side) -> None:
    """
    Somebody else's bundle says nothing of what our reader has.
    """
    output = io.BytesIO()
    run.export(origin.desk(), output, signer=key("other").signer(at=MADE_AT), known=Known())

    with pytest.raises(UnknownSigner):
        origin.since(output.getvalue())


def test_a_chain_of_days_ends_as_the_origin_does(origin: Side, region: Side) -> None:
    """
    Day after day a version comes and the oldest goes; the region holds exactly what the origin holds.
    """
    bundle = origin.export()
    region.take_in(bundle)
    for day in range(2, 6):
        origin.now = region.now = DAY + timedelta(days=day)
        origin.hold("bookworm", str(day))
        oldest = next(
            each for each in origin.catalog.images.list(states=[State.COMPLETE]) if each.source != LAB
        )
        origin.catalog.images.move([oldest.id], State.RETIRED, origin.now)
        bundle = origin.export(origin.since(bundle))
        region.take_in(bundle)

    assert {f"hq.{name}": state for name, state in origin.states().items()} == region.states()
