"""
The table of who may do what: role x power x scope.
"""

import itertools

from hypothesis import given
from hypothesis import strategies as some

from tundish.core.people import POWERS, Actor, Grant, Kind, Power, Role

NAMES = some.sampled_from(["", "lab", "custom/a", "custom/b", "stable"])
PATTERNS = some.sampled_from(["*", "lab", "custom/*", "stable", "[", "?"])
GRANTS = some.builds(Grant, some.sampled_from(Role), some.sampled_from(Kind), PATTERNS)
MANY = some.lists(GRANTS, max_size=4).map(tuple)
POWER, KIND = some.sampled_from(Power), some.sampled_from(Kind)


def actor(grants: tuple[Grant, ...], narrowed: tuple[Grant, ...] = ()) -> Actor:
    return Actor("ann", grants, "api", narrowed=narrowed)


@given(POWER, KIND, NAMES)
def test_nothing_is_allowed_without_a_grant(power: Power, kind: Kind, name: str) -> None:
    """
    What is not granted is refused.
    """
    assert not actor(()).may(power, kind, name)


@given(some.sampled_from(Role), POWER, KIND, NAMES)
def test_a_role_without_scope_has_its_powers_everywhere(
    role: Role, power: Power, kind: Kind, name: str
) -> None:
    """
    Those of the table, on every name, and no other.
    """
    assert (power in POWERS[role]) == actor((Grant(role),)).may(power, kind, name)


@given(GRANTS, POWER, KIND, NAMES)
def test_a_scope_never_reaches_another_kind(grant: Grant, power: Power, kind: Kind, name: str) -> None:
    """
    A grant on channels gives nothing on images, and nothing on what has no kind.
    """
    reaches = actor((grant,)).may(power, kind, name)

    assert not reaches or grant.kind in {Kind.ALL, kind}


@given(MANY, GRANTS, POWER, KIND, NAMES)
def test_a_further_grant_takes_nothing_away(
    grants: tuple[Grant, ...], more: Grant, power: Power, kind: Kind, name: str
) -> None:
    """
    Rights add up.
    """
    assert not actor(grants).may(power, kind, name) or actor((*grants, more)).may(power, kind, name)


@given(MANY, MANY, POWER, KIND, NAMES)
def test_narrowing_never_gives_more(
    grants: tuple[Grant, ...], narrowed: tuple[Grant, ...], power: Power, kind: Kind, name: str
) -> None:
    """
    A token may at most what its user may.
    """
    assert not actor(grants, narrowed).may(power, kind, name) or actor(grants).may(power, kind, name)


@given(MANY, MANY, POWER, KIND, NAMES)
def test_what_may_be_done_may_be_done_somewhere(
    grants: tuple[Grant, ...], narrowed: tuple[Grant, ...], power: Power, kind: Kind, name: str
) -> None:
    """
    Pages never hide what is allowed.
    """
    who = actor(grants, narrowed)

    assert not who.may(power, kind, name) or who.may_somewhere(power)


def test_each_role_has_all_that_the_one_below_has() -> None:
    """
    Viewer, author, operator, admin: each may strictly more.
    """
    ladder = [POWERS[role] for role in (Role.VIEWER, Role.AUTHOR, Role.OPERATOR, Role.ADMIN)]

    assert all(low < high for low, high in itertools.pairwise(ladder))
