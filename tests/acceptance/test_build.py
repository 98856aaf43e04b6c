"""
A real image, built twice from this machine's own archive.

Needs mmdebstrap, squashfs-tools, pigz, and root or a user namespace.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tundish.anatomy.sniff import is_bzimage
from tundish.build.builder import build
from tundish.build.built import Built
from tundish.build.host import suggested_recipe
from tundish.store.local import LocalStore
from tundish.tools.run import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EPOCH = 1_700_000_000
BUDGET = 180.0  # seconds for one build with an empty cache


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def store(place: Path) -> LocalStore:
    return LocalStore(place / "store")


@pytest.fixture(scope="module")
def builds(place: Path, store: LocalStore) -> tuple[Built, Built]:
    """
    The first with an empty cache of packages, the second with what the first has left there.
    """

    def once() -> Built:
        recipe = suggested_recipe(epoch=EPOCH)
        return build(recipe, cache=place / "cache", work=place / "work", store=store, progress=said.append)

    said: list[str] = []
    return once(), once()


def squashed(image: Path) -> Iterator[str]:
    for line in run(["unsquashfs", "-ls", "-d", "", image], timeout=60).stdout.decode().splitlines():
        if line.startswith("/"):
            yield line.removeprefix("/")


def test_the_same_recipe_gives_the_same_bytes(builds: tuple[Built, Built]) -> None:
    """
    All five files are equal, whether packages were downloaded or cached.
    """
    once, again = builds

    assert (once.kernel, once.initrd, once.squashfs, once.root_tgz, once.manifest) == (
        again.kernel,
        again.initrd,
        again.squashfs,
        again.root_tgz,
        again.manifest,
    )


def test_squashfs_and_root_hold_the_same_paths(builds: tuple[Built, Built], store: LocalStore) -> None:
    """
    What boots from the network and what is unpacked to a disk are one root.
    """
    image = store.local_path(builds[0].squashfs.digest)
    with store.open(builds[0].root_tgz.digest) as stream, tarfile.open(fileobj=stream, mode="r:gz") as tar:
        paths = {name.removeprefix("./").removeprefix(".") for name in tar.getnames()} - {""}

    assert image is not None
    assert sorted(paths) == sorted(path for path in squashed(image) if path)


def test_the_kernel_is_a_kernel(builds: tuple[Built, Built], store: LocalStore) -> None:
    """
    Its bytes are a bzImage.
    """
    with store.open(builds[0].kernel.digest) as stream:
        assert is_bzimage(stream.read(4096))


def test_the_machine_that_built_it_left_no_trace(builds: tuple[Built, Built], store: LocalStore) -> None:
    """
    Its name, its resolver and an identity are not in the image.
    """
    wanted = {"./etc/hostname": b"localhost\n", "./etc/resolv.conf": b"", "./etc/machine-id": b""}
    found: dict[str, bytes] = {}
    with store.open(builds[0].root_tgz.digest) as stream, tarfile.open(fileobj=stream, mode="r:gz") as tar:
        for member in tar:
            if member.name in wanted and (file := tar.extractfile(member)):
                found[member.name] = file.read()

    assert wanted == found


def test_the_manifest_names_the_kernel(builds: tuple[Built, Built], store: LocalStore) -> None:
    """
    One line per package, the kernel's among them.
    """
    with store.open(builds[0].manifest.digest) as stream:
        lines = stream.read().decode().splitlines()

    assert f"{builds[0].kernel_package.name}\t{builds[0].kernel_package.version}" in lines


def test_nothing_is_left_in_the_work_folder(builds: tuple[Built, Built], place: Path) -> None:
    """
    Gigabytes do not pile up.
    """
    assert [] == list((place / "work").iterdir())


def test_a_build_keeps_to_its_time(builds: tuple[Built, Built]) -> None:
    """
    Three minutes on two cores, downloads included.
    """
    assert sum(step.seconds for step in builds[0].steps) < BUDGET
