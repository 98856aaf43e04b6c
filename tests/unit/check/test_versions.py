"""
Since when the parties to a deployment do what.
"""

from datetime import date

import pytest

from tundish.check.subject import Target
from tundish.check.versions import Curtin, Maas, curtin_has, knows, maas_has, maker_of, numbers


def test_a_change_counts_from_its_day_on() -> None:
    """
    An installer of the day before does not have it.
    """
    days = (date(2024, 12, 9), date(2024, 12, 10))

    assert [False, True] == [curtin_has(Target(curtin=day), Curtin.ARM64_RPM_LOADER) for day in days]


def test_a_change_counts_from_its_version_on() -> None:
    """
    A MAAS of the version before does not have it.
    """
    assert [False, True] == [maas_has(Target(maas=one), Maas.CRASH_DUMPS) for one in ((3, 5), (3, 6))]


@pytest.mark.parametrize(
    ("name", "day", "known"),
    [
        ("rocky", date(2022, 2, 14), False),
        ("rocky", date(2022, 2, 15), True),
        ("almalinux", date(2024, 1, 1), False),
        ("mariner", date(2024, 7, 1), True),
        ("debian", date(2020, 1, 1), True),
        ("azurelinux", date(2026, 8, 1), False),
    ],
)
def test_the_installer_learns_names(name: str, day: date, *, known: bool) -> None:
    """
    An operating system is known from the day on which its name was added.
    """
    assert known == knows(Target(curtin=day), name)


@pytest.mark.parametrize(
    ("series", "ext4", "xfs"), [("focal", False, False), ("noble", False, True), ("next", True, True)]
)
def test_later_series_make_newer_filesystems(series: str, *, ext4: bool, xfs: bool) -> None:
    """
    A series that is not in the table is taken for a newer one.
    """
    maker = maker_of(series)

    assert (ext4, xfs) == ("orphan_file" in maker.ext4, "bigtime" in maker.xfs)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.8.0-45-generic", (6, 8)),
        ("1:2.06-70.el9", (2, 6)),
        ("2.12-1ubuntu7", (2, 12)),
        ("5", (5,)),
        ("custom", ()),
        ("", ()),
        ("9" * 5000, (999999999,)),
    ],
)
def test_versions_become_numbers(version: str, expected: tuple[int, ...]) -> None:
    """
    The leading numbers of a version can be compared, whatever follows.
    """
    assert expected == numbers(version)
