"""
What every blob store keeps, whatever it is made of: the promises of `store.blobs`, as facts.

Covers `store.promise` and `store.memory` entirely; what only a folder does is in `tests/unit/store`.
"""

import io
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tundish.core.clock import now
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Busy, Conflict, DigestMismatch, InputError, NoSpace, SizeMismatch
from tundish.store.blobs import Blob, BlobJanitor, Ingest
from tundish.store.local import LocalStore
from tundish.store.memory import MemoryStore

CONTENT = b"molten steel"
NAME = Digest.of(CONTENT)
OTHER = b"molten slag."  # of the same length
OTHER_NAME = Digest.of(b"upload 2")
ROOM = 1024 * 1024


@pytest.fixture(params=["local", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobJanitor:
    return LocalStore(tmp_path / "store") if request.param == "local" else MemoryStore()


@pytest.fixture(params=["local", "memory"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobJanitor]:
    """
    A store with room for `ROOM` bytes.
    """
    if request.param == "memory":
        yield MemoryStore(limit=ROOM)
        return
    mounted = tmp_path / "small"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root and the right to mount a tmpfs")
    try:
        yield LocalStore(mounted / "store")
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def put(blobs: BlobJanitor, content: bytes) -> Digest:
    name = Digest.of(content)
    with blobs.ingest(name, len(content)) as coming:
        coming.write(content)
        coming.commit()
    return name


def begin(blobs: BlobJanitor, part: bytes, *, name: Digest = NAME, size: int = len(CONTENT)) -> None:
    """
    An attempt that ends before its commit.
    """
    with blobs.ingest(name, size) as coming:
        coming.write(part)


def take_in(blobs: BlobJanitor, content: bytes, *, as_name: Digest = NAME, size: int = len(CONTENT)) -> None:
    """
    A whole attempt, byte by byte, under a name and length that may be a lie.
    """
    with blobs.ingest(as_name, size) as coming:
        for number in range(len(content)):
            coming.write(content[number : number + 1])
        coming.commit()


def held(blobs: BlobJanitor) -> list[bytes]:
    return [read(blobs, blob.digest) for blob in blobs.walk()]


def read(blobs: BlobJanitor, name: Digest) -> bytes:
    with blobs.open(name) as content:
        return content.read()


def test_what_was_committed_is_held(blobs: BlobJanitor) -> None:
    """
    A committed blob is there with its name, length and bytes, and nothing of it is unfinished.
    """
    put(blobs, CONTENT)

    assert (True, len(CONTENT), CONTENT, []) == (
        blobs.has(NAME),
        blobs.size(NAME),
        read(blobs, NAME),
        list(blobs.unfinished()),
    )


def test_a_blob_may_come_in_many_pieces(blobs: BlobJanitor) -> None:
    """
    It does not matter how the bytes are cut.
    """
    take_in(blobs, CONTENT)

    assert CONTENT == read(blobs, NAME)


def test_an_empty_blob_is_a_blob(blobs: BlobJanitor) -> None:
    """
    Nothing at all has a name too, and can be held.
    """
    take_in(blobs, b"", as_name=Digest.of(b""), size=0)

    assert [Blob(Digest.of(b""), 0)] == list(blobs.walk())


@pytest.mark.parametrize("ask", ["size", "open", "local_path"])
def test_what_is_not_held_is_missing(blobs: BlobJanitor, ask: str) -> None:
    """
    Asking for a blob that is not held says its name and what to do.
    """
    with pytest.raises(BlobMissing, match=f"does not hold {NAME}; run `tundish store repair`"):
        getattr(blobs, ask)(NAME)


def test_what_is_not_held_is_not_there(blobs: BlobJanitor) -> None:
    """
    `has` is an answer, not an error.
    """
    assert not blobs.has(NAME)


def test_a_lie_leaves_no_trace(blobs: BlobJanitor) -> None:
    """
    Bytes that do not match the promised digest are refused and not kept.
    """
    with pytest.raises(DigestMismatch, match=str(NAME)):
        take_in(blobs, OTHER)

    assert ([], []) == (list(blobs.walk()), list(blobs.unfinished()))


def test_too_few_bytes_leave_no_trace(blobs: BlobJanitor) -> None:
    """
    A blob that is committed short of its promised length is refused and not kept.
    """
    with pytest.raises(SizeMismatch, match="6 bytes came, promised were 12"):
        take_in(blobs, CONTENT[:6])

    assert ([], []) == (list(blobs.walk()), list(blobs.unfinished()))


def test_too_many_bytes_leave_no_trace(blobs: BlobJanitor) -> None:
    """
    The first byte over the promised length ends it, and nothing is kept.
    """
    with pytest.raises(SizeMismatch, match="13 bytes came, promised were 12"):
        take_in(blobs, CONTENT + b"! and more")

    assert ([], []) == (list(blobs.walk()), list(blobs.unfinished()))


def test_after_a_lie_the_truth_is_taken(blobs: BlobJanitor) -> None:
    """
    The attempt that was refused can begin again in the same context.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(OTHER)
        with suppress(DigestMismatch):
            coming.commit()
        coming.write(CONTENT)
        coming.commit()

    assert [CONTENT] == held(blobs)


def test_a_half_written_blob_is_invisible(blobs: BlobJanitor) -> None:
    """
    Until it is committed, a blob can be neither seen nor counted, even when all bytes are there.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT)

        assert (False, []) == (blobs.has(NAME), list(blobs.walk()))


def test_an_unfinished_blob_is_resumed(blobs: BlobJanitor) -> None:
    """
    The next attempt begins with the bytes of the last one and needs only the rest.
    """
    begin(blobs, CONTENT[:7])

    with blobs.ingest(NAME, len(CONTENT)) as coming:
        found = coming.size
        coming.write(CONTENT[7:])
        coming.commit()

    assert (7, CONTENT) == (found, read(blobs, NAME))


def test_a_part_survives_an_error_of_the_caller(blobs: BlobJanitor) -> None:
    """
    What came before a failed transfer is kept.
    """
    with suppress(ConnectionError), blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT[:5])
        raise ConnectionError

    assert [Blob(NAME, 5)] == list(blobs.unfinished())


def test_restarting_begins_at_byte_0(blobs: BlobJanitor) -> None:
    """
    After `restart` nothing of the earlier bytes counts.
    """
    begin(blobs, OTHER[:9])

    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.restart()
        found = coming.size
        coming.write(CONTENT)
        coming.commit()

    assert (0, [CONTENT]) == (found, held(blobs))


def test_a_complete_part_with_other_bytes_is_begun_anew(blobs: BlobJanitor) -> None:
    """
    A part of full length that can never come true is not offered for resuming.
    """
    begin(blobs, OTHER)

    with blobs.ingest(NAME, len(CONTENT)) as coming:
        assert 0 == coming.size


def test_a_complete_part_with_the_right_bytes_only_needs_its_commit(blobs: BlobJanitor) -> None:
    """
    Nothing is fetched twice when only the commit was missing.
    """
    begin(blobs, CONTENT)

    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.commit()

    assert [CONTENT] == held(blobs)


def test_a_part_longer_than_promised_is_begun_anew(blobs: BlobJanitor) -> None:
    """
    A part of an earlier, longer promise is dropped.
    """
    begin(blobs, b"x" * 20, size=30)

    with blobs.ingest(NAME, len(CONTENT)) as coming:
        assert 0 == coming.size


def test_an_attempt_without_bytes_leaves_nothing(blobs: BlobJanitor) -> None:
    """
    Beginning alone is not yet an unfinished blob.
    """
    with blobs.ingest(NAME, len(CONTENT)):
        pass

    assert [] == list(blobs.unfinished())


def test_nobody_takes_in_what_another_is_taking_in(blobs: BlobJanitor) -> None:
    """
    The second writer of a blob is turned away while the first is at work.
    """
    with (
        blobs.ingest(NAME, len(CONTENT)),
        pytest.raises(Busy, match=NAME.hex),
        blobs.ingest(NAME, len(CONTENT)),
    ):
        pass


def test_being_turned_away_harms_nobody(blobs: BlobJanitor) -> None:
    """
    The first writer goes on as if the second had never come.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT[:3])
        with suppress(Busy), blobs.ingest(NAME, len(CONTENT)):
            pass
        coming.write(CONTENT[3:])
        coming.commit()

    assert [CONTENT] == held(blobs)


def test_a_blob_is_free_again_after_a_failed_attempt(blobs: BlobJanitor) -> None:
    """
    Leaving the context lets the next writer in.
    """
    with suppress(DigestMismatch):
        take_in(blobs, OTHER)

    put(blobs, CONTENT)

    assert [CONTENT] == held(blobs)


def test_taking_in_a_known_blob_changes_nothing(blobs: BlobJanitor) -> None:
    """
    Ingesting what is held is accepted, and the store is as before.
    """
    put(blobs, CONTENT)
    put(blobs, CONTENT)

    assert ([CONTENT], []) == (held(blobs), list(blobs.unfinished()))


def test_a_lie_about_a_known_blob_does_not_touch_it(blobs: BlobJanitor) -> None:
    """
    A refused attempt leaves the blob that is held under the same name.
    """
    put(blobs, CONTENT)

    with suppress(DigestMismatch):
        take_in(blobs, OTHER)

    assert ([CONTENT], []) == (held(blobs), list(blobs.unfinished()))


@pytest.mark.parametrize("late", [lambda i: i.write(b""), lambda i: i.commit(), lambda i: i.restart()])
def test_a_committed_blob_cannot_be_changed(blobs: BlobJanitor, late: Callable[[Ingest], None]) -> None:
    """
    After `commit` an ingest does nothing more.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT)
        coming.commit()

        with pytest.raises(Conflict, match="committed already"):
            late(coming)


def test_a_negative_length_makes_no_sense(blobs: BlobJanitor) -> None:
    """
    A length below zero is refused before anything is done.
    """
    with pytest.raises(InputError, match="cannot have -1 bytes"), blobs.ingest(NAME, -1):
        pass


def test_bytes_without_a_name_get_one(blobs: BlobJanitor) -> None:
    """
    `add` names what it takes in.
    """
    added = blobs.add([CONTENT[:4], b"", CONTENT[4:]])

    assert (Blob(NAME, len(CONTENT)), [CONTENT]) == (added, held(blobs))


def test_adding_nothing_adds_the_empty_blob(blobs: BlobJanitor) -> None:
    """
    No chunks are bytes too: none.
    """
    assert Blob(Digest.of(b""), 0) == blobs.add([])


def test_adding_known_bytes_changes_nothing(blobs: BlobJanitor) -> None:
    """
    The same bytes added twice are one blob.
    """
    blobs.add([CONTENT])

    assert (Blob(NAME, len(CONTENT)), [CONTENT]) == (blobs.add([CONTENT]), held(blobs))


def test_adding_what_is_being_taken_in_disturbs_nobody(blobs: BlobJanitor) -> None:
    """
    Bytes may be added while another writer takes in the same blob by name.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT[:4])
        blobs.add([CONTENT])
        coming.write(CONTENT[4:])
        coming.commit()

    assert ([CONTENT], []) == (held(blobs), list(blobs.unfinished()))


def test_a_broken_stream_of_unknown_bytes_leaves_nothing(blobs: BlobJanitor) -> None:
    """
    `add` keeps nothing when its input fails.
    """

    def broken() -> Iterator[bytes]:
        yield CONTENT
        raise ConnectionError

    with suppress(ConnectionError):
        blobs.add(broken())

    assert ([], []) == (list(blobs.walk()), list(blobs.unfinished()))


def test_the_walk_is_in_order(blobs: BlobJanitor) -> None:
    """
    Blobs come in order of digest, each with its length.
    """
    contents = [b"%d" % number for number in range(40)]
    for content in contents:
        put(blobs, content)

    expected = [Blob(name, len(content)) for name, content in sorted((Digest.of(c), c) for c in contents)]
    assert expected == list(blobs.walk())


def test_the_stamp_stays_while_nothing_changes(blobs: BlobJanitor) -> None:
    """
    Taking in what is held, and looking, leaves the stamp as it was.
    """
    put(blobs, CONTENT)
    before = blobs.stamp()

    blobs.add([CONTENT])
    list(blobs.walk())

    assert before == blobs.stamp()


def test_the_stamp_changes_with_what_is_held(blobs: BlobJanitor) -> None:
    """
    A blob that comes, goes or is put away makes another stamp.
    """
    stamps = [blobs.stamp()]
    for content in (CONTENT, OTHER):
        put(blobs, content)
        stamps.append(blobs.stamp())
    blobs.quarantine(NAME)
    stamps.append(blobs.stamp())

    assert 4 == len(set(stamps))


def test_the_stamp_comes_back_with_what_is_held(blobs: BlobJanitor) -> None:
    """
    What came and went leaves no trace in the stamp.
    """
    put(blobs, OTHER)
    before = blobs.stamp()

    put(blobs, CONTENT)
    blobs.remove(NAME)

    assert before == blobs.stamp()


def test_a_walk_may_remove_as_it_goes(blobs: BlobJanitor) -> None:
    """
    Sweeping while walking is safe and reaches everything.
    """
    for number in range(10):
        put(blobs, b"%d" % number)

    for blob in blobs.walk():
        blobs.remove(blob.digest)

    assert [] == list(blobs.walk())


def test_a_removed_blob_is_gone(blobs: BlobJanitor) -> None:
    """
    What was removed is no longer held; the rest is.
    """
    put(blobs, CONTENT)
    put(blobs, OTHER)

    blobs.remove(NAME)

    assert [OTHER] == held(blobs)


def test_who_reads_a_blob_reads_it_to_its_end(blobs: BlobJanitor) -> None:
    """
    Removing a blob does not cut off an open reader.
    """
    put(blobs, CONTENT)

    with blobs.open(NAME) as content:
        blobs.remove(NAME)

        assert CONTENT == content.read()


@pytest.mark.parametrize("verb", ["remove", "discard", "quarantine"])
def test_clearing_away_nothing_changes_nothing(blobs: BlobJanitor, verb: str) -> None:
    """
    Removing, discarding or quarantining what is not there is no error.
    """
    put(blobs, OTHER)

    getattr(blobs, verb)(NAME)

    assert ([OTHER], []) == (held(blobs), list(blobs.unfinished()))


def test_unfinished_blobs_are_listed_in_order(blobs: BlobJanitor) -> None:
    """
    Each unfinished blob is named as it was promised, with the bytes that have come.
    """
    names = [Digest.of(b"%d" % number) for number in range(5)]
    for name in names:
        begin(blobs, b"x" * 7, name=name, size=100)

    assert [Blob(name, 7) for name in sorted(names)] == list(blobs.unfinished())


def test_a_discarded_part_is_gone(blobs: BlobJanitor) -> None:
    """
    After `discard` the next attempt begins at byte 0.
    """
    begin(blobs, CONTENT[:5])

    blobs.discard(NAME)

    assert [] == list(blobs.unfinished())


def test_a_part_that_is_being_written_is_not_discarded(blobs: BlobJanitor) -> None:
    """
    `discard` does not pull a part from under its writer.
    """
    with blobs.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT[:5])
        with pytest.raises(Busy):
            blobs.discard(NAME)

    assert [Blob(NAME, 5)] == list(blobs.unfinished())


def test_a_quarantined_blob_is_out_of_sight(blobs: BlobJanitor) -> None:
    """
    What is in quarantine is neither held nor walked.
    """
    put(blobs, CONTENT)

    blobs.quarantine(NAME)

    assert (False, []) == (blobs.has(NAME), list(blobs.walk()))


def test_a_quarantined_blob_can_be_taken_in_again(blobs: BlobJanitor) -> None:
    """
    Quarantine makes room for good bytes of the same name, as often as need be.
    """
    for _ in range(2):
        put(blobs, CONTENT)
        blobs.quarantine(NAME)

    put(blobs, CONTENT)

    assert [CONTENT] == held(blobs)


def test_an_opened_blob_can_be_sought(blobs: BlobJanitor) -> None:
    """
    A reader may go to any place.
    """
    put(blobs, CONTENT)

    with blobs.open(NAME) as content:
        content.seek(7)

        assert b"steel" == content.read()


def test_an_opened_blob_cannot_be_written(blobs: BlobJanitor) -> None:
    """
    A reader has no way to change a blob.
    """
    put(blobs, CONTENT)

    with blobs.open(NAME) as content, pytest.raises(io.UnsupportedOperation):
        content.write(b"x")


def test_a_local_path_holds_the_bytes(blobs: BlobJanitor) -> None:
    """
    Where there is a file to hand to the kernel, it is the blob.
    """
    put(blobs, CONTENT)

    path = blobs.local_path(NAME)

    assert path is None or CONTENT == path.read_bytes()


def test_an_exported_blob_is_a_read_only_file(blobs: BlobJanitor, tmp_path: Path) -> None:
    """
    The bytes stand at the target, and nobody is invited to write them.
    """
    put(blobs, CONTENT)

    blobs.export(NAME, tmp_path / "out")

    target = tmp_path / "out"
    assert (CONTENT, 0o444) == (target.read_bytes(), target.stat().st_mode & 0o777)


def test_an_export_replaces_nothing(blobs: BlobJanitor, tmp_path: Path) -> None:
    """
    What stands at the target is left as it is, and the message says what to do.
    """
    put(blobs, CONTENT)
    target = tmp_path / "out"
    target.write_bytes(b"mine")

    with pytest.raises(Conflict, match="out exists already; it was left as it is: remove it"):
        blobs.export(NAME, target)

    assert b"mine" == target.read_bytes()


def test_what_is_not_held_cannot_be_exported(blobs: BlobJanitor, tmp_path: Path) -> None:
    """
    A missing blob leaves no file behind.
    """
    with pytest.raises(BlobMissing):
        blobs.export(NAME, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_many_threads_commit_side_by_side(blobs: BlobJanitor) -> None:
    """
    Eight threads take in two hundred blobs, and each is held once.
    """
    contents = [b"%d" % number for number in range(200)]

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda content: put(blobs, content), contents))

    assert sorted(names) == [blob.digest for blob in blobs.walk()]


def test_many_threads_fight_for_one_blob(blobs: BlobJanitor) -> None:
    """
    However many take in the same blob at once, it is held whole and nothing is left over.
    """

    def attempt(_: int) -> None:
        with suppress(Busy):
            put(blobs, CONTENT)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(200)))

    assert ([CONTENT], []) == (held(blobs), list(blobs.unfinished()))


def test_a_full_store_keeps_what_came(small: BlobJanitor) -> None:
    """
    When the space runs out, the bytes that went in are kept for the next attempt, and none are visible.
    """
    content = bytes(ROOM) * 2
    with pytest.raises(NoSpace, match=r"no space left in .*; free some or move the state"):
        begin(small, content, name=Digest.of(content), size=len(content))

    kept = [blob.size for blob in small.unfinished()]
    assert (1, True, []) == (len(kept), 0 < kept[0] <= ROOM, list(small.walk()))


def test_a_full_store_goes_on_once_there_is_room(small: BlobJanitor) -> None:
    """
    After something was removed, the unfinished blob is completed from where it stopped.
    """
    filler = put(small, b"f" * (ROOM // 2))
    content = os.urandom(ROOM * 3 // 4)
    name = Digest.of(content)
    with suppress(NoSpace), small.ingest(name, len(content)) as coming:
        coming.write(content)
    small.remove(filler)

    with small.ingest(name, len(content)) as coming:
        came = coming.size
        coming.write(content[came:])
        coming.commit()

    assert (True, [content]) == (came > 0, held(small))


def test_unknown_bytes_that_do_not_fit_leave_nothing(small: BlobJanitor) -> None:
    """
    `add` keeps nothing when the space runs out: the room is there again.
    """
    before = small.free()
    with pytest.raises(NoSpace):
        small.add([bytes(ROOM // 2)] * 3)

    assert ([], before) == (list(small.unfinished()), small.free())


def test_free_space_shrinks_by_what_is_held(small: BlobJanitor) -> None:
    """
    What is taken in no longer fits a second time.
    """
    before = small.free()
    put(small, bytes(ROOM // 2))

    after = small.free()
    assert ROOM // 2 == (before or 0) - (after or 0)


def test_a_store_without_a_limit_does_not_know_its_end() -> None:
    """
    Memory without a limit says None, not a number it made up.
    """
    assert MemoryStore().free() is None


def test_a_blob_says_since_when_it_is_there(blobs: BlobJanitor) -> None:
    """
    Whole, on its way or in quarantine: the moment of its last byte, which has passed.
    """
    began = now() - timedelta(seconds=5)  # a file system may count in whole seconds
    put(blobs, CONTENT)
    begin(blobs, b"part", name=Digest.of(b"other"))
    moments = [blob.since for group in (blobs.walk(), blobs.unfinished()) for blob in group]
    blobs.quarantine(NAME)
    moments += [blob.since for blob in blobs.quarantined()]

    assert [True] * 3 == [each is not None and began <= each <= now() for each in moments]


def test_what_is_in_quarantine_is_listed(blobs: BlobJanitor) -> None:
    """
    By the name it had, with the length it has.
    """
    put(blobs, CONTENT)
    blobs.quarantine(NAME)

    assert [Blob(NAME, len(CONTENT))] == list(blobs.quarantined())


def test_what_a_store_made_is_not_foreign(blobs: BlobJanitor) -> None:
    """
    Blobs, parts and quarantine are its own.
    """
    put(blobs, CONTENT)
    begin(blobs, b"part", name=Digest.of(b"other"))
    blobs.quarantine(put(blobs, b"third"))

    assert [] == list(blobs.foreign())


def test_bytes_without_a_name_get_that_of_their_content(blobs: BlobJanitor) -> None:
    """
    They may come in several attempts, and are named at their end.
    """
    for piece in (CONTENT[:5], CONTENT[5:]):
        with blobs.receive(Digest.of(b"upload 1")) as receipt:
            receipt.write(piece)
            receipt.sync()
    with blobs.receive(Digest.of(b"upload 1")) as receipt:
        receipt.commit()

    assert [Blob(NAME, len(CONTENT))] == list(blobs.walk())


def test_bytes_without_a_name_that_are_others_leave_nothing(blobs: BlobJanitor) -> None:
    """
    Where a digest was expected, other bytes are dropped.
    """
    with suppress(DigestMismatch), blobs.receive(Digest.of(b"upload 1")) as receipt:
        receipt.write(OTHER)
        receipt.commit(NAME)

    assert ([], []) == (list(blobs.walk()), list(blobs.unfinished()))


def test_only_one_writes_bytes_without_a_name(blobs: BlobJanitor) -> None:
    """
    A second writer of the same upload is told so.
    """
    with blobs.receive(NAME), pytest.raises(Busy), blobs.receive(NAME):
        pass


def test_bytes_that_another_changed_meanwhile_are_hashed_anew(tmp_path: Path) -> None:
    """
    What a store remembers of a part does not count once the file is another.
    """
    store, other = LocalStore(tmp_path / "store"), LocalStore(tmp_path / "store")
    for each, piece in ((store, CONTENT[:4]), (other, CONTENT[4:8]), (store, CONTENT[8:])):
        with each.receive(OTHER_NAME) as receipt:
            receipt.write(piece)
    with store.receive(OTHER_NAME) as receipt:
        assert NAME == receipt.commit().digest
