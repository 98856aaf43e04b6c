"""
The short way through a sync: it says yes only where the long way would do nothing.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import StreamSimulator
from tundish.app.quick import resting
from tundish.core.lifecycle import State
from tundish.core.notice import Kind, Severity, Wanted
from tundish.core.selection import Selection, Source
from tundish.fetch.folder import FolderFetcher
from tundish.settings import Settings, load


@dataclass(frozen=True, slots=True)
class Lab:
    """
    A region that has synced a stream in a folder, and the settings of its state.
    """

    region: Region
    stream: StreamSimulator
    root: Path
    settings: Settings

    def rests(self) -> bool:
        return resting(self.settings, self.region.now) is not None

    def publish(self) -> None:
        self.stream.publish(self.region.tomorrow())
        self.stream.write_to(self.root)


@pytest.fixture(scope="module")
def signed() -> StreamSimulator:
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.publish(DAY)
    return stream


@pytest.fixture
def lab(tmp_path: Path, signed: StreamSimulator) -> Iterator[Lab]:
    root, state = tmp_path / "stream", tmp_path / "state"
    signed.write_to(root)
    with region(state, FolderFetcher()) as made:
        made.catalog.sources.add(Source(SOURCE, str(root), signed.keyring), made.now)
        made.select()
        made.sync()
        yield Lab(made, signed, root, load({}, state=state))


def test_nothing_changed_and_it_rests(lab: Lab) -> None:
    """
    After a sync there is nothing to do, and that is said as often as it is asked.
    """
    assert (True, True) == (lab.rests(), lab.rests())


def test_the_short_way_is_noted_too(lab: Lab) -> None:
    """
    There is a job for it, and the long way still finds nothing to do.
    """
    lab.rests()
    lab.region.sync()

    assert ["done"] * 3 == [job.outcome for job in lab.region.catalog.jobs.list()]


def test_the_notices_come_along(lab: Lab) -> None:
    """
    What an operator should know is told, however short the way.
    """
    lab.region.catalog.notices.reconcile(
        [Wanted(Kind.STALE, "lab", "brought nothing new", Severity.WARNING)], lab.region.now
    )

    assert lab.region.catalog.notices.list() == resting(lab.settings, lab.region.now)


def change_a_document(lab: Lab) -> None:
    lab.stream.add(version="20260102")
    lab.publish()


def lose_a_blob(lab: Lab) -> None:
    lab.region.store.remove(next(lab.region.store.walk()).digest)


CHANGES: dict[str, Callable[[Lab], object]] = {
    "a new selection": lambda lab: lab.region.catalog.selections.add(Selection("a", "b"), DAY),
    "a damaged image": lambda lab: lab.region.catalog.images.move(
        [each.id for each in lab.region.catalog.images.list()], State.DAMAGED, DAY
    ),
    "a lost blob": lose_a_blob,
    "a disabled source": lambda lab: lab.region.catalog.sources.replace(
        replace(lab.region.catalog.sources.get(SOURCE), enabled=False)
    ),
    "a source that is gone": lambda lab: shutil.rmtree(lab.root),
    "a running sync": lambda lab: lab.region.catalog.jobs.start("sync", "all", DAY),
    "a catalog that is gone": lambda lab: (lab.settings.state / "catalog.sqlite").unlink(),
    "a note that nobody can read": lambda lab: lab.region.catalog.choices.set("sync.rest", "{"),
    "no note": lambda lab: lab.region.catalog.choices.drop("sync.rest"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changed_is_for_the_long_way(lab: Lab, change: Callable[[Lab], object]) -> None:
    """
    Any change, here or there, and anything unusual is no rest.
    """
    change(lab)

    assert not lab.rests()


def test_a_changed_document_is_for_the_long_way(tmp_path: Path) -> None:
    """
    A stream that was published anew has to be looked at.
    """
    stream = StreamSimulator()
    stream.add()
    stream.publish(DAY)
    root, state = tmp_path / "stream", tmp_path / "state"
    stream.write_to(root)
    with region(state, FolderFetcher()) as made:
        made.catalog.sources.add(Source(SOURCE, str(root), b""), made.now)
        made.select()
        made.sync()
        lab = Lab(made, stream, root, load({}, state=state))
        before = lab.rests()
        change_a_document(lab)

        assert (True, False) == (before, lab.rests())


def test_a_signature_about_to_end_is_for_the_long_way(tmp_path: Path) -> None:
    """
    Within two weeks of its end the operator is to hear of it, so nothing is cut short.
    """
    stream = StreamSimulator(key().signer(at=MADE_AT, expires_days=30_000))
    stream.add()
    stream.publish(DAY)
    root, state = tmp_path / "stream", tmp_path / "state"
    stream.write_to(root)
    with region(state, FolderFetcher()) as made:
        made.catalog.sources.add(Source(SOURCE, str(root), stream.keyring), made.now)
        made.select()
        made.sync()
        lab = Lab(made, stream, root, load({}, state=state))
        early = lab.rests()
        made.now = MADE_AT + timedelta(days=29_990)

        assert (True, False) == (early, lab.rests())
