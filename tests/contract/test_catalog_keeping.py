"""
What a catalog lets go and what it does not, whatever engine keeps it: pins, holds, ties.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.sync.values import LAB, NOW, product, version
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import NotFound
from tundish.core.holding import HoldingId
from tundish.core.lifecycle import State
from tundish.core.machine import Report
from tundish.core.names import channel_name
from tundish.core.release import Channel, Verb

LATER = NOW + timedelta(days=1)
MAC, OTHER_MAC = "52:54:00:12:34:56", "52:54:00:12:34:57"
STABLE = channel_name("stable")
NOBODY = HoldingId(99)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    found = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield found
    found.close()


def hold(catalog: Catalog, *names: str, state: State = State.COMPLETE) -> tuple[HoldingId, ...]:
    """
    Versions of noble, each of one blob of its own: 1 of a, 2 of b and so on.
    """
    versions = [version(name, "abcdef"[int(name) - 1]) for name in names]
    return catalog.images.record(LAB, product("noble"), versions, state, NOW)


def deploy(catalog: Catalog, mac: str, number: HoldingId, token: str) -> None:
    """
    A machine boots a version, whose first file is its root, and reports.
    """
    held = catalog.images.get(number)
    root = held.version.items[0].digest
    catalog.machines.begin(token, mac, image=held.product.ref, version=held.version.name, root=root, at=NOW)
    catalog.machines.report(Report(token, "0" * 32, held.version.name, root), NOW)


def release(catalog: Catalog, *numbers: HoldingId) -> int:
    content = Digest.of(repr(numbers).encode())
    return catalog.channels.publish(Channel(STABLE, "maas", 0), numbers, content, NOW).id


def test_a_pin_is_seen_and_taken_back(catalog: Catalog) -> None:
    """
    A pinned version says so, until it is not.
    """
    (number,) = hold(catalog, "1")
    catalog.keeping.pin(number, pinned=True)
    before = catalog.images.get(number).pinned
    catalog.keeping.pin(number, pinned=False)

    assert (True, False) == (before, catalog.images.get(number).pinned)


def test_a_hold_is_of_the_image(catalog: Catalog) -> None:
    """
    Every version of an image on hold says so.
    """
    one, two = hold(catalog, "1", "2")
    catalog.keeping.hold(one, on=True)

    assert catalog.images.get(two).on_hold


def test_nothing_is_pinned_that_is_not_there(catalog: Catalog) -> None:
    """
    An id that is gone is named.
    """
    with pytest.raises(NotFound, match="99"):
        catalog.keeping.pin(NOBODY, pinned=True)


def test_nothing_is_held_that_is_not_there(catalog: Catalog) -> None:
    """
    The same for a hold.
    """
    with pytest.raises(NotFound, match="99"):
        catalog.keeping.hold(NOBODY, on=True)


def test_what_was_dropped_keeps_its_first_date(catalog: Catalog) -> None:
    """
    Marked once, the mark does not move; offered again, it goes.
    """
    one, two = hold(catalog, "1", "2")
    catalog.keeping.drop([one, two], [], NOW)
    catalog.keeping.drop([one], [two], LATER)

    assert (NOW, None) == (catalog.images.get(one).dropped_at, catalog.images.get(two).dropped_at)


def test_only_the_newest_deployment_of_a_machine_ties(catalog: Catalog) -> None:
    """
    What a machine ran before does not; two machines are counted.
    """
    one, two = hold(catalog, "1", "2")
    deploy(catalog, MAC, one, "t1")
    deploy(catalog, MAC, two, "t2")
    deploy(catalog, OTHER_MAC, two, "t3")

    assert {two: "deployed on 2 machines"} == catalog.keeping.ties()


def test_what_was_told_and_never_reported_does_not_tie(catalog: Catalog) -> None:
    """
    Nobody knows whether it ever ran.
    """
    (one,) = hold(catalog, "1")
    held = catalog.images.get(one)
    root = held.version.items[0].digest
    catalog.machines.begin("t", MAC, image=held.product.ref, version="1", root=root, at=NOW)

    assert {} == catalog.keeping.ties()


def test_a_channel_ties_what_it_offers_and_what_it_would(catalog: Catalog) -> None:
    """
    The release of now and the one a roll back goes to; older ones no longer.
    """
    one, two, three = hold(catalog, "1", "2", "3")
    for number in (one, two, three):
        release(catalog, number)

    assert {
        two: "a roll back of channel stable goes back to it",
        three: "channel stable offers it",
    } == catalog.keeping.ties()


def test_after_a_roll_back_what_was_rolled_back_is_free(catalog: Catalog) -> None:
    """
    Nothing goes forward again by itself.
    """
    one, two = hold(catalog, "1", "2")
    first = release(catalog, one)
    release(catalog, two)
    catalog.channels.point(Channel(STABLE, "maas", first), Verb.ROLLBACK, NOW)

    assert {one: "channel stable offers it"} == catalog.keeping.ties()


def test_what_was_retired_long_enough_is_forgotten(catalog: Catalog) -> None:
    """
    Its image too, when no version of it is left.
    """
    numbers = hold(catalog, "1", "2", state=State.RETIRED)

    gone = catalog.keeping.forget(numbers, LATER)

    assert (numbers, ()) == (gone, catalog.images.list())


@pytest.mark.parametrize("state", [state for state in State if state is not State.RETIRED])
def test_what_is_not_retired_is_never_forgotten(catalog: Catalog, state: State) -> None:
    """
    Whoever asks.
    """
    numbers = hold(catalog, "1", state=state)

    assert () == catalog.keeping.forget(numbers, LATER)


def test_what_was_retired_just_now_is_not_forgotten(catalog: Catalog) -> None:
    """
    The moment counts, not what the caller thinks of it.
    """
    numbers = hold(catalog, "1", state=State.RETIRED)

    assert () == catalog.keeping.forget(numbers, NOW - timedelta(seconds=1))


def test_what_was_tied_meanwhile_is_not_forgotten(catalog: Catalog) -> None:
    """
    A pin, a machine and a channel each keep a version, although it is retired and was asked for.
    """
    numbers = hold(catalog, "1", "2", "3", "4", state=State.RETIRED)
    catalog.keeping.pin(numbers[0], pinned=True)
    deploy(catalog, MAC, numbers[1], "t1")
    release(catalog, numbers[2])

    assert numbers[3:] == catalog.keeping.forget(numbers, LATER)


def test_an_old_release_loses_what_is_forgotten(catalog: Catalog) -> None:
    """
    It does not keep bytes for ever that nobody can be sent back to.
    """
    numbers = hold(catalog, "1", "2", "3", state=State.RETIRED)
    releases = [release(catalog, number) for number in numbers]

    catalog.keeping.forget(numbers, LATER)

    assert [0, 1, 1] == [catalog.channels.release(each).versions for each in releases]
