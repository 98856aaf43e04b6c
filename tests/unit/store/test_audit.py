"""
Every damaged blob is found and named, and nothing is deleted.
"""

from pathlib import Path
from typing import BinaryIO

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, StorageError
from tundish.store.audit import Fault, Report, Usage, usage, verify
from tundish.store.blobs import Blob
from tundish.store.local import LocalStore
from tundish.store.memory import MemoryStore

CONTENTS = [b"ingot %d" % number for number in range(5)]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path)
    for content in CONTENTS:
        store.add([content])
    return store


def damage(store: LocalStore, content: bytes, found: bytes) -> Blob:
    """
    Put other bytes into the file of a blob, as a failing disk would.
    """
    path = store.local_path(Digest.of(content))
    path.unlink()
    path.write_bytes(found)
    return Blob(Digest.of(content), len(found))


def test_a_sound_store_has_nothing_to_report(store: LocalStore) -> None:
    """
    All blobs and bytes were looked at, and none is damaged.
    """
    assert Report(5, 35, ()) == verify(store)


def test_a_sound_report_says_so(store: LocalStore) -> None:
    """
    One word for those who only want to know whether all is well.
    """
    assert verify(store).is_sound


def test_all_damage_is_reported_not_only_the_first(store: LocalStore) -> None:
    """
    A flipped bit, a lost end and an added tail are each found, with the length and digest found.
    """
    found = {b"ingot 0": b"ingot 8", b"ingot 1": b"ing", b"ingot 2": b"ingot 2 and more"}
    blobs = {damage(store, content, other): Digest.of(other) for content, other in found.items()}

    report = verify(store)

    assert {(blob, Fault.OTHER_BYTES, actual) for blob, actual in blobs.items()} == {
        (finding.blob, finding.fault, finding.actual) for finding in report.damaged
    }


def test_damage_is_told_in_words(store: LocalStore) -> None:
    """
    The detail names the blob, its length and what its bytes really are.
    """
    damage(store, b"ingot 3", b"ing")

    (finding,) = verify(store).damaged
    assert f"{Digest.of(b'ingot 3')} has other bytes: 3, with digest {Digest.of(b'ing')}" == finding.detail


def test_nothing_is_deleted_or_moved_unasked(store: LocalStore) -> None:
    """
    Verifying alone leaves a damaged blob where it is.
    """
    blob = damage(store, b"ingot 3", b"ing")

    verify(store)

    assert blob in list(store.walk())


def test_damaged_blobs_are_quarantined_on_demand(store: LocalStore) -> None:
    """
    With `quarantine`, exactly the damaged blobs are taken out of sight, and the report says so.
    """
    blob = damage(store, b"ingot 3", b"ing")

    report = verify(store, quarantine=True)

    assert ([(blob, True)], 4, False) == (
        [(finding.blob, finding.quarantined) for finding in report.damaged],
        len(list(store.walk())),
        store.has(blob.digest),
    )


def test_progress_hears_of_every_blob(store: LocalStore) -> None:
    """
    Sound or damaged, each blob is announced once it was looked at, in order.
    """
    damage(store, b"ingot 3", b"ing")
    heard: list[Blob] = []

    verify(store, progress=heard.append)

    assert list(store.walk()) == heard


class FailingStore(MemoryStore):
    """
    A store whose blobs cannot be opened.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def open(self, digest: Digest) -> BinaryIO:
        raise self.error

    def quarantine(self, digest: Digest) -> None:
        raise StorageError(f"{digest}: Read-only file system")


@pytest.mark.parametrize("error", [StorageError("bad sector"), OSError(5, "bad sector")])
def test_an_unreadable_blob_is_a_finding(error: Exception) -> None:
    """
    A disk that cannot give the bytes does not end the search.
    """
    store = FailingStore(error)
    for content in CONTENTS:
        store.add([content])

    report = verify(store)

    assert (5, {(Fault.UNREADABLE, None, True)}) == (
        len(report.damaged),
        {(finding.fault, finding.actual, "bad sector" in finding.detail) for finding in report.damaged},
    )


def test_a_blob_that_cannot_be_quarantined_is_still_reported() -> None:
    """
    A disk that allows no rename leaves the finding, which says so.
    """
    store = FailingStore(StorageError("bad sector"))
    store.add([CONTENTS[0]])

    (finding,) = verify(store, quarantine=True).damaged
    assert (False, True) == (
        finding.quarantined,
        finding.detail.endswith(
            "could not be quarantined: " + f"{finding.blob.digest}: Read-only file system"
        ),
    )


def test_a_blob_removed_while_we_look_is_no_damage() -> None:
    """
    What somebody swept meanwhile is neither counted nor reported.
    """
    store = FailingStore(BlobMissing())
    store.add([CONTENTS[0]])

    assert Report(0, 0, ()) == verify(store)


def test_usage_counts_what_is_held_and_what_is_coming() -> None:
    """
    Blobs, bytes, unfinished blobs, their bytes and the room left, each on its own.
    """
    store = MemoryStore(limit=100)
    store.add([bytes(30)])
    with store.ingest(Digest.of(bytes(50)), 50) as coming:
        coming.write(bytes(20))

    assert Usage(blobs=1, bytes=30, unfinished=1, unfinished_bytes=20, free=50) == usage(store)
