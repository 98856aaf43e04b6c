import pytest

from tests.support.images import Tree, index_of
from tundish.anatomy.facts import Family, Os
from tundish.anatomy.system import os_release

TEXT = r"""
# the system
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID='9.4'
NAME=Rocky
PRETTY_NAME="Rocky \"Linux\" 9.4 \$5"
VERSION_CODENAME=blue
NAME="Rocky Linux"
"""


def test_values_are_read_as_a_shell_would() -> None:
    """
    Quotes go, escapes are undone, and the last assignment holds.
    """
    expected = Os(
        "rocky",
        ("rhel", "centos", "fedora"),
        "9.4",
        "blue",
        "Rocky Linux",
        'Rocky "Linux" 9.4 $5',
        "usr/lib/os-release",
    )

    assert expected == os_release.read(index_of({"usr/lib/os-release": TEXT}))


def test_the_file_of_older_systems_stands_in() -> None:
    """
    Without os-release, centos-release tells name and version.
    """
    found = os_release.read(index_of({"etc/centos-release": "CentOS release 6.10 (Final)\n"}))

    assert ("centos", "6.10", "CentOS") == (found.id, found.version_id, found.name)


def test_no_release_file_is_an_empty_os() -> None:
    """
    Where nothing is said, nothing is guessed.
    """
    assert Os() == os_release.read(index_of({"etc/hostname": "x"}))


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("ID=debian", Family.DEBIAN),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'", Family.DEBIAN),
        ("ID=almalinux\nID_LIKE='rhel centos fedora'", Family.REDHAT),
        ('ID="openEuler"', Family.REDHAT),
        ("ID=azurelinux", Family.REDHAT),
        ("ID=opensuse-tumbleweed", Family.SUSE),
        ("ID=sles", Family.SUSE),
        ("ID=xenenterprise\nID_LIKE='centos rhel fedora'", Family.XEN),
        ("ID=alpine", Family.ALPINE),
        ("ID=arch", Family.ARCH),
        ("ID=gentoo", Family.GENTOO),
        ("ID=ubuntu-core\nID_LIKE=debian", Family.CORE),
        ("ID=void", Family.OTHER),
    ],
)
def test_names_tell_the_family(text: str, family: Family) -> None:
    """
    The id counts first, then what it is like.
    """
    index = index_of({"etc/os-release": text})

    assert family == os_release.family_of(os_release.read(index), index, None)


@pytest.mark.parametrize(
    ("tree", "family"),
    [
        ({"Windows/System32/ntoskrnl.exe": b""}, Family.WINDOWS),
        ({"WINDOWS/system32/x": b""}, Family.WINDOWS),
        ({"boot.cfg": "", "s.v00": b"", "b.b00": b""}, Family.ESXI),
        ({"snaps/core22_1.snap": b""}, Family.CORE),
        ({"etc/hostname": ""}, Family.OTHER),
        ({"readme": ""}, Family.NONE),
    ],
)
def test_paths_tell_the_family_where_no_name_does(tree: Tree, family: Family) -> None:
    """
    Windows, ESXi and Ubuntu Core are known by what only they have.
    """
    index = index_of(tree)

    assert family == os_release.family_of(os_release.read(index), index, None)
