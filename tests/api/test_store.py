"""
The store as programs see it.
"""

from tests.api.door import Door, viewer
from tundish.core.people import Grant, Kind, Role


def test_what_would_go_is_for_who_may_let_it_go(shared: Door) -> None:
    """
    The plan of a garbage collection names every image and file.
    """
    assert [403, 200] == [
        shared.get("store/leaving", token=viewer(shared)).status,
        shared.get("store/leaving").status,
    ]


def test_how_full_the_store_is_is_not_for_a_scope(shared: Door) -> None:
    """
    As with the numbers of everything.
    """
    token = shared.as_("sue", Grant(Role.OPERATOR, Kind.IMAGE, "debian/trixie/*"))

    assert [403, 403, 200] == [
        shared.get("store", token=token).status,
        shared.get("store/leaving", token=token).status,
        shared.get("store", token=viewer(shared)).status,
    ]


def test_bundles_are_for_who_may_carry_them(shared: Door) -> None:
    """
    Nobody else learns their names.
    """
    assert [403, 200] == [shared.get("bundles", token=viewer(shared)).status, shared.get("bundles").status]


def test_a_grace_period_has_a_bound(shared: Door) -> None:
    """
    Before the calendar ends.
    """
    assert [422, 422, 200] == [
        shared.get(f"store/leaving?grace={grace}").status for grace in (-1, 10**12, 36_500 * 86_400)
    ]
