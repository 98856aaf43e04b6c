"""
Which of several sources an image is taken from, and what that hides.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.sync.values import ANYTHING, LAB, OTHER, digests, holding, offer, product, version
from tundish.core.holding import Holding
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Selection
from tundish.sync.offer import Offer
from tundish.sync.plan import Action, Plan, plan
from tundish.sync.ranking import hidden, ranking, spec_of

THIRD = SourceName("third")


def ranked(each: Offer, priority: int) -> Offer:
    return replace(each, source=replace(each.source, priority=priority))


def fetched(found: Plan) -> list[tuple[str, str]]:
    return [(each.source, each.product.series) for each in found.of(Action.FETCH)]


def planned(
    offers: Sequence[Offer],
    selections: Sequence[Selection] = (ANYTHING,),
    holdings: Sequence[Holding] = (),
    *,
    held: str = "",
    **priorities: int,
) -> Plan:
    return plan(
        offers,
        selections,
        holdings,
        held=digests(held),
        priorities={SourceName(name): value for name, value in priorities.items()},
    )


NOBLE = product("noble", [version("1", "a")])
BOTH = (ranked(offer(LAB, noble={"1": "a"}), 1), ranked(offer(OTHER, noble={"1": "b"}), 5))


def test_the_highest_priority_wins() -> None:
    """
    Of two sources with the same image the one with the higher priority is asked.
    """
    assert [(OTHER, "noble")] == fetched(planned(BOTH))


def test_equals_go_by_name() -> None:
    """
    Of equal priority the first by name is asked, in whatever order they are read.
    """
    equals = [replace(each, source=replace(each.source, priority=0)) for each in BOTH]

    assert [[(LAB, "noble")]] * 2 == [fetched(planned(order)) for order in (equals, equals[::-1])]


def test_each_image_is_ranked_by_itself() -> None:
    """
    What only the lower source offers comes from there.
    """
    lower = ranked(offer(LAB, noble={"1": "a"}, jammy={"1": "c"}), 1)

    assert [(LAB, "jammy"), (OTHER, "noble")] == sorted(fetched(planned([lower, BOTH[1]])))


@pytest.mark.parametrize(
    "another",
    [
        replace(NOBLE, os="else"),
        replace(NOBLE, arch="else"),
        replace(NOBLE, kernel="else"),
        replace(NOBLE, label="else"),
    ],
)
def test_another_kind_is_another_image(another: Product) -> None:
    """
    Images of another OS, architecture, kernel or label do not compete.
    """
    lower = replace(BOTH[0], products=(another,))

    assert [LAB, OTHER] == sorted(source for source, _ in fetched(planned([lower, BOTH[1]])))


def test_a_selection_that_names_its_source_gets_it() -> None:
    """
    A named source is asked, whatever its priority.
    """
    assert [(LAB, "noble")] == fetched(planned(BOTH, [replace(ANYTHING, source=LAB)]))


def test_a_named_source_comes_beside_the_leading_one() -> None:
    """
    Selected both openly and by name, the image comes from both.
    """
    found = fetched(planned(BOTH, [ANYTHING, replace(ANYTHING, source=LAB)]))

    assert [(LAB, "noble"), (OTHER, "noble")] == sorted(found)


def test_what_is_hidden_goes_and_says_why() -> None:
    """
    An image that a source of higher priority offers now is retired, and that source is named.
    """
    found = planned(BOTH, holdings=[holding(1, "noble", "1", "a", source=LAB)], held="a")

    assert [(LAB, "source other, of higher priority, offers it too")] == [
        (each.source, each.reason) for each in found.of(Action.RETIRE)
    ]


def test_a_bad_day_of_the_leading_source_swaps_nothing() -> None:
    """
    While the source of an image that is held whole cannot be read, no other takes its place.
    """
    whole = holding(1, "noble", "1", "b", source=OTHER)

    assert [] == fetched(planned([BOTH[0]], holdings=[whole], held="b", lab=1, other=5))


def test_a_source_that_never_gave_anything_is_not_waited_for() -> None:
    """
    If nothing whole is held of an unread source, the next one gives the image.
    """
    unfinished = holding(1, "noble", "1", "b", State.INCOMPLETE, source=OTHER)

    assert [(LAB, "noble")] == fetched(planned([BOTH[0]], holdings=[unfinished], lab=1, other=5))


def test_a_disabled_source_leads_nothing() -> None:
    """
    What is held of a source that is not in use keeps no other from giving the image.
    """
    whole = holding(1, "noble", "1", "b", source=OTHER)

    assert [(LAB, "noble")] == fetched(planned([BOTH[0]], holdings=[whole], held="b", lab=1))


def of(kernel: str, flavour: str | None = None) -> Product:
    return replace(NOBLE, kernel=kernel, extra={} if flavour is None else {"kflavor": flavour})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (of("hwe-t"), of("ga-14.04"), True),
        (of("hwe-x-lowlatency"), of("ga-16.04-lowlatency"), True),
        (of("ga-24.04", "lowlatency"), of("ga-24.04"), False),
        (of("ga-24.04", "lowlatency"), of("ga-24.04-lowlatency"), True),
        (of("ga-24.04", "generic"), of("ga-24.04"), True),
        (of("hwe-24.04"), of("hwe-24.04-edge"), False),
    ],
)
def test_which_kernels_are_the_same(one: Product, other: Product, *, expected: bool) -> None:
    """
    A kernel is the same in the old notation by letters and in the new one; a flavour is another kernel.
    """
    assert expected is (spec_of(one) == spec_of(other))


def test_what_is_held_can_be_hidden() -> None:
    """
    Of two sources that are held whole, the image of the lower one is hidden by the higher one.
    """
    held = [holding(1, "noble", "1", "a", source=LAB), holding(2, "noble", "1", "b", source=OTHER)]

    assert {1: OTHER} == hidden(held, {LAB: 1, OTHER: 5})


@pytest.mark.parametrize(
    "held",
    [
        [holding(1, "noble", "1", "a", source=LAB)],
        [
            holding(1, "noble", "1", "a", source=LAB),
            holding(2, "noble", "1", "b", State.FETCHING, source=OTHER),
        ],
        [holding(1, "noble", "1", "a", source=LAB), holding(2, "jammy", "1", "b", source=OTHER)],
        [holding(1, "noble", "1", "a", source=LAB), holding(2, "noble", "1", "b", source=THIRD)],
    ],
    ids=["alone", "not whole yet", "another image", "a source no longer in use"],
)
def test_what_hides_nothing(held: list[Holding]) -> None:
    """
    Only the same image, held whole, of a source in use hides another.
    """
    assert {} == hidden(held, {LAB: 1, OTHER: 5})


def test_nobody_leads_without_a_claim() -> None:
    """
    An image that no other source has is taken from the one it is of.
    """
    assert None is ranking([], [], {}).hider(LAB, product("noble"))
