"""
What stays although it is not wanted any more, and what is too much to let go at once.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sync import values
from tests.unit.sync.values import NOW, OTHER, digests, holding, offer, product, quick, version
from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ProductName
from tundish.core.selection import Selection
from tundish.sync.guard import check_removal, lost
from tundish.sync.offer import Offer
from tundish.sync.plan import Action, Plan, plan
from tundish.sync.retention import Dropped, dropped

FETCH, KEEP, RETIRE = Action.FETCH, Action.KEEP, Action.RETIRE
NOBLE = Selection(os="ubuntu", series="noble")  # keeps two
ONE = replace(NOBLE, keep=1)
ALL = digests("abcdef")


def lines(found: Plan) -> dict[str, Action]:
    """
    What is planned for each version of the only image.
    """
    return {each.version.name: each.action for each in found.versions}


def held(*names: str, state: State = State.COMPLETE) -> list[Holding]:
    """
    Versions of noble, each of a blob of its own.
    """
    return [
        holding(number, "noble", name, "abcdef"[int(name) - 1], state) for number, name in enumerate(names, 1)
    ]


def on_hold(holdings: list[Holding]) -> list[Holding]:
    return [replace(each, on_hold=True) for each in holdings]


CASES: Mapping[str, tuple[dict[str, str], Selection, list[Holding], dict[int, str], dict[str, Action]]] = {
    "the two newest": (
        {"1": "a", "2": "b", "3": "c"},
        NOBLE,
        held("1", "2", "3"),
        {},
        {"3": KEEP, "2": KEEP, "1": RETIRE},
    ),
    "an older one that is not offered fills the place": (
        {"3": "c"},
        NOBLE,
        held("1", "2", "3"),
        {},
        {"3": KEEP, "2": KEEP, "1": RETIRE},
    ),
    "none is offered: the two newest stay": (
        {},
        NOBLE,
        held("1", "2", "3"),
        {},
        {"3": KEEP, "2": KEEP, "1": RETIRE},
    ),
    "a complete one before a newer damaged one": (
        {},
        ONE,
        [*held("1"), holding(2, "noble", "2", "b", State.DAMAGED)],
        {},
        {"1": KEEP, "2": RETIRE},
    ),
    "a damaged one, if there is no other": ({}, ONE, held("1", state=State.DAMAGED), {}, {"1": KEEP}),
    "one that never was whole": ({}, NOBLE, held("1", state=State.INCOMPLETE), {}, {"1": RETIRE}),
    "tied, beside those that are kept anyway": (
        {"2": "b", "3": "c"},
        NOBLE,
        held("1", "2", "3"),
        {1: "pinned"},
        {"3": KEEP, "2": KEEP, "1": KEEP},
    ),
    "tied, and deselected": (
        {"1": "a"},
        Selection(os="debian", series="*"),
        held("1", "2"),
        {1: "deployed on 1 machine"},
        {"1": KEEP, "2": RETIRE},
    ),
    "on hold, nothing newer": (
        {"1": "a", "2": "b", "3": "c"},
        NOBLE,
        on_hold(held("2")),
        {},
        {"2": KEEP},
    ),
    "on hold, nothing goes": (
        {"3": "c"},
        ONE,
        on_hold(held("1", "2")),
        {},
        {"2": KEEP, "1": KEEP},
    ),
    "on hold, what is damaged comes again": (
        {"1": "a", "2": "b"},
        ONE,
        on_hold(held("1", state=State.DAMAGED)),
        {},
        {"1": FETCH},
    ),
    "on hold while a newer one came": (
        {"1": "a", "2": "b"},
        ONE,
        on_hold([*held("1"), holding(2, "noble", "2", "b", State.FETCHING)]),
        {},
        {"1": KEEP, "2": RETIRE},
    ),
    "on hold before anything is whole": (
        {"1": "a"},
        ONE,
        on_hold(held("1", state=State.FETCHING)),
        {},
        {"1": FETCH},
    ),
    "on hold, and deselected": (
        {"1": "a"},
        Selection(os="debian", series="*"),
        on_hold(held("1")),
        {},
        {"1": RETIRE},
    ),
}


@pytest.mark.parametrize(("offered", "selection", "known", "ties", "expected"), CASES.values(), ids=CASES)
def test_what_stays(
    offered: dict[str, str],
    selection: Selection,
    known: list[Holding],
    ties: dict[int, str],
    expected: dict[str, Action],
) -> None:
    """
    Each case keeps and retires exactly these versions.
    """
    reasons = {HoldingId(number): why for number, why in ties.items()}
    offers = [offer(noble=offered)] if offered else [offer()]

    assert expected == lines(plan(offers, [selection], known, held=ALL, ties=reasons))


def test_a_tie_is_the_reason_that_is_told() -> None:
    """
    Whoever looks at the plan sees what keeps a version.
    """
    found = plan([offer(noble={"2": "b"})], [ONE], held("1"), held=ALL, ties={HoldingId(1): "pinned"})

    assert "pinned" == next(each.reason for each in found.versions if each.version.name == "1")


def test_what_was_retired_and_is_tied_is_kept_and_says_why() -> None:
    """
    It is a line of the plan with the reason, and no image that somebody still has.
    """
    known = held("1", state=State.RETIRED)
    found = plan([offer()], [ONE], known, held=ALL, ties={HoldingId(1): "pinned"})

    assert [(KEEP, "pinned")] == [(each.action, each.reason) for each in found.versions]


def test_a_retired_version_that_is_kept_is_no_replacement() -> None:
    """
    An image whose one complete version goes is lost, even if an older one is pinned.
    """
    known = [*held("1", state=State.RETIRED), holding(2, "noble", "2", "b")]
    found = plan([offer()], [], known, held=ALL, ties={HoldingId(1): "pinned"})

    assert (1, 1) == lost(found, known)


def test_the_old_stream_goes_when_the_new_one_offers_the_image() -> None:
    """
    A source that offers an image as another product, in another products file, has replaced it.
    """
    former = replace(
        holding(1, "noble", "1", "a"),
        product=replace(product("noble"), name=ProductName("old"), content_id=ContentId("old")),
    )
    found = plan([offer(noble={"1": "a", "2": "b"})], [NOBLE], [former], held=ALL)

    assert [(FETCH, "2"), (FETCH, "1"), (RETIRE, "1")] == [
        (each.action, each.version.name) for each in found.versions
    ]


# ---- what was dropped


@pytest.mark.parametrize(
    ("offers", "known", "expected"),
    [
        ([offer(noble={"1": "a"})], held("1", "2"), ((2,), ())),
        ([offer()], held("1"), ((1,), ())),
        ([offer(noble={"1": "a"})], [replace(held("1")[0], dropped_at=NOW)], ((), (1,))),
        ([offer()], [replace(held("1")[0], dropped_at=NOW)], ((), ())),
        ([offer(unread=True)], held("1"), ((), ())),
        ([offer(OTHER)], held("1"), ((), ())),
        ([offer()], [replace(held("1")[0], source=OWN)], ((), ())),
    ],
    ids=["a version", "a product", "back", "marked before", "unread", "not asked", "our own"],
)
def test_what_was_dropped(
    offers: list[Offer], known: list[Holding], expected: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """
    Only what a source that was read says of what is its own counts, and only changes are named.
    """
    assert Dropped(*(tuple(map(HoldingId, part)) for part in expected)) == dropped(offers, known)


# ---- too much at once


def images(count: int) -> list[Holding]:
    return [holding(number, f"s{number}", "1", "a") for number in range(1, count + 1)]


def offered(*series: int) -> Offer:
    products = tuple(product(f"s{number}", [version("1", "a")]) for number in series)
    return replace(offer(), products=products)


@pytest.mark.parametrize(("stay", "refused"), [((), True), ((1,), True), ((1, 2), False), ((1, 2, 3), False)])
def test_more_than_half_is_refused(stay: tuple[int, ...], refused: bool) -> None:
    """
    Half of four images may go, three may not.
    """
    known = images(4)
    wanted = [Selection(os="ubuntu", series=f"s{number}") for number in stay]
    found = plan([offered(1, 2, 3, 4)], wanted, known, held=ALL)
    said = ""
    try:
        check_removal(found, known)
    except Conflict as error:
        said = str(error)

    assert refused == ("--allow-mass-removal" in said)


def test_nothing_left_is_refused_even_if_nothing_was_whole() -> None:
    """
    Without any selection a sync does not let go of what is still on its way.
    """
    known = held("1", "2", state=State.INCOMPLETE)
    found = plan([offer()], [], known, held=ALL)

    with pytest.raises(Conflict, match="all 2 versions"):
        check_removal(found, known)


def test_a_new_version_is_no_removal() -> None:
    """
    An image of which only the version changes is not lost.
    """
    known = held("1")

    assert (0, 1) == lost(plan([offer(noble={"2": "b"})], [ONE], known, held=ALL), known)


def test_neither_our_own_nor_what_never_was_whole_counts() -> None:
    """
    Of these a sync takes nothing away that somebody could use.
    """
    known = [replace(held("1")[0], source=OWN), *held("2", state=State.INCOMPLETE)]

    assert (0, 0) == lost(plan([offer()], [], known, held=ALL), known)


# ---- what holds for every plan


@st.composite
def worlds(draw: st.DrawFn) -> tuple[tuple[Offer, ...], list[Selection], list[Holding], dict[HoldingId, str]]:
    known = [replace(each, on_hold=draw(st.booleans())) for each in draw(values.holdings())]
    tied = draw(st.sets(st.sampled_from([each.id for each in known]))) if known else set()
    return draw(values.offers()), draw(values.SELECTIONS), known, dict.fromkeys(tied, "tied")


@quick
@given(worlds(), values.HELD)
def test_what_is_tied_is_never_retired(
    world: tuple[tuple[Offer, ...], list[Selection], list[Holding], dict[HoldingId, str]],
    blobs: frozenset[Digest],
) -> None:
    """
    Pinned, deployed, released: whatever is offered, selected and held.
    """
    offers, selections, known, ties = world
    found = plan(offers, selections, known, held=blobs, ties=ties)

    assert set() == {each.holding for each in found.of(RETIRE)} & set(ties)


@quick
@given(worlds(), values.HELD)
def test_the_last_whole_version_of_what_is_selected_stays_or_is_replaced(
    world: tuple[tuple[Offer, ...], list[Selection], list[Holding], dict[HoldingId, str]],
    blobs: frozenset[Digest],
) -> None:
    """
    Where all complete versions of a selected image go, another one is kept or fetched first.
    """
    offers, selections, known, ties = world
    found = plan(offers, selections, known, held=blobs, ties=ties)
    alive = {each.line for each in found.versions if each.action is not RETIRE}
    selected = {
        (each.source, each.product.content_id, each.product.name)
        for each in known
        for selection in selections
        if each.state is State.COMPLETE
        and selection.source in {None, each.source}
        and selection.series in {"*", each.product.series}
    }

    assert selected <= alive


@quick
@given(worlds())
def test_no_more_stay_than_asked_for(
    world: tuple[tuple[Offer, ...], list[Selection], list[Holding], dict[HoldingId, str]],
) -> None:
    """
    Without ties and holds a selected image of a source that was read has at most as many versions as wanted.
    """
    offers, selections, known, _ = world
    loose = [replace(each, on_hold=False) for each in known]
    read = tuple(each for each in offers if not each.unread)
    found = plan(read, selections, loose, held=ALL)
    deepest = max((each.keep for each in selections), default=0)
    counts: dict[tuple[str, str, str], int] = {}
    for each in found.versions:
        if each.action is not RETIRE and each.reason != "its source was not read":
            counts[each.line] = counts.get(each.line, 0) + 1

    assert max(counts.values(), default=0) <= deepest
