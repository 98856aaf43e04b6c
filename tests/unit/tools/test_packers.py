"""
mksquashfs and pigz, on a root of a few files.
"""

from pathlib import Path

import pytest

from tests.support.roots import FILES, tar_of
from tundish.anatomy.sniff import is_squashfs
from tundish.core.errors import ToolFailed
from tundish.tools.compress import gzip_file, unzstd
from tundish.tools.run import run
from tundish.tools.squashfs import squash


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    path = tmp_path / "root.tar"
    path.write_bytes(tar_of().getvalue())
    return path


def test_a_tar_becomes_a_squashfs(tar: Path) -> None:
    """
    The result has the magic of one.
    """
    squash(tar, tar.with_name("squashfs"), epoch=1_700_000_000)

    assert is_squashfs(tar.with_name("squashfs").read_bytes())


def test_the_same_tar_gives_the_same_squashfs(tar: Path) -> None:
    """
    Twice the same bytes.
    """
    one, two = tar.with_name("one"), tar.with_name("two")
    for target in (one, two):
        squash(tar, target, epoch=1_700_000_000)

    assert one.read_bytes() == two.read_bytes()


def test_the_top_of_a_squashfs_is_roots_and_closed(tar: Path) -> None:
    """
    Whoever packed it, the root folder can be written by root alone.
    """
    squash(tar, tar.with_name("squashfs"), epoch=0)
    listed = run(["unsquashfs", "-lln", "-d", "", tar.with_name("squashfs")], timeout=10).stdout

    assert [b"drwxr-xr-x", b"0/0"] == listed.splitlines()[0].split()[:2]


def test_a_squashfs_of_no_tar_is_an_error(tar: Path) -> None:
    """
    What mksquashfs says is told.
    """
    tar.write_bytes(b"no tar at all" * 100)

    with pytest.raises(ToolFailed, match="mksquashfs"):
        squash(tar, tar.with_name("squashfs"), epoch=0)


def test_a_gzip_has_neither_name_nor_time(tar: Path) -> None:
    """
    The header's flags and time are zero.
    """
    assert bytes(5) == gzip_file(tar).read_bytes()[3:8]


def test_zstd_is_unpacked() -> None:
    """
    What zstd packed comes back.
    """
    packed = run(["zstd", "--stdout"], stdin=FILES["usr/bin/busybox"], timeout=10).stdout

    assert FILES["usr/bin/busybox"] == unzstd(packed)
