"""
What distinguishes two releases.
"""

import pytest

from tests.unit.publish.values import holding, item
from tundish.publish import difference


def test_what_appears_and_what_goes_is_named() -> None:
    """
    A version that only one of them offers is on its side.
    """
    shared, old, new = holding("1", series="jammy"), holding("1"), holding("2")

    assert (("ubuntu/noble/amd64@2",), ("ubuntu/noble/amd64@1",)) == difference.versions(
        [shared, old], [new, shared]
    )


def test_other_bytes_are_another_version() -> None:
    """
    A version of the same name over other bytes goes and appears.
    """
    old, new = holding("1", item("x", b"one")), holding("1", item("x", b"two"))

    assert (("ubuntu/noble/amd64@1",), ("ubuntu/noble/amd64@1",)) == difference.versions([old], [new])


def test_the_newest_versions_of_a_product_are_compared() -> None:
    """
    Of several versions the newest of either side make the pair, and an unchanged product makes none.
    """
    same = holding("9", series="jammy")
    old, new = [holding("1"), holding("2"), same], [same, holding("2"), holding("3")]

    assert [("2", "3")] == [
        (one.version.name, other.version.name) for one, other in difference.renewed(old, new)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", {}),
        (b"bash\t5.2\nlibc6:amd64\t2.36-9\n", {"bash": "5.2", "libc6:amd64": "2.36-9"}),
        (b"bash 5.2\r\n", {"bash": "5.2"}),
        (b"no-version\n\n\t\na b c\n", {}),
        (b"\xff\xfe\t1\n", {"\ufffd\ufffd": "1"}),
        (b"\x1b[31mred\t1\n", {}),
        (b"x" * 300 + b"\t1\n", {}),
    ],
)
def test_a_manifest_is_read_line_by_line(text: bytes, found: dict[str, str]) -> None:
    """
    What is no package and version, or could not be shown, is passed over.
    """
    assert found == difference.packages(text)


def test_a_manifest_has_a_bound() -> None:
    """
    Of an endless one the first lines are read.
    """
    text = b"".join(b"p%d\t1\n" % number for number in range(difference.MOST_PACKAGES + 5))

    assert difference.MOST_PACKAGES == len(difference.packages(text))


def test_packages_are_added_removed_and_changed() -> None:
    """
    Each package that differs is told once, with its versions.
    """
    found = difference.change(
        holding("1"), holding("2"), {"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"}
    )

    assert ({"d": "1"}, {"a": "1"}, {"b": ("1", "2")}, True) == (
        found.added,
        found.removed,
        found.changed,
        found.known,
    )


def test_without_both_manifests_nothing_is_claimed() -> None:
    """
    Packages of which one side is not known are not called added or removed.
    """
    found = difference.change(holding("1"), holding("2"), None, {"a": "1"})

    assert ({}, {}, {}, False) == (found.added, found.removed, found.changed, found.known)
