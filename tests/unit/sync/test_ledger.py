"""
The books of a run: what the catalog says as files come, fail, or the run ends early.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.sync.values import ANYTHING, BLOBS, LAB, NOW, digests, offer, product, version
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import (
    BadStatus,
    DigestMismatch,
    Gone,
    NoSpace,
    Stalled,
    Stopped,
    StorageError,
    TundishError,
)
from tundish.core.lifecycle import State
from tundish.store.memory import MemoryStore
from tundish.sync.ledger import BATCH, Failure, Ledger, worst
from tundish.sync.offer import Offer
from tundish.sync.plan import Plan, PlannedFile, plan

FIRST, SECOND = "ubuntu/noble/amd64/ga@1", "ubuntu/noble/amd64/ga@2"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def planned(catalog: Catalog, *offers: Offer, held: str = "") -> Plan:
    return plan(offers, [ANYTHING], catalog.images.list(), held=digests(held))


def opened(catalog: Catalog, found: Plan) -> Ledger:
    return Ledger(found, catalog.images, MemoryStore(), lambda: NOW)


def states(catalog: Catalog) -> dict[str, str]:
    return {each.ref: str(each.state) for each in catalog.images.list()}


def file(found: Plan, letter: str) -> PlannedFile:
    return next(each for each in found.files if each.digest == BLOBS[letter])


def hold(catalog: Catalog, name: str, blobs: str, state: State = State.COMPLETE) -> None:
    catalog.images.record(LAB, product("noble"), [version(name, blobs)], state, NOW)


def test_what_is_on_its_way_is_said_at_once(catalog: Catalog) -> None:
    """
    From the beginning of a run the catalog says what is being fetched.
    """
    opened(catalog, planned(catalog, offer(noble={"1": "ab"})))

    assert {FIRST: "fetching"} == states(catalog)


def test_a_version_is_complete_with_its_last_file(catalog: Catalog) -> None:
    """
    Not before.
    """
    found = planned(catalog, offer(noble={"1": "ab"}))
    ledger = opened(catalog, found)
    ledger.arrived(file(found, "a"), 1)
    before = states(catalog)
    ledger.arrived(file(found, "b"), 20)
    outcome = ledger.close()

    assert ({FIRST: "fetching"}, {FIRST: "complete"}, (FIRST,), 2, 21) == (
        before,
        states(catalog),
        outcome.completed,
        outcome.fetched_files,
        outcome.fetched_bytes,
    )


def test_a_version_whose_files_are_all_held_is_complete_without_any_fetch(catalog: Catalog) -> None:
    """
    Nothing has to come for it.
    """
    outcome = opened(catalog, planned(catalog, offer(noble={"1": "ab"}), held="ab")).close()

    assert ({FIRST: "complete"}, 0) == (states(catalog), outcome.fetched_files)


def test_a_shared_file_completes_all_that_share_it(catalog: Catalog) -> None:
    """
    One arrival, two images.
    """
    found = planned(catalog, offer(noble={"1": "a"}, jammy={"1": "a"}))
    ledger = opened(catalog, found)
    ledger.arrived(found.files[0], 1)

    assert 2 == len(ledger.close().completed)


def test_a_file_that_failed_leaves_its_version_incomplete(catalog: Catalog) -> None:
    """
    And no other; the failure is named in the outcome.
    """
    found = planned(catalog, offer(noble={"1": "ab"}, jammy={"1": "a"}))
    ledger, error = opened(catalog, found), Gone("not there")
    ledger.arrived(file(found, "a"), 1)
    ledger.failed(file(found, "b"), error)
    outcome = ledger.close()

    assert ({FIRST: "incomplete", "ubuntu/jammy/amd64/ga@1": "complete"}, (FIRST,), (error,)) == (
        states(catalog),
        outcome.incomplete,
        tuple(failure.error for failure in outcome.failures),
    )


@pytest.mark.parametrize("error", [NoSpace(), StorageError(), Stopped()])
def test_an_error_of_our_own_ends_the_run(catalog: Catalog, error: TundishError) -> None:
    """
    A full or broken disk and a stop are no failure of one file.
    """
    found = planned(catalog, offer(noble={"1": "a"}))
    ledger = opened(catalog, found)
    ledger.failed(found.files[0], error)

    assert (error, ()) == (ledger.fatal, ledger.close().failures)


@pytest.mark.parametrize("error", [Gone(), Stalled(), BadStatus(), DigestMismatch()])
def test_an_error_of_the_other_side_does_not_end_the_run(catalog: Catalog, error: TundishError) -> None:
    """
    The other files may still come.
    """
    found = planned(catalog, offer(noble={"1": "a"}))
    ledger = opened(catalog, found)
    ledger.failed(found.files[0], error)

    assert ledger.fatal is None


def test_the_first_fatal_error_is_the_one_that_is_told(catalog: Catalog) -> None:
    """
    What follows from it is not news.
    """
    found = planned(catalog, offer(noble={"1": "ab"}))
    ledger, first = opened(catalog, found), NoSpace()
    ledger.failed(found.files[0], first)
    ledger.failed(found.files[1], Stopped())

    assert first is ledger.fatal


def test_a_version_goes_when_its_replacement_is_whole(catalog: Catalog) -> None:
    """
    The older one is retired at the end.
    """
    hold(catalog, "1", "a")
    found = planned(catalog, offer(noble={"1": "a", "2": "b"}), held="a")
    ledger = opened(catalog, found)
    ledger.arrived(found.files[0], 20)
    outcome = ledger.close()

    assert ({FIRST: "retired", SECOND: "complete"}, (FIRST,)) == (states(catalog), outcome.retired)


def test_a_version_stays_while_its_replacement_is_not_whole(catalog: Catalog) -> None:
    """
    A machine can always be booted from what it was booted from before.
    """
    hold(catalog, "1", "a")
    found = planned(catalog, offer(noble={"1": "a", "2": "b"}), held="a")
    ledger = opened(catalog, found)
    ledger.failed(found.files[0], Gone())
    outcome = ledger.close()

    assert ({FIRST: "complete", SECOND: "incomplete"}, ()) == (states(catalog), outcome.retired)


@pytest.mark.parametrize(
    "state", [State.EXPECTED, State.FETCHING, State.INCOMPLETE, State.DAMAGED, State.RETIRED]
)
def test_a_version_in_any_state_can_become_complete(catalog: Catalog, state: State) -> None:
    """
    Whatever an earlier run, killed or not, left behind.
    """
    hold(catalog, "1", "a", state)
    found = planned(catalog, offer(noble={"1": "a"}))
    ledger = opened(catalog, found)
    ledger.arrived(found.files[0], 1)
    ledger.close()

    assert {FIRST: "complete"} == states(catalog)


def test_a_complete_version_that_lost_a_file_is_fetched_again(catalog: Catalog) -> None:
    """
    It is damaged, then on its way, then complete.
    """
    hold(catalog, "1", "ab")
    found = planned(catalog, offer(noble={"1": "ab"}), held="a")
    ledger = opened(catalog, found)
    before = states(catalog)
    ledger.arrived(found.files[0], 20)
    ledger.close()

    assert ({FIRST: "fetching"}, {FIRST: "complete"}) == (before, states(catalog))


def test_many_versions_are_marked_in_batches(catalog: Catalog) -> None:
    """
    A batch of complete versions is in the catalog before the run has ended.
    """
    products = tuple(product(f"s{number}", [version("1", "a")]) for number in range(BATCH + 1))
    found = planned(catalog, replace(offer(), products=products))
    ledger = opened(catalog, found)
    ledger.arrived(found.files[0], 1)
    before = list(states(catalog).values()).count("complete")
    ledger.close()

    assert (BATCH, BATCH + 1) == (before, list(states(catalog).values()).count("complete"))


def test_the_worst_failure_is_one_that_will_not_heal(catalog: Catalog) -> None:
    """
    When nothing came at all, other bytes than promised are told before a server that is down.
    """
    found = planned(catalog, offer(noble={"1": "ab"}))
    mismatch = DigestMismatch()

    assert mismatch is worst([Failure(found.files[0], Stalled()), Failure(found.files[1], mismatch)])
