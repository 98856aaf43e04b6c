"""
The parts of the builder that decide; a whole build is in tests/acceptance/test_build.py.
"""

from pathlib import Path

import pytest

from tests.support.recipes import RECIPE
from tests.support.roots import FILES, KERNEL, LINKS, RELEASE, STATUS, tar_of
from tundish.anatomy.archive import Archive
from tundish.anatomy.packages import Package, installed
from tundish.build.builder import build, find_kernel, kernel_package, prune
from tundish.core.errors import InputError, StorageError
from tundish.store.memory import MemoryStore


def test_the_linked_kernel_is_found() -> None:
    """
    Its release is what its file name says.
    """
    root = Archive.read_from(tar_of(), "a test root")

    assert (RELEASE, KERNEL) == find_kernel(root)


def test_without_a_link_the_last_kernel_is_found() -> None:
    """
    A root may have lost its links.
    """
    root = Archive.read_from(tar_of(FILES, {}), "a test root")

    assert RELEASE == find_kernel(root)[0]


@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "add a kernel package"), ({f"boot/vmlinuz-{RELEASE}": b"text"}, "not an x86 kernel")],
)
def test_a_root_that_cannot_boot_is_told(files: dict[str, bytes], message: str) -> None:
    """
    An image without a kernel is never offered.
    """
    with pytest.raises(InputError, match=message):
        find_kernel(Archive.read_from(tar_of(files, LINKS), "a test root"))


def test_the_kernels_package_is_found_by_its_release() -> None:
    """
    It is the one that ends in the release.
    """
    assert Package(f"linux-image-{RELEASE}", "6.1.1-1") == kernel_package(installed(STATUS), RELEASE)


def test_a_kernel_of_no_package_is_told() -> None:
    """
    The error names the release.
    """
    with pytest.raises(InputError, match=r"6\.9"):
        kernel_package(installed(STATUS), "6.9")


def test_only_replaced_packages_leave_the_cache(tmp_path: Path) -> None:
    """
    An older version of what is installed goes; its current one and other packages stay.
    """
    for name in ("a_1%3a2_amd64.deb", "a_1%3a1_amd64.deb", "b_1_all.deb", "lock"):
        (tmp_path / name).touch()

    prune(tmp_path, [Package("a", "1:2")])

    assert ["a_1%3a2_amd64.deb", "b_1_all.deb", "lock"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_work_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """
    The message names the path, and nothing was begun.
    """
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="file"):
        build(
            RECIPE,
            cache=tmp_path / "cache",
            work=tmp_path / "file" / "work",
            store=MemoryStore(),
            progress=lambda _: None,
        )
