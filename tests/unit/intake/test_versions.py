"""
Names of versions.
"""

from datetime import UTC, datetime

import pytest

from tundish.core.errors import Conflict
from tundish.intake.versions import next_version

DAY = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], "20261125"),
        (["20261124.07"], "20261125"),
        (["20261125"], "20261125.01"),
        (["20261125.09", "20261125"], "20261125.10"),
        (["20261125.99"], "20261125.99.01"),
        (["20261125.99.99"], "20261125.99.99.01"),
    ],
)
def test_a_version_is_named_behind_those_held(held: list[str], expected: str) -> None:
    """
    The day, then numbers with two digits, and further ones behind the ninety-ninth.
    """
    assert expected == next_version(held, DAY)


def test_the_order_of_strings_is_that_of_time() -> None:
    """
    Three hundred versions of a day sort as they came.
    """
    names: list[str] = []
    for _ in range(300):
        names.append(next_version(names, DAY))

    assert names == sorted(set(names))


@pytest.mark.parametrize("held", ["20261126", "20261125.5", "zeta"])
def test_a_version_that_would_stand_before_another_is_refused(held: str) -> None:
    """
    A name that does not sort last would never be the newest.
    """
    with pytest.raises(Conflict, match="clock"):
        next_version([held], DAY)
