"""
What a sync asks of its sources, what it keeps of them, and when there is nothing to do at all.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.errors import BadSignature, BadStatus, Expired, Gone, UnknownSigner, Unreachable
from tundish.core.lifecycle import State
from tundish.core.selection import Fetching, Selection, Source
from tundish.fetch.fetcher import Answer, Fetched, Fetcher
from tundish.sync import catalogue, run
from tundish.sync.sources import Wish

NOBLE = "ubuntu/noble/amd64/ga-24.04"


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
    """
    A region that has synced the one image of its source, so that nothing is left to do.
    """
    with region(tmp_path / "region", stream) as made:
        made.add(stream)
        made.select()
        made.sync()
        stream.requests.clear()
        yield made


def is_planned(lab: Region) -> bool:
    """
    Sync, and say whether a plan had to be made for it.
    """
    plans: list[run.Prepared] = []
    run.sync(lab.desk(), watch=lab.watch, stop=lab.stop, planned=plans.append)
    return bool(plans)


def source(lab: Region) -> Source:
    return lab.catalog.sources.get(SOURCE)


def known(lab: Region) -> list[str]:
    """
    What the source is known to offer, without asking it.
    """
    return [product.ref for product in catalogue.known(lab.desk(), source(lab)).products]


# ---- nothing changed


def test_an_unchanged_source_is_only_asked_whether_it_changed(lab: Region, stream: StreamSimulator) -> None:
    """
    The second sync asks for index and products file, and gets neither.
    """
    lab.sync()

    documents = [stream.index_path, stream.products_path]
    assert (documents, documents) == (stream.requests, stream.unchanged)


def test_nothing_is_planned_when_nothing_changed(lab: Region) -> None:
    """
    The second sync ends before it makes a plan, and so does the third.
    """
    assert [False, False] == [is_planned(lab), is_planned(lab)]


def test_a_quiet_sync_is_a_job_like_any_other(lab: Region) -> None:
    """
    That there was nothing to do is noted, and that the source was read.
    """
    lab.tomorrow()
    lab.sync()

    marks = lab.catalog.sources.seen(SOURCE).values()
    assert (["done", "done"], {lab.now}) == (
        [job.outcome for job in lab.catalog.jobs.list()],
        {mark.at for mark in marks},
    )


def lose_a_blob(lab: Region) -> None:
    lab.store.remove(next(lab.store.walk()).digest)


CHANGES: dict[str, Callable[[Region], object]] = {
    "another selection": lambda lab: lab.catalog.selections.add(Selection("ubuntu", "noble"), lab.now),
    "another source": lambda lab: lab.catalog.sources.replace(replace(source(lab), priority=3)),
    "a damaged image": lambda lab: lab.catalog.images.move(
        [each.id for each in lab.catalog.images.list()], State.DAMAGED, lab.now
    ),
    "a lost blob": lose_a_blob,
    "forgotten documents": lambda lab: lab.catalog.documents.forget(SOURCE),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_here_is_looked_at(lab: Region, change: Callable[[Region], object]) -> None:
    """
    A change on our side makes the next sync plan again, though the source is the same.
    """
    change(lab)

    assert is_planned(lab)


def test_what_changed_there_is_looked_at(lab: Region, stream: StreamSimulator) -> None:
    """
    A new version makes the next sync plan again, and the one after it not.
    """
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())

    assert [True, False] == [is_planned(lab), is_planned(lab)]


def test_a_changed_document_comes_once(lab: Region, stream: StreamSimulator) -> None:
    """
    Asking whether a document changed and reading it is one request.
    """
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())
    lab.sync()

    assert [stream.index_path, stream.products_path] == [
        path for path in stream.requests if path.startswith("streams/")
    ]


def test_a_source_that_cannot_say_is_read_every_time(tmp_path: Path, stream: StreamSimulator) -> None:
    """
    Without ETag and date a source's documents come whole, and are looked at.
    """
    stream.validates = False
    with region(tmp_path / "region", stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()

        assert is_planned(lab)


def test_a_failed_sync_is_no_rest(lab: Region, stream: StreamSimulator) -> None:
    """
    What is missing after a sync is tried again by the next, though no document changed.
    """
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())
    path = "noble/amd64/20260102/squashfs"
    stream.failures[path] = [Gone("not there", status=404)]
    with pytest.raises(Gone):
        lab.sync()

    lab.sync()

    assert "complete" == lab.states()[f"{NOBLE}@20260102"]


def test_an_expired_signature_ends_the_rest(tmp_path: Path) -> None:
    """
    Unchanged documents are not believed any longer than their signature says.
    """
    stream = StreamSimulator(key().signer(at=MADE_AT, expires_days=30_000))
    stream.add()
    stream.publish(MADE_AT)
    with region(tmp_path / "region", stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()
        quiet = is_planned(lab)
        lab.now = MADE_AT + timedelta(days=30_001)

        with pytest.raises(Expired):
            lab.sync()
    assert not quiet


def test_an_index_that_names_the_bytes_spares_the_question(tmp_path: Path) -> None:
    """
    Of a products file whose digest stands in the index, only the index is asked for.
    """
    stream = StreamSimulator()
    stream.add()
    stream.publish(DAY)
    chained(stream)
    with region(tmp_path / "region", stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()
        stream.requests.clear()
        lab.sync()

    assert [stream.index_path] == stream.requests


def chained(stream: StreamSimulator) -> None:
    """
    Write the digest of the products file into an unsigned index.
    """
    digest = hashlib.sha256(stream.files[stream.products_path]).hexdigest()
    text = stream.files[stream.index_path].decode()
    stream.files[stream.index_path] = text.replace(
        '"format": "products:1.0"', f'"sha256": "{digest}", "format": "products:1.0"'
    ).encode()


# ---- what is kept


def test_what_was_verified_is_what_is_kept(lab: Region, stream: StreamSimulator) -> None:
    """
    Index and products file are kept byte for byte, as they were signed.
    """
    kept = lab.catalog.documents.of(SOURCE)

    assert {path: stream.files[path] for path in (stream.index_path, stream.products_path)} == {
        path: each.body for path, each in kept.items()
    }


def test_what_a_source_offered_is_known_without_it(lab: Region, stream: StreamSimulator) -> None:
    """
    The catalogue is read back without a request.
    """
    assert ([NOBLE], []) == (known(lab), stream.requests)


def test_an_unreachable_source_leaves_the_last_known(lab: Region, stream: StreamSimulator) -> None:
    """
    A source that cannot be read is still known as it was.
    """
    stream.failures[stream.index_path] = [Unreachable("down")] * 3
    with pytest.raises(Unreachable):
        lab.sync()

    assert [NOBLE] == known(lab)


def test_what_is_kept_is_verified_again(lab: Region) -> None:
    """
    A keyring that does not fit any more makes the kept catalogue worthless.
    """
    lab.catalog.sources.replace(replace(source(lab), keyring=key("foreign").keyring))

    with pytest.raises(UnknownSigner):
        known(lab)


def test_what_was_changed_on_disk_is_not_believed(lab: Region) -> None:
    """
    Bytes of a kept document that somebody changed do not pass its signature.
    """
    kept = lab.catalog.documents.of(SOURCE)
    bent = [
        replace(each, body=each.body.replace(b"noble", b"nobel"), read_at=lab.tomorrow())
        for each in kept.values()
    ]
    lab.catalog.documents.keep(SOURCE, bent, ())

    with pytest.raises(BadSignature):
        known(lab)


def test_only_keys_that_are_allowed_may_sign(lab: Region) -> None:
    """
    A source narrowed to one fingerprint refuses what another key of its keyring signed.
    """
    both = key("foreign").keyring + key().keyring
    lab.catalog.sources.replace(replace(source(lab), keyring=both, signers=(key("foreign").fingerprint,)))

    with pytest.raises(UnknownSigner, match="not among the keys allowed"):
        lab.sync()


# ---- a source that suddenly offers nothing


def emptied(lab: Region, stream: StreamSimulator) -> None:
    stream.products.clear()
    stream.publish(lab.tomorrow())


def test_an_emptied_source_is_not_obeyed(lab: Region, stream: StreamSimulator) -> None:
    """
    What is held of a source that suddenly offers nothing stays, and the plan says why.
    """
    emptied(lab, stream)

    assert ["its source suddenly offers nothing"] == [each.reason for each in lab.plan().versions]


def test_an_emptied_source_is_told_of(lab: Region, stream: StreamSimulator) -> None:
    """
    There is an event, and a remark beside the plan.
    """
    emptied(lab, stream)
    prepared = run.prepare(lab.desk())
    lab.sync()

    assert ("source-emptied", True) == (
        lab.catalog.events.list()[0].kind,
        "suddenly offers nothing" in prepared.offers[0].remarks[0].text,
    )


def test_an_emptied_source_is_known_as_it_was(lab: Region, stream: StreamSimulator) -> None:
    """
    The empty catalogue does not take the place of the last one, neither by a sync nor by a refresh.
    """
    emptied(lab, stream)
    lab.sync()
    catalogue.refresh(lab.desk(), source(lab))

    assert [NOBLE] == known(lab)


def test_an_emptied_source_is_no_rest(lab: Region, stream: StreamSimulator) -> None:
    """
    The next sync looks again.
    """
    emptied(lab, stream)
    lab.sync()

    assert is_planned(lab)


# ---- mirrors, caps and fetchers of their own


class Elsewhere:
    """
    The simulator's files a second time, under another address.
    """

    def __init__(self, stream: StreamSimulator) -> None:
        self.main, self.other = stream, deepcopy(stream)
        self.other.url = "http://mirror.test/"

    def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Answer]:
        return self._of(url).open(url, offset=offset, validator=validator)

    def document(self, url: str, *, limit: int) -> bytes:
        return self._of(url).document(url, limit=limit)

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        return self._of(url).fresh(url, limit=limit, validator=validator)

    def _of(self, url: str) -> StreamSimulator:
        return self.other if url.startswith(self.other.url) else self.main


@pytest.fixture
def both(stream: StreamSimulator) -> Elsewhere:
    return Elsewhere(stream)


@pytest.fixture
def mirrored(tmp_path: Path, both: Elsewhere) -> Iterator[Region]:
    """
    A region that has not synced yet, whose source has a mirror.
    """
    with region(tmp_path / "region", both) as made:
        made.add(both.main)
        made.catalog.sources.replace(replace(source(made), fetching=Fetching(mirrors=(both.other.url,))))
        made.select()
        yield made


SQUASHFS = "noble/amd64/20260101/squashfs"


def test_a_mirror_is_not_asked_while_the_source_answers(mirrored: Region, both: Elsewhere) -> None:
    """
    Everything comes from the source itself, if it can.
    """
    mirrored.sync()

    assert [] == both.other.requests


def test_a_missing_file_comes_from_a_mirror(mirrored: Region, both: Elsewhere) -> None:
    """
    What the source says it does not have is asked of its mirror, and of nothing else.
    """
    del both.main.files[SQUASHFS]
    mirrored.sync()

    assert ([SQUASHFS], "complete") == (both.other.requests, mirrored.states()[f"{NOBLE}@20260101"])


def test_a_spoilt_file_comes_from_a_mirror(mirrored: Region, both: Elsewhere) -> None:
    """
    A file with other bytes than promised is no file.
    """
    both.main.files[SQUASHFS] = bytes(len(both.main.files[SQUASHFS]))
    mirrored.sync()

    assert "complete" == mirrored.states()[f"{NOBLE}@20260101"]


def test_a_document_comes_from_a_mirror(mirrored: Region, both: Elsewhere) -> None:
    """
    Index and products file may come from a mirror too: their signature says what they are.
    """
    for path in (both.main.index_path, both.main.products_path):
        del both.main.files[path]
    mirrored.sync()

    assert "complete" == mirrored.states()[f"{NOBLE}@20260101"]


def test_what_no_mirror_has_is_told_by_the_source(mirrored: Region, both: Elsewhere) -> None:
    """
    If nobody has a file, the error names the address of the source.
    """
    del both.main.files[SQUASHFS], both.other.files[SQUASHFS]

    with pytest.raises(Gone, match=r"http://stream\.test/maas/noble"):
        mirrored.sync()


def test_what_may_come_later_is_tried_again(mirrored: Region, both: Elsewhere) -> None:
    """
    A source that is busy is tried again, though its mirror lacks the file for good.
    """
    both.main.failures[SQUASHFS] = [BadStatus("busy", status=503)]
    del both.other.files[SQUASHFS]
    mirrored.sync()

    assert "complete" == mirrored.states()[f"{NOBLE}@20260101"]


def test_a_bad_signature_is_not_covered_up(mirrored: Region, both: Elsewhere) -> None:
    """
    A source whose index was tampered with is said to be so, whatever its mirror has.
    """
    path = both.main.index_path
    both.main.files[path] = both.main.files[path].replace(b"stable", b"stabel")

    with pytest.raises(BadSignature):
        mirrored.sync()


def test_a_source_is_reached_its_own_way(mirrored: Region, both: Elsewhere) -> None:
    """
    Documents and files come through the fetcher that the source's settings ask for.
    """
    asked: list[Fetching] = []

    def line(fetching: Fetching) -> Fetcher:
        asked.append(fetching)
        return both

    unreachable = StreamSimulator(url="http://nowhere.test/")
    desk = replace(mirrored.desk(), fetcher=unreachable, line=line)
    run.sync(desk, watch=mirrored.watch, stop=mirrored.stop, planned=lambda _: None)

    assert (Fetching(mirrors=(both.other.url,)), "complete") == (
        asked[0],
        mirrored.states()[f"{NOBLE}@20260101"],
    )


def test_a_capped_source_makes_pauses(mirrored: Region, both: Elsewhere) -> None:
    """
    16 kB at 4 kB per second take about three seconds more than the one that is free.
    """
    capped = Fetching(bandwidth=4_000)
    mirrored.catalog.sources.replace(replace(source(mirrored), fetching=capped))
    mirrored.sync()

    assert sum(mirrored.pauses) > 3


# ---- settings that are saved


def test_another_address_begins_anew(lab: Region, stream: StreamSimulator) -> None:
    """
    At another address older documents are no replay: nothing was accepted there before.
    """
    other = deepcopy(stream)
    other.url = "http://other.test/"
    other.publish(DAY - timedelta(days=30))
    desk = replace(lab.desk(), fetcher=other)

    _, offer = catalogue.amend(desk, SOURCE, Wish(url=other.url), check=True)

    assert offer is not None
    assert offer.marks == tuple(lab.catalog.sources.seen(SOURCE).values())


def test_the_same_address_keeps_its_marks(lab: Region) -> None:
    """
    Other settings do not make a source forget what it accepted.
    """
    before = lab.catalog.sources.seen(SOURCE)

    catalogue.amend(lab.desk(), SOURCE, Wish(priority=4), check=True)

    assert before == lab.catalog.sources.seen(SOURCE)


def test_who_vouches_is_known_without_asking(lab: Region, stream: StreamSimulator) -> None:
    """
    Who signed the kept index, and that this has no end, is said without a request.
    """
    found = catalogue.vouching(lab.desk(), source(lab))

    assert found.signature is not None
    assert (key().fingerprint, None, "", []) == (
        found.signature.primary,
        found.until,
        found.trouble,
        stream.requests,
    )


def test_an_end_of_trust_is_told(lab: Region) -> None:
    """
    If the kept index is not vouched for any more, the reason is told instead.
    """
    lab.catalog.sources.replace(replace(source(lab), keyring=key("foreign").keyring))

    assert "not in the source's keyring" in catalogue.vouching(lab.desk(), source(lab)).trouble


# ---- what comes along


def test_bootloaders_come_along(tmp_path: Path) -> None:
    """
    Whatever is selected, the newest version of each bootloader is fetched with it.
    """
    stream = StreamSimulator()
    stream.add()
    for day in ("20260101", "20260102"):
        loader = stream.add(
            os="grub-efi-signed",
            series="uefi",
            kernel="signed",
            version=day,
            items={"archive.tar.xz": day.encode()},
        )
    stream.products[loader]["bootloader-type"] = "uefi"
    stream.publish(DAY)
    with region(tmp_path / "region", stream) as lab:
        lab.add(stream)
        lab.select("ubuntu", "noble", keep=2)
        lab.sync()

        assert {f"{NOBLE}@20260101", "grub-efi-signed/uefi/amd64/signed@20260102"} == set(lab.states())
