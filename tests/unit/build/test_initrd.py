"""
Our initrd: what is in it, and that its scripts are scripts.
"""

import gzip
from importlib import resources
from pathlib import Path

import pytest

from tests.support.roots import FILES, LINKS, RELEASE, tar_of
from tundish.anatomy.archive import Archive
from tundish.build.initrd import build_initrd
from tundish.core.errors import InputError
from tundish.tools.run import run


def initrd(files: dict[str, bytes] | None = None) -> bytes:
    archive = Archive.read_from(tar_of(FILES if files is None else files, LINKS), "a test root")
    return build_initrd(archive, RELEASE, lambda data: b"unpacked " + data)


def unpacked(data: bytes, place: Path) -> Path:
    run(["busybox", "cpio", "-i", "-d"], stdin=gzip.decompress(data), cwd=place, timeout=10)
    return place


def test_it_is_the_same_every_time() -> None:
    """
    Two builds from one root give the same bytes.
    """
    assert initrd() == initrd()


def test_modules_are_taken_with_what_they_need_and_no_others(tmp_path: Path) -> None:
    """
    The network driver comes with both modules below it, the sound driver not.
    """
    place = unpacked(initrd(), tmp_path)

    assert ["failover.ko", "loop.ko", "virtio.ko", "virtio_net.ko"] == sorted(
        path.name for path in (place / "lib/modules" / RELEASE).rglob("*.ko")
    )


def test_the_images_own_busybox_runs_it(tmp_path: Path) -> None:
    """
    The init script and the image's busybox are in their places.
    """
    place = unpacked(initrd(), tmp_path)

    assert (FILES["usr/bin/busybox"], b"#!/bin/busybox sh") == (
        (place / "bin/busybox").read_bytes(),
        (place / "init").read_bytes().splitlines()[0],
    )


def test_zstd_modules_are_unpacked(tmp_path: Path) -> None:
    """
    busybox cannot load compressed modules, so none is left compressed.
    """
    files = {name: data for name, data in FILES.items() if not name.endswith(("dep", "loop.ko"))}
    folder = f"usr/lib/modules/{RELEASE}"
    files |= {f"{folder}/modules.dep": b"kernel/loop.ko.zst:\n", f"{folder}/kernel/loop.ko.zst": b"zst"}

    place = unpacked(initrd(files), tmp_path)

    assert b"unpacked zst" == (place / f"lib/modules/{RELEASE}/kernel/loop.ko").read_bytes()


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("usr/bin/busybox", "add the package busybox-static"),
        (f"usr/lib/modules/{RELEASE}/modules.dep", "no modules"),
    ],
)
def test_a_root_that_lacks_something_is_told(lost: str, message: str) -> None:
    """
    The error says what is missing.
    """
    with pytest.raises(InputError, match=message):
        initrd({name: data for name, data in FILES.items() if name != lost})


@pytest.mark.parametrize("name", ["init", "lease", "report"])
def test_a_script_has_no_syntax_error(name: str) -> None:
    """
    The shell that will run it reads it to its end.
    """
    script = resources.files("tundish.build").joinpath("machine", name).read_bytes()

    assert b"" == run(["busybox", "sh", "-n"], stdin=script, timeout=10).stderr
