"""
What a sync decides to do: a table of cases, and what holds for every plan.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given

from tests.unit.sync import values
from tests.unit.sync.values import (
    ANYTHING,
    BLOBS,
    CONTENT,
    LAB,
    NOW,
    OTHER,
    SIZES,
    digests,
    holding,
    offer,
    quick,
)
from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Selection
from tundish.stream.select import depth
from tundish.sync.offer import Offer
from tundish.sync.plan import Action, Plan, PlannedVersion, plan

FETCH, KEEP, RETIRE = Action.FETCH, Action.KEEP, Action.RETIRE
NOBLE = Selection(os="ubuntu", series="noble", keep=1)


def lines(found: Plan) -> list[tuple[str, str, str, int]]:
    """
    What is planned, as action, series, version and bytes.
    """
    return [(each.action, each.product.series, each.version.name, each.size) for each in found.versions]


def reasons(found: Plan) -> list[str]:
    return [each.reason for each in found.versions]


CASES: Mapping[
    str, tuple[list[Offer], list[Selection], list[Holding], str, list[tuple[str, str, str, int]]]
] = {
    "nothing at all": ([], [], [], "", []),
    "nothing selected": ([offer(noble={"1": "a"})], [], [], "", []),
    "new": ([offer(noble={"1": "ab"})], [ANYTHING], [], "", [(FETCH, "noble", "1", 21)]),
    "new, one file held": ([offer(noble={"1": "ab"})], [ANYTHING], [], "b", [(FETCH, "noble", "1", 1)]),
    "new, every file held": ([offer(noble={"1": "ab"})], [ANYTHING], [], "ab", [(FETCH, "noble", "1", 0)]),
    "held": (
        [offer(noble={"1": "ab"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab")],
        "ab",
        [(KEEP, "noble", "1", 21)],
    ),
    "a file got lost": (
        [offer(noble={"1": "ab"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab")],
        "a",
        [(FETCH, "noble", "1", 20)],
    ),
    "an earlier run was killed": (
        [offer(noble={"1": "ab"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab", State.FETCHING)],
        "a",
        [(FETCH, "noble", "1", 20)],
    ),
    "an earlier run was killed at its end": (
        [offer(noble={"1": "ab"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab", State.INCOMPLETE)],
        "ab",
        [(FETCH, "noble", "1", 0)],
    ),
    "other files under the same name": (
        [offer(noble={"1": "ac"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab")],
        "ab",
        [(FETCH, "noble", "1", 300)],
    ),
    "retired, and wanted again": (
        [offer(noble={"1": "ab"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab", State.RETIRED)],
        "ab",
        [(FETCH, "noble", "1", 0)],
    ),
    "a newer version": (
        [offer(noble={"1": "ab", "2": "ac"})],
        [ANYTHING],
        [holding(1, "noble", "1", "ab")],
        "ab",
        [(FETCH, "noble", "2", 300), (RETIRE, "noble", "1", 20)],
    ),
    "two versions wanted": (
        [offer(noble={"1": "a", "2": "b", "3": "c"})],
        [replace(NOBLE, keep=2)],
        [],
        "",
        [(FETCH, "noble", "3", 300), (FETCH, "noble", "2", 20)],
    ),
    "the deepest of two selections": (
        [offer(noble={"1": "a", "2": "b"})],
        [NOBLE, replace(NOBLE, keep=2)],
        [],
        "",
        [(FETCH, "noble", "2", 20), (FETCH, "noble", "1", 1)],
    ),
    "deselected": (
        [offer(noble={"1": "a"}, jammy={"1": "b"})],
        [NOBLE],
        [holding(1, "noble", "1", "a"), holding(2, "jammy", "1", "b")],
        "ab",
        [(KEEP, "noble", "1", 1), (RETIRE, "jammy", "1", 20)],
    ),
    "deselected, its file still used": (
        [offer(noble={"1": "a"}, jammy={"1": "a"})],
        [NOBLE],
        [holding(1, "noble", "1", "a"), holding(2, "jammy", "1", "a")],
        "a",
        [(KEEP, "noble", "1", 1), (RETIRE, "jammy", "1", 0)],
    ),
    "no longer offered": (
        [offer(jammy={"1": "b"})],
        [ANYTHING],
        [holding(1, "noble", "1", "a"), holding(2, "jammy", "1", "b")],
        "ab",
        [(KEEP, "jammy", "1", 20), (KEEP, "noble", "1", 1)],
    ),
    "no longer offered, and never whole": (
        [offer()],
        [ANYTHING],
        [holding(1, "noble", "1", "a", State.INCOMPLETE)],
        "",
        [(RETIRE, "noble", "1", 0)],
    ),
    "a version was withdrawn, an older one is offered": (
        [offer(noble={"1": "a"})],
        [ANYTHING],
        [holding(1, "noble", "1", "a"), holding(2, "noble", "2", "b")],
        "ab",
        [(KEEP, "noble", "1", 1), (RETIRE, "noble", "2", 20)],
    ),
    "its source was not read": (
        [offer(OTHER)],
        [NOBLE],
        [holding(1, "noble", "1", "a"), holding(2, "noble", "2", "b")],
        "ab",
        [(KEEP, "noble", "2", 20), (KEEP, "noble", "1", 1)],
    ),
    "its products file was not read": (
        [offer(unread=True)],
        [NOBLE],
        [holding(1, "noble", "1", "a"), holding(2, "noble", "2", "b")],
        "ab",
        [(KEEP, "noble", "2", 20), (KEEP, "noble", "1", 1)],
    ),
    "deselected, and its source was not read": (
        [offer(OTHER)],
        [NOBLE],
        [holding(1, "jammy", "1", "a")],
        "a",
        [(RETIRE, "jammy", "1", 1)],
    ),
    "deselected, and its products file was not read": (
        [offer(unread=True)],
        [NOBLE],
        [holding(1, "jammy", "1", "a")],
        "a",
        [(RETIRE, "jammy", "1", 1)],
    ),
    "our own": ([offer()], [NOBLE], [holding(1, "jammy", "1", "a", source=OWN)], "a", []),
    "a shared file": (
        [offer(noble={"1": "ab"}, jammy={"1": "ac"})],
        [ANYTHING],
        [],
        "",
        [(FETCH, "noble", "1", 21), (FETCH, "jammy", "1", 300)],
    ),
    "the same from two sources": (
        [offer(LAB, noble={"1": "ab"}), offer(OTHER, noble={"1": "ab"})],
        [ANYTHING],
        [],
        "",
        [(FETCH, "noble", "1", 21)],
    ),
    "the same from two sources, each selected by name": (
        [offer(LAB, noble={"1": "ab"}), offer(OTHER, noble={"1": "ab"})],
        [replace(NOBLE, source=LAB), replace(NOBLE, source=OTHER)],
        [],
        "",
        [(FETCH, "noble", "1", 21), (FETCH, "noble", "1", 0)],
    ),
    "a selection of one source": (
        [offer(LAB, noble={"1": "a"}), offer(OTHER, noble={"1": "b"})],
        [replace(NOBLE, source=OTHER)],
        [],
        "",
        [(FETCH, "noble", "1", 20)],
    ),
}


@pytest.mark.parametrize(
    ("offers", "selections", "held_versions", "held", "expected"), CASES.values(), ids=CASES
)
def test_what_is_planned(
    offers: list[Offer],
    selections: list[Selection],
    held_versions: list[Holding],
    held: str,
    expected: list[tuple[str, str, str, int]],
) -> None:
    """
    Each case gives exactly these lines, in this order.
    """
    assert expected == lines(plan(offers, selections, held_versions, held=digests(held)))


@pytest.mark.parametrize(
    ("state", "held", "reason"),
    [
        (None, "", "selected and not held"),
        (None, "ab", "selected; every file is held already"),
        (State.COMPLETE, "ab", "held and offered"),
        (State.COMPLETE, "a", "1 of its files are missing or damaged"),
        (State.DAMAGED, "", "2 of its files are missing or damaged"),
        (State.FETCHING, "a", "an earlier run ended before it was whole"),
        (State.INCOMPLETE, "a", "an earlier run ended before it was whole"),
    ],
)
def test_a_plan_says_why(state: State | None, held: str, reason: str) -> None:
    """
    Each line has a reason that a person can read.
    """
    known = [holding(1, "noble", "1", "ab", state)] if state else []

    assert [reason] == reasons(plan([offer(noble={"1": "ab"})], [NOBLE], known, held=digests(held)))


def test_a_lost_file_makes_a_complete_image_damaged() -> None:
    """
    What was complete and lacks a file is marked as damaged before it is fetched again.
    """
    found = plan([offer(noble={"1": "ab"})], [NOBLE], [holding(1, "noble", "1", "ab")], held=digests("a"))

    assert [True] == [each.damaged for each in found.versions]


def test_a_change_of_files_is_no_damage() -> None:
    """
    A version that is offered with other files than before was not damaged here.
    """
    found = plan([offer(noble={"1": "ac"})], [NOBLE], [holding(1, "noble", "1", "ab")], held=digests("ab"))

    assert [False] == [each.damaged for each in found.versions]


def test_bytes_that_came_earlier_are_not_counted_again() -> None:
    """
    A part of an interrupted run counts as held.
    """
    found = plan([offer(noble={"1": "d"})], [NOBLE], [], held=(), unfinished={BLOBS["d"]: 1_000})

    assert (3_000, 1_000) == (found.fetch_bytes, found.files[0].held)


def test_a_part_that_is_longer_than_its_file_counts_as_the_file() -> None:
    """
    A part of more bytes than promised never makes the bytes to fetch negative.
    """
    found = plan([offer(noble={"1": "a"})], [NOBLE], [], held=(), unfinished={BLOBS["a"]: 1_000})

    assert 0 == found.fetch_bytes


def test_a_plan_without_work_is_empty() -> None:
    """
    Keeping is no work.
    """
    assert plan(
        [offer(noble={"1": "a"})], [NOBLE], [holding(1, "noble", "1", "a")], held=digests("a")
    ).is_empty


# ---- what holds for every plan


def key_of(each: PlannedVersion | Holding) -> tuple[str, str, str]:
    return (each.source, each.product.name, each.version.name)


def carried_out(
    found: Plan, known: tuple[Holding, ...], held: frozenset[Digest]
) -> tuple[list[Holding], frozenset[Digest]]:
    """
    Catalog and store after everything went as planned.
    """
    states = {FETCH: State.COMPLETE, RETIRE: State.RETIRED}
    after = {key_of(each): each for each in known}
    for each in found.versions:
        if each.action is not KEEP:
            number = HoldingId(each.holding or 100 + len(after))
            after[key_of(each)] = Holding(
                number, each.source, each.product, each.version, states[each.action], NOW
            )
    return list(after.values()), held | {file.digest for file in found.files}


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD, values.UNFINISHED)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
    coming: dict[Digest, int],
) -> None:
    """
    The second sync of an unchanged source has an empty plan.
    """
    first = plan(offers, selections, known, held=held, unfinished=coming)
    after, all_held = carried_out(first, known, held)

    assert plan(offers, selections, after, held=all_held).is_empty


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD, values.UNFINISHED)
def test_every_byte_is_counted_once(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
    coming: dict[Digest, int],
) -> None:
    """
    No blob is listed twice or although it is held, and the lines add up to the total.
    """
    found = plan(offers, selections, known, held=held, unfinished=coming)
    listed = [file.digest for file in found.files]

    assert (len(set(listed)), frozenset(), found.fetch_bytes) == (
        len(listed),
        held.intersection(listed),
        found.bytes_of(FETCH),
    )


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD)
def test_keeping_and_freeing_never_add_up_to_more_than_is_held(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
) -> None:
    """
    A file that two versions share is kept or freed once, and never both.
    """
    found = plan(offers, selections, known, held=held)
    total = sum(size for name, size in SIZES.items() if BLOBS[name] in held)

    assert found.bytes_of(KEEP) + found.bytes_of(RETIRE) <= total


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD)
def test_each_version_has_one_line(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
) -> None:
    """
    No version is both fetched and retired; every holding that is not retired is spoken of.
    """
    found = [key_of(each) for each in plan(offers, selections, known, held=held).versions]
    alive = {key_of(each) for each in known if each.state is not State.RETIRED}

    assert (len(set(found)), True) == (len(found), alive <= set(found))


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD)
def test_nothing_is_retired_on_the_word_of_nobody(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
) -> None:
    """
    What somebody selects goes only if its source was read whole.
    """
    read = {
        each.source.name for each in offers if CONTENT not in {unread.content_id for unread in each.unread}
    }
    going = plan(offers, selections, known, held=held).of(RETIRE)
    selected = [each for each in going if depth(selections, each.product, each.source)]

    assert {each.source for each in selected} <= read


def leader(offers: tuple[Offer, ...], product: Product) -> SourceName:
    """
    The first by name of the sources that offer it: all have the same priority.
    """
    return min(
        each.source.name for each in offers if product.series in {every.series for every in each.products}
    )


@quick
@given(values.offers(), values.SELECTIONS, values.holdings(), values.HELD)
def test_what_is_wanted_is_fetched_or_kept(
    offers: tuple[Offer, ...],
    selections: list[Selection],
    known: tuple[Holding, ...],
    held: frozenset[Digest],
) -> None:
    """
    The newest version of a selected product is never retired and never forgotten, where its source leads.
    """
    found = plan(offers, selections, known, held=held)
    newest = {
        (each.source.name, product.name, product.versions[-1].name)
        for each in offers
        for product in each.products
        for selection in selections
        if selection.series in {"*", product.series}
        and (selection.source or leader(offers, product)) == each.source.name
    }

    assert newest <= {key_of(each) for each in found.versions if each.action is not RETIRE}
