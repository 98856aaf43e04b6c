"""
What is said of a name that is not there.
"""

import pytest

from tundish.catalog.nearest import nearest


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("mass", ["maas", "centos"], "did you mean maas?"),
        ("maas2", ["maas3", "maas1", "maas"], "did you mean maas or maas3 or maas1?"),
        ("maas", ["centos"], "there is centos"),
        ("daily", ["stable", "candidate"], "there is candidate and stable"),
        ("x", ["aa", "bb", "cc", "dd", "ee"], "none of the 5 known is like it"),
        ("maas", [], "there is none yet"),
    ],
)
def test_the_likeliest_names_are_told(name: str, known: list[str], said: str) -> None:
    """
    Up to three similar names, the likeliest first; without any, all of a few, or how many there are.
    """
    assert said == nearest(name, known)
