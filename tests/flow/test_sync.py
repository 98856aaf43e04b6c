"""
A sync from end to end: simulated stream, real gpgv, real catalog, real store.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.digest import Digest
from tundish.core.errors import (
    BadStatus,
    Busy,
    Conflict,
    DigestMismatch,
    NotFound,
    Partial,
    Stopped,
    Unreachable,
)
from tundish.core.names import source_name
from tundish.core.selection import Source
from tundish.sync.plan import Action

FIRST = "ubuntu/noble/amd64/ga-24.04@20260101"
SECOND = "ubuntu/noble/amd64/ga-24.04@20260102"


@pytest.fixture(scope="module")
def signed() -> StreamSimulator:
    """
    Signed once, because that is what takes time.
    """
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.publish(DAY)
    return stream


@pytest.fixture
def stream(signed: StreamSimulator) -> StreamSimulator:
    return deepcopy(signed)


@pytest.fixture
def lab(tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    with region(tmp_path / "region", stream) as opened:
        opened.add(stream)
        opened.select()
        yield opened


def items(stream: StreamSimulator, version: str) -> set[str]:
    """
    The digests of all items of a version.
    """
    return {
        item["sha256"]
        for product in stream.products.values()
        for item in product["versions"][version]["items"].values()
    }


def test_a_first_sync_makes_the_image_complete(lab: Region) -> None:
    """
    What is selected and offered is complete after one sync.
    """
    lab.sync()

    assert {FIRST: "complete"} == lab.states()


def test_every_file_is_in_the_store_by_its_digest(lab: Region, stream: StreamSimulator) -> None:
    """
    The store holds exactly the items of the version.
    """
    lab.sync()

    assert items(stream, "20260101") == lab.blobs()


def test_a_plan_writes_nothing(lab: Region) -> None:
    """
    Planning leaves the store empty and the catalog without images.
    """
    lab.plan()

    assert (set(), {}) == (lab.blobs(), lab.states())


def test_a_second_sync_fetches_no_file(lab: Region, stream: StreamSimulator) -> None:
    """
    When nothing changed, only the two documents are asked for.
    """
    lab.sync()
    stream.requests.clear()

    lab.sync()

    assert [stream.index_path, stream.products_path] == stream.requests


def test_what_is_held_is_kept_in_the_plan(lab: Region) -> None:
    """
    After a sync the next plan keeps the image and fetches nothing.
    """
    lab.sync()

    assert (True, 0) == (lab.plan().is_empty, lab.plan().fetch_bytes)


def test_a_new_version_retires_the_old_one(lab: Region, stream: StreamSimulator) -> None:
    """
    With one version to keep, the newest takes the place of the one before.
    """
    lab.sync()
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())

    lab.sync()

    assert {FIRST: "retired", SECOND: "complete"} == lab.states()


def test_nothing_is_retired_before_its_replacement_is_whole(lab: Region, stream: StreamSimulator) -> None:
    """
    When the new version cannot be fetched, the old one stays complete.
    """
    lab.sync()
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())
    path = "noble/amd64/20260102/squashfs"
    stream.files[path] = b"?" * len(stream.files[path])

    with pytest.raises(DigestMismatch):
        lab.sync()

    assert {FIRST: "complete", SECOND: "incomplete"} == lab.states()


def test_two_versions_are_kept_when_asked_for(lab: Region, stream: StreamSimulator) -> None:
    """
    A selection that keeps two keeps the two newest.
    """
    lab.select("ubuntu", "noble", keep=2)
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())

    lab.sync()

    assert {FIRST: "complete", SECOND: "complete"} == lab.states()


def test_a_shared_file_is_fetched_once(lab: Region, stream: StreamSimulator) -> None:
    """
    A squashfs that two kernels share is asked for once.
    """
    stream.add(kernel="hwe-24.04")
    stream.publish(lab.tomorrow())

    lab.sync()

    assert 1 == stream.requests.count("noble/amd64/20260101/squashfs")


def test_a_deselected_image_is_retired(lab: Region) -> None:
    """
    What nothing selects any more is retired, as soon as something else is selected.
    """
    lab.sync()
    lab.catalog.selections.remove(1)
    lab.select("debian", "*")

    lab.sync(allow_mass_removal=True)

    assert {FIRST: "retired"} == lab.states()


def test_what_vanishes_upstream_but_is_selected_stays(lab: Region, stream: StreamSimulator) -> None:
    """
    A product that its source no longer offers is kept, and the plan says why.
    """
    name = stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(lab.tomorrow())
    lab.sync()
    stream.drop(name)
    stream.publish(lab.tomorrow())

    reasons = {each.ref: each.reason for each in lab.plan().of(Action.KEEP)}

    assert "no longer offered, still selected" == reasons["ubuntu/jammy/amd64/ga-22.04@20260101"]


def test_one_missing_file_spoils_only_its_image(lab: Region, stream: StreamSimulator) -> None:
    """
    A 404 of one file leaves its version incomplete and completes the others; the run says partial.
    """
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(lab.tomorrow())
    del stream.files["noble/amd64/20260101/squashfs"]

    with pytest.raises(Partial, match="noble/amd64/20260101/squashfs"):
        lab.sync()

    assert {FIRST: "incomplete", "ubuntu/jammy/amd64/ga-22.04@20260101": "complete"} == lab.states()


def test_the_next_run_fetches_only_what_is_missing(lab: Region, stream: StreamSimulator) -> None:
    """
    After a run that lacked one file, the next one asks for that file alone.
    """
    path = "noble/amd64/20260101/squashfs"
    kept = stream.files.pop(path)
    with pytest.raises(BadStatus):
        lab.sync()
    stream.files[path] = kept
    stream.requests.clear()

    lab.sync()

    assert [stream.index_path, stream.products_path, path] == stream.requests


def test_a_cut_transfer_goes_on_where_it_was_cut(lab: Region, stream: StreamSimulator) -> None:
    """
    A connection that breaks in mid-file is resumed at the byte.
    """
    path = "noble/amd64/20260101/squashfs"
    stream.cuts[path] = [1000]

    lab.sync()

    assert [path] == stream.resumed


def test_a_file_spoilt_in_the_middle_of_a_resume_begins_again(lab: Region, stream: StreamSimulator) -> None:
    """
    When the part of an earlier run turns out wrong, the file is fetched once more from byte 0.
    """
    path = "noble/amd64/20260101/squashfs"
    good = stream.files[path]
    with lab.store.ingest(Digest.of(good), len(good)) as ingest:
        ingest.write(b"?" * 1000)

    lab.sync()

    assert {FIRST: "complete"} == lab.states()


def test_a_stop_keeps_what_came(lab: Region, stream: StreamSimulator) -> None:
    """
    A stopped sync raises, leaves nothing complete, and the next one finishes.
    """
    lab.stop.set()
    with pytest.raises(Stopped):
        lab.sync()
    lab.stop.clear()

    lab.sync()

    assert {FIRST: "complete"} == lab.states()


def test_two_syncs_at_once_are_one_and_a_refusal(lab: Region) -> None:
    """
    The second sync is told who holds the catalog.
    """
    with (
        lab.catalog.database.exclusive("sync", "process 7 on foundry"),
        pytest.raises(Busy, match="process 7"),
    ):
        lab.sync()


def test_a_sync_without_selection_says_what_to_do(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    Who selected nothing is told how to select.
    """
    with region(tmp_path, stream) as lab:
        lab.add(stream)

        with pytest.raises(NotFound, match="tundish select add"):
            lab.sync()


def test_without_the_last_selection_nothing_goes_by_itself(lab: Region) -> None:
    """
    A sync that would let go of everything held is refused, and everything stays.
    """
    lab.sync()
    lab.catalog.selections.remove(1)

    with pytest.raises(Conflict, match="--allow-mass-removal"):
        lab.sync()

    assert {FIRST: "complete"} == lab.states()


def test_without_the_last_selection_all_goes_if_that_is_wanted(lab: Region) -> None:
    """
    Who says so lets go of what nothing selects any more.
    """
    lab.sync()
    lab.catalog.selections.remove(1)

    lab.sync(allow_mass_removal=True)

    assert {FIRST: "retired"} == lab.states()


def test_what_is_deselected_goes_although_its_source_is_down(lab: Region, stream: StreamSimulator) -> None:
    """
    Nobody has to be asked about what nobody wants any more.
    """
    lab.sync()
    other = Source(source_name("other"), stream.url + "./", stream.keyring)
    lab.catalog.sources.add(other, lab.now)
    stream.files.update({f"./{path}": data for path, data in stream.files.items()})
    lab.catalog.selections.remove(1)
    lab.select("debian", "*")
    stream.failures[stream.index_path] = [Unreachable("down")] * 9

    with pytest.raises(Partial):
        lab.sync(allow_mass_removal=True)

    assert {FIRST: "retired"} == lab.states()


def test_what_was_retired_and_is_pinned_is_kept_by_the_next_sync(
    lab: Region, stream: StreamSimulator
) -> None:
    """
    Its line says why it stays; its state stays retired, so nothing boots or publishes it.
    """
    lab.sync()
    first = lab.catalog.images.find(FIRST)
    stream.products.clear()
    stream.add(version="20260102", items={"squashfs": b"new"})
    stream.publish(lab.tomorrow())
    lab.sync()
    lab.catalog.keeping.pin(first.id, pinned=True)

    kept = {each.ref: each.reason for each in lab.plan().of(Action.KEEP)}
    lab.sync()

    assert ("pinned", "retired") == (kept.get(FIRST), lab.states()[FIRST])


def test_a_damaged_blob_is_fetched_again(lab: Region, stream: StreamSimulator) -> None:
    """
    A blob that went missing makes its version's files come again, and nothing else.
    """
    lab.sync()
    digest = min(items(stream, "20260101"))
    lab.store.remove(Digest(digest))

    lab.sync()

    assert items(stream, "20260101") == lab.blobs()


def test_progress_adds_up_to_the_plan(lab: Region) -> None:
    """
    The bytes a watcher is told of are the bytes of the plan.
    """
    expected = lab.plan().fetch_bytes

    lab.sync()

    assert expected == lab.watch.bytes


def test_a_job_is_left_behind(lab: Region) -> None:
    """
    Each sync is a row that says how it ended.
    """
    lab.sync()

    assert [("sync", "done")] == [(job.kind, job.outcome) for job in lab.catalog.jobs.list()]
