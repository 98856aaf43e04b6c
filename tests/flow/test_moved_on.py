"""
A source that publishes anew between the reading of its index and the fetching of its files.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.errors import Partial, TundishError
from tundish.sync import run
from tundish.sync.ledger import Outcome

OLD = "ubuntu/noble/amd64/ga-24.04@20260101"
NEW = "ubuntu/noble/amd64/ga-24.04@20260102"
OTHER = "ubuntu/jammy/amd64/ga-22.04@20260101"
FILE = "noble/amd64/20260101/squashfs"


class Moving(StreamSimulator):
    """
    Each time FILE is asked for, it has the next of `states` for its files, while there is one.
    """

    def __init__(self) -> None:
        super().__init__(key().signer(at=MADE_AT))
        self.states: list[dict[str, bytes]] = []

    def _asked(self, url: str) -> str:
        if url.endswith(FILE) and self.states:
            self.files = self.states.pop(0)
        return super()._asked(url)

    def readings(self) -> int:
        return self.requests.count(self.index_path)


@pytest.fixture
def stream() -> Moving:
    stream = Moving()
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY)
    return stream


@pytest.fixture
def lab(tmp_path: Path, stream: Moving) -> Iterator[Region]:
    with region(tmp_path / "region", stream) as opened:
        opened.add(stream)
        opened.select()
        yield opened


def release(lab: Region, stream: Moving) -> dict[str, bytes]:
    """
    What the source has once it has published a version of noble in place of the one before.
    """
    before, products = dict(stream.files), deepcopy(stream.products)
    stream.drop("com.example.maas.stable:v3:boot:noble:amd64:ga-24.04", "20260101")
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())
    after, stream.files, stream.products = stream.files, before, products
    return {path: data for path, data in after.items() if "noble/amd64/20260101" not in path}


def test_a_file_that_has_gone_lets_the_index_be_read_again(lab: Region, stream: Moving) -> None:
    """
    The same run follows the source to what it offers now.
    """
    stream.states = [release(lab, stream)]

    lab.sync()

    assert {OLD: "retired", NEW: "complete", OTHER: "complete"} == lab.states()


def test_so_does_a_file_that_is_another_one_now(lab: Region, stream: Moving) -> None:
    """
    A digest that does not fit may be that of a newer file under the same name.
    """
    stream.states = [release(lab, stream) | {FILE: b"n" * 9_000}]

    lab.sync()

    assert {OLD: "retired", NEW: "complete", OTHER: "complete"} == lab.states()


def test_both_halves_of_such_a_run_count(lab: Region, stream: Moving) -> None:
    """
    What was fetched before and after the second reading is told together.
    """
    stream.states = [release(lab, stream)]

    outcome = lab.sync()

    assert ({OTHER, NEW}, (), len(lab.blobs())) == (
        set(outcome.completed),
        outcome.failures,
        outcome.fetched_files,
    )


def test_without_news_the_image_fails_alone(lab: Region, stream: Moving) -> None:
    """
    The index is asked for once more, and no file is asked for again.
    """
    del stream.files[FILE]

    with pytest.raises(Partial, match=FILE):
        lab.sync()

    assert (2, 1, "complete") == (stream.readings(), stream.requests.count(FILE), lab.states()[OTHER])


def test_a_source_is_followed_once(lab: Region, stream: Moving) -> None:
    """
    One that moves on without end does not keep a run for ever.
    """
    first = release(lab, stream)
    broken = {path: data for path, data in first.items() if path != "noble/amd64/20260102/squashfs"}
    stream.states = [broken]

    with pytest.raises(Partial, match="20260102/squashfs"):
        lab.sync()

    assert 2 == stream.readings()


def test_an_older_index_is_refused_the_second_time_too(lab: Region, stream: Moving) -> None:
    """
    The second reading believes no more than the first; what was complete stays so.
    """
    older = dict(stream.files)
    stream.publish(lab.tomorrow())
    del older[FILE]
    stream.states = [older]

    with pytest.raises(Partial, match="allow-rollback"):
        lab.sync()

    assert {OLD: "incomplete", OTHER: "complete"} == lab.states()


def test_a_source_that_is_silent_the_second_time_is_named(lab: Region, stream: Moving) -> None:
    """
    What the first half did stays, and why there was no second is said.
    """
    stream.states = [{path: data for path, data in stream.files.items() if path.startswith("jammy")}]

    with pytest.raises(Partial, match="streams/v1/index"):
        lab.sync()

    assert "complete" == lab.states()[OTHER]


def test_a_plan_that_was_agreed_on_is_all_that_is_done(lab: Region, stream: Moving) -> None:
    """
    Without `may_follow` the index is not read again, and the ending tells what there is.
    """
    stream.states = [release(lab, stream)]
    ends: list[tuple[Outcome, TundishError]] = []

    with pytest.raises(Partial):
        run.sync(
            lab.desk(),
            watch=lab.watch,
            stop=lab.stop,
            planned=lambda _: None,
            may_follow=False,
            ended=lambda outcome, error: ends.append((outcome, error)),
        )

    assert [((OTHER,), FILE, 1)] == [
        (outcome.completed, outcome.failures[0].file.path, stream.readings()) for outcome, _ in ends
    ]
