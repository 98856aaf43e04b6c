"""
What a machine suggests to build, read from its /etc.
"""

from pathlib import Path

import pytest

from tundish.build.host import suggested_recipe
from tundish.core.errors import InputError

DEBIAN = 'ID=debian\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\n'
UBUNTU = 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION="24.04 LTS (Noble)"\nVERSION_CODENAME=noble\n'


def machine(root: Path, release: str, sources: str, name: str = "x.sources") -> Path:
    parts = root / "etc/apt/sources.list.d"
    parts.mkdir(parents=True)
    (root / "etc/os-release").write_text(release)
    (parts / name).write_text(sources)
    (parts / "third.list.disabled").write_text("deb http://third.example.org bookworm main")
    return root


def test_debian_suggests_itself(tmp_path: Path) -> None:
    """
    Names and title come from os-release.
    """
    text = "Types: deb\nURIs: http://a.example.org\nSuites: bookworm\nComponents: main\n"

    recipe = suggested_recipe(epoch=0, root=machine(tmp_path, DEBIAN, text))

    assert ("debian", "bookworm", "12", "12 (bookworm)", (text,)) == (
        recipe.os,
        recipe.series,
        recipe.version,
        recipe.title,
        recipe.sources,
    )


def test_ubuntu_with_a_list_file_suggests_its_own_kernel(tmp_path: Path) -> None:
    """
    One-line sources do as well, and the kernel's package is Ubuntu's.
    """
    root = machine(tmp_path, UBUNTU, "deb http://a.example.org noble main universe", "x.list")

    assert "linux-image-virtual" in suggested_recipe(epoch=0, root=root).packages


def test_another_system_is_refused_by_name(tmp_path: Path) -> None:
    """
    The message says what this machine runs.
    """
    root = machine(tmp_path, "ID=fedora\nVERSION_ID=40\n", "")

    with pytest.raises(InputError, match="it runs fedora"):
        suggested_recipe(epoch=0, root=root)


def test_a_malformed_release_file_is_an_error_of_ours(tmp_path: Path) -> None:
    """
    An open quote is told, not thrown.
    """
    root = machine(tmp_path, 'ID="debian\n', "")

    with pytest.raises(InputError, match="os-release"):
        suggested_recipe(epoch=0, root=root)
