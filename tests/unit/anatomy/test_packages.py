"""
What dpkg's status file says.
"""

from tests.support.roots import RELEASE, STATUS
from tundish.anatomy.packages import Package, installed, manifest


def test_only_installed_packages_are_listed_in_order() -> None:
    """
    Removed packages that left configuration behind are not.
    """
    assert (
        Package("busybox-static", "1:1.35.0-4"),
        Package(f"linux-image-{RELEASE}", "6.1.1-1"),
    ) == installed(STATUS)


def test_a_manifest_is_a_line_per_package() -> None:
    """
    Name, tabulator, version.
    """
    assert b"a\t1\nb\t2:3-4\n" == manifest([Package("a", "1"), Package("b", "2:3-4")])
