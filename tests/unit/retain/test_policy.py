"""
What a garbage collection decides to delete: tables of cases, and what holds for every decision.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sync import values
from tests.unit.sync.values import BLOBS, NOW, SIZES, digests, holding, quick
from tundish.core.digest import Digest
from tundish.core.holding import Holding, HoldingId
from tundish.core.lifecycle import State
from tundish.retain.policy import Leaving, Needs, Sweep, Tied, leaving, needs, sweep
from tundish.store.blobs import Blob

BEFORE = NOW - timedelta(days=3)  # when the grace period began
OLD, YOUNG = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)
NOTHING = Needs(frozenset(), frozenset())


def retired(number: int, blobs: str, since: datetime = OLD, state: State = State.RETIRED) -> Holding:
    return replace(holding(number, "noble", str(number), blobs, state), since=since)


def blob(name: str, since: datetime | None = OLD) -> Blob:
    return Blob(BLOBS[name], SIZES[name], since)


@pytest.mark.parametrize(
    ("version", "ties", "expected"),
    [
        (retired(1, "a"), {}, "due"),
        (retired(1, "a", BEFORE), {}, "due"),
        (retired(1, "a", YOUNG), {}, "waiting"),
        (retired(1, "a"), {HoldingId(1): "pinned"}, "tied"),
        (retired(1, "a", YOUNG), {HoldingId(1): "pinned"}, "tied"),
        (retired(1, "a"), {HoldingId(2): "pinned"}, "due"),
        *((retired(1, "a", OLD, state), {}, "") for state in State if state is not State.RETIRED),
    ],
)
def test_which_versions_leave(version: Holding, ties: dict[HoldingId, str], expected: str) -> None:
    """
    A version is due, waits, is tied, or is no business of a garbage collection.
    """
    found = leaving([version], ties, BEFORE)
    groups = {"due": found.due, "waiting": found.waiting, "tied": found.tied}

    assert [expected] if expected else [] == [name for name, group in groups.items() if group]


def test_a_tied_version_says_why() -> None:
    """
    The reason is the one that the catalog gave.
    """
    version = retired(1, "a")

    assert Leaving(tied=(Tied(version, "pinned"),)) == leaving([version], {version.id: "pinned"}, BEFORE)


def test_what_stays_needs_its_blobs() -> None:
    """
    Retired ones too, until they are gone; but nothing more is fetched for them.
    """
    versions = [retired(1, "a"), retired(2, "b"), holding(3, "noble", "3", "bc", State.FETCHING)]

    assert Needs(digests("abc"), digests("bc")) == needs(versions)


def test_what_is_gone_needs_nothing() -> None:
    """
    A blob that it shared with another is needed by that one alone.
    """
    versions = [retired(1, "ab"), holding(2, "noble", "2", "bc")]

    assert Needs(digests("bc"), digests("bc")) == needs(versions, {HoldingId(1)})


@pytest.mark.parametrize(
    ("blobs", "parts", "needed", "expected"),
    [
        ([blob("a")], [], NOTHING, Sweep(blobs=(blob("a"),))),
        ([blob("a")], [], Needs(digests("a"), frozenset()), Sweep()),
        ([blob("a", YOUNG)], [], NOTHING, Sweep(waiting=(blob("a"),))),
        ([blob("a", None)], [], NOTHING, Sweep(waiting=(blob("a"),))),
        ([], [blob("a")], NOTHING, Sweep(parts=(blob("a"),))),
        ([], [blob("a")], Needs(digests("a"), digests("a")), Sweep()),
        ([], [blob("a")], Needs(digests("a"), frozenset()), Sweep(parts=(blob("a"),))),
        ([blob("a")], [blob("a")], Needs(digests("a"), digests("a")), Sweep(parts=(blob("a"),))),
        ([], [blob("a", YOUNG)], NOTHING, Sweep(waiting=(blob("a"),))),
    ],
    ids=[
        "a blob that nothing needs",
        "a blob that is needed",
        "a young blob",
        "a blob of unknown age",
        "a part that nothing needs",
        "a part of what is to come",
        "a part of what is retired",
        "a part of what is held",
        "a young part",
    ],
)
def test_what_is_swept(blobs: list[Blob], parts: list[Blob], needed: Needs, expected: Sweep) -> None:
    """
    Each case deletes exactly this.
    """
    assert expected == sweep(blobs, parts, needed, BEFORE)


def test_the_size_is_that_of_all_that_goes() -> None:
    """
    What waits does not count.
    """
    found = sweep([blob("a"), blob("b", YOUNG)], [blob("c")], NOTHING, BEFORE)

    assert SIZES["a"] + SIZES["c"] == found.size


# ---- what holds for every decision

MOMENTS = st.sampled_from([OLD, BEFORE, YOUNG])
STORED = st.dictionaries(st.sampled_from(sorted(SIZES)), MOMENTS).map(
    lambda found: [blob(name, since) for name, since in sorted(found.items())]
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Holding], dict[HoldingId, str]]:
    known = [replace(each, since=draw(MOMENTS)) for each in draw(values.holdings())]
    tied = draw(st.sets(st.sampled_from([each.id for each in known]))) if known else set()
    return known, dict.fromkeys(tied, "tied")


@quick
@given(worlds(), STORED, STORED)
def test_nothing_that_is_needed_goes(
    world: tuple[list[Holding], dict[HoldingId, str]], blobs: list[Blob], parts: list[Blob]
) -> None:
    """
    Neither what is tied, nor what is not retired, nor a blob that any version that stays is made of.
    """
    known, ties = world
    gone = {each.id for each in leaving(known, ties, BEFORE).due}
    swept = {each.digest for each in sweep(blobs, parts, needs(known, gone), BEFORE).blobs}
    stays = [each for each in known if each.id in ties or each.state is not State.RETIRED]
    made_of: set[Digest] = set()
    for each in known:
        if each.id not in gone:
            made_of |= {item.digest for item in each.version.items}

    assert (set(), set()) == ({each.id for each in stays} & gone, made_of & swept)


@quick
@given(worlds(), STORED, STORED)
def test_nothing_young_goes(
    world: tuple[list[Holding], dict[HoldingId, str]], blobs: list[Blob], parts: list[Blob]
) -> None:
    """
    Whatever became of it, everything stays for the grace period.
    """
    known, ties = world
    due = leaving(known, ties, BEFORE).due
    found = sweep(blobs, parts, needs(known, {each.id for each in due}), BEFORE)

    moments = [*(each.since for each in due), *(each.since for each in (*found.blobs, *found.parts))]

    assert [] == [since for since in moments if since is None or since > BEFORE]


@quick
@given(worlds(), STORED, STORED)
def test_a_second_run_finds_nothing(
    world: tuple[list[Holding], dict[HoldingId, str]], blobs: list[Blob], parts: list[Blob]
) -> None:
    """
    What was decided and done once leaves nothing to do.
    """
    known, ties = world
    gone = {each.id for each in leaving(known, ties, BEFORE).due}
    found = sweep(blobs, parts, needs(known, gone), BEFORE)
    left = [each for each in known if each.id not in gone]
    blobs = [each for each in blobs if each not in found.blobs]
    parts = [each for each in parts if each not in found.parts]
    again = sweep(blobs, parts, needs(left), BEFORE)

    assert ((), (), ()) == (leaving(left, ties, BEFORE).due, again.blobs, again.parts)
