"""
A plan that is saved, shown around, and carried out as it stands or not at all.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.core.errors import Conflict
from tundish.sync import planfile, run
from tundish.sync.applying import bound
from tundish.sync.ledger import Outcome

IMAGE = "ubuntu/noble/amd64/ga-24.04"
FIRST = f"{IMAGE}@20260101"


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
        yield made


def save(lab: Region) -> planfile.Saved:
    found = run.prepare(lab.desk(), [SOURCE])
    return planfile.parse(json.dumps(planfile.document(found, [SOURCE], lab.now)).encode(), "plan.json")


def apply(lab: Region, saved: planfile.Saved) -> Outcome:
    desk = lab.desk()
    return run.sync(
        desk,
        saved.sources,
        watch=lab.watch,
        stop=lab.stop,
        planned=bound(desk, saved, "plan.json", lambda _: None),
    )


def test_a_saved_plan_is_carried_out(lab: Region) -> None:
    """
    In a world that is still the same.
    """
    assert (FIRST,) == apply(lab, save(lab)).completed


def test_a_plan_is_carried_out_once(lab: Region) -> None:
    """
    After it, the world is another one, although there is nothing left to do.
    """
    saved = save(lab)
    apply(lab, saved)
    lab.sync()

    with pytest.raises(Conflict, match=r"images: .* was absent, is complete"):
        apply(lab, saved)


def test_a_stream_that_was_published_again_is_another(lab: Region, stream: StreamSimulator) -> None:
    """
    Nothing is fetched of it.
    """
    saved = save(lab)
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())

    with pytest.raises(Conflict, match="documents: lab"):
        apply(lab, saved)

    assert set() == lab.blobs()


def test_another_selection_is_another_plan(lab: Region) -> None:
    """
    What was chosen since is named.
    """
    saved = save(lab)
    lab.select("debian", "bookworm")

    with pytest.raises(Conflict, match=r"selections: .*bookworm.* was absent, is selected"):
        apply(lab, saved)


def test_bytes_of_an_interrupted_run_are_no_other_world(lab: Region, stream: StreamSimulator) -> None:
    """
    What is to be fetched is the same, however much of it has come.
    """
    saved = save(lab)
    found = run.prepare(lab.desk(), [SOURCE]).plan.files[0]
    with lab.store.ingest(found.digest, found.size) as coming:
        coming.write(stream.files[found.path][:10])

    assert (FIRST,) == apply(lab, saved).completed
