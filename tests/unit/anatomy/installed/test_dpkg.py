import subprocess
from pathlib import Path

import pytest

from tests.support.images import index_of
from tests.support.rpm_databases import need
from tundish.anatomy.facts import Family, Installed
from tundish.anatomy.installed import apk, databases, dpkg
from tundish.core.errors import BadImage

STATUS = """\
Package: bash
Status: hold ok installed
Architecture: amd64
Version: 5.2.15-2+b2
Source: bash (5.2.15-2)
Maintainer: Matthias <m@example.org>
Installed-Size: 7163
Description: shell
 more: of it

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install ok triggers-pending
Architecture: all
Version: 2:1-1
"""
BASH = Installed(
    "bash", "5.2.15-2+b2", "amd64", "bash", "", "Matthias <m@example.org>", held=True, size=7163 * 1024
)
APK = (
    "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nI:622592\no:musl\nm:Timo\nL:MIT\nF:lib\n\nP:busybox\nV:1.36-r5\n\n"
)


def test_what_is_installed_is_told_and_what_was_removed_is_not() -> None:
    """
    Installed packages come with version, source, size and hold; those of which only settings stay do not.
    """
    index = index_of({"var/lib/dpkg/status": STATUS})

    assert (BASH, Installed("half", "2:1-1", "all")) == dpkg.read(index)


def test_images_without_dpkg_keep_a_folder_of_parts() -> None:
    """
    A folder of single stanzas, as images without a shell have it, is read as well.
    """
    index = index_of(
        {
            "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\nArchitecture: amd64\n",
            "var/lib/dpkg/status.d/base.md5sums": "0123  etc/x\n",
        }
    )

    assert (Installed("base-files", "12", "amd64"),) == dpkg.read(index)


def test_the_database_is_the_one_that_dpkg_writes(tmp_path: Path) -> None:
    """
    What dpkg wrote after installing a package is read as dpkg itself tells it.
    """
    need("dpkg", "dpkg-deb", "dpkg-query")
    control = tmp_path / "x/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: tiny\nVersion: 1:2.0-3\nArchitecture: all\nMaintainer: T <t@example.org>\n"
        "Description: tiny\n"
    )
    subprocess.run(["dpkg-deb", "-b", tmp_path / "x", tmp_path / "x.deb"], check=True, capture_output=True)
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    for name in ("updates", "info"):
        (root / "var/lib/dpkg" / name).mkdir()
    (root / "var/lib/dpkg/status").touch()
    install = ["dpkg", f"--root={root}", "--force-all", "--log=/dev/null", "-i", str(tmp_path / "x.deb")]
    subprocess.run(install, check=True, capture_output=True)
    index = index_of({"var/lib/dpkg/status": (root / "var/lib/dpkg/status").read_bytes()})

    assert (Installed("tiny", "1:2.0-3", "all", vendor="T <t@example.org>"),) == dpkg.read(index)


def test_a_status_file_of_other_bytes_is_damage() -> None:
    """
    A status file that holds something else is an error.
    """
    with pytest.raises(BadImage, match="var/lib/dpkg/status is not empty"):
        dpkg.read(index_of({"var/lib/dpkg/status": b"\x00\xff" * 500}))


def test_apk_tells_version_licence_and_origin() -> None:
    """
    The stanzas of apk are read with licence, origin and size.
    """
    index = index_of({"lib/apk/db/installed": APK})
    musl = Installed("musl", "1.2.4-r2", "x86_64", "musl", "MIT", "Timo", size=622592)

    assert (Installed("busybox", "1.36-r5"), musl) == apk.read(index)


def test_a_damaged_database_is_a_fault_and_no_end() -> None:
    """
    Where the database cannot be read, the reason is told and nothing is raised.
    """
    found = databases.read(index_of({"var/lib/rpm/Packages": b"x" * 600}), Family.REDHAT)

    assert "var/lib/rpm/Packages: not a Berkeley DB hash file: its first bytes are others" == found.fault


def test_two_systems_are_no_system() -> None:
    """
    With packages of two systems none is named, and those of the family's own are told.
    """
    index = index_of({"var/lib/dpkg/status": STATUS, "lib/apk/db/installed": APK})
    found = databases.read(index, Family.DEBIAN)

    assert ("", "bash") == (found.system, found.packages[0].name)
