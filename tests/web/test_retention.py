"""
How many versions are kept, on the page: with one selection, and with all of them.
"""

import re

import pytest

from tests.support.seeding import Seeded
from tests.web.asked import Visitor
from tundish.core import clock
from tundish.core.selection import Selection


@pytest.fixture
def first(fresh: Seeded) -> int:
    """
    The number of the selection that is there, of two.
    """
    fresh.app.catalog.selections.add(Selection("ubuntu", "s001", keep=3), clock.now())
    return fresh.app.catalog.selections.list()[0][0]


def kept(seeded: Seeded) -> dict[str, int]:
    return {each.series: each.keep for _, each in seeded.app.catalog.selections.list()}


def test_a_selection_keeps_more_at_once(fresh: Seeded, first: int) -> None:
    """
    Nothing goes, so nobody is asked; the audit tells it.
    """
    answer = Visitor(fresh).log_in().post("/select", deed="keep", number=str(first), keep="5")

    assert (303, {"noble": 5, "s001": 3}, "selection.change") == (
        answer.status,
        kept(fresh),
        fresh.app.catalog.audit.list(limit=1)[0].deed,
    )


def test_fewer_are_kept_after_asking(fresh: Seeded, first: int) -> None:
    """
    First the page says what would go and changes nothing.
    """
    visitor = Visitor(fresh).log_in()
    asked = visitor.post("/select", deed="keep", number=str(first), keep="1")
    before = kept(fresh)
    visitor.post("/select", deed="keep", number=str(first), keep="1", sure="yes")

    assert (True, {"noble": 2, "s001": 3}, {"noble": 1, "s001": 3}) == (
        "Keep 1 version?" in asked.text,
        before,
        kept(fresh),
    )


def test_all_selections_keep_as_many(fresh: Seeded, first: int) -> None:
    """
    From the settings, which say how many are kept with how many selections.
    """
    visitor = Visitor(fresh).log_in()
    text = visitor.get("/settings").text
    visitor.post("/select", deed="keep", keep="7", back="/settings")

    assert (True, {"noble": 7, "s001": 7}) == (
        bool(re.search(r"2 with 1 selection, 3 with 1 selection", text)),
        kept(fresh),
    )


@pytest.mark.parametrize("keep", ["0", "1001", "many"])
def test_a_number_that_is_none_is_refused(fresh: Seeded, first: int, keep: str) -> None:
    """
    Nothing changes, and the page says why.
    """
    answer = Visitor(fresh).log_in().post("/select", deed="keep", number=str(first), keep=keep)

    assert (422, {"noble": 2, "s001": 3}) == (answer.status, kept(fresh))


def test_who_may_only_see_changes_nothing(fresh: Seeded, first: int) -> None:
    """
    There is no field for it, and a form of one's own is refused.
    """
    visitor = Visitor(fresh).log_in("vic")
    texts = visitor.get("/select").text + visitor.get("/settings").text
    answers = [visitor.post("/select", deed="keep", number=number, keep="9") for number in ("", str(first))]

    assert (False, [403, 403], {"noble": 2, "s001": 3}) == (
        'value="keep"' in texts,
        [each.status for each in answers],
        kept(fresh),
    )
