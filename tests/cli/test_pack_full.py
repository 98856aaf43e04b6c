"""
`tundish pack` onto a disk that becomes full.
"""

import os
from pathlib import Path
from random import Random

import pytest

from tests.support.full_disk import small_disk
from tests.support.processes import run


@pytest.mark.parametrize(
    ("container", "full_at"), [("tgz", 2), ("ddgz", 80), ("qcow2", 40), ("ext4", 12), ("squashfs", 10)]
)
def test_a_full_disk_leaves_nothing(tmp_path: Path, container: str, full_at: int) -> None:
    """
    Where a write finds no room, the command says so and its file is gone.
    """
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    (root / "random").write_bytes(Random(1).randbytes(4 << 20))
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        words = "pack", str(root), "--as", container, "-o", str(disk.folder / "new")
        ended = disk.run(state, *words, full_at=full_at, begins=("write_new", "app/packing.py"))
        left = [one.name for one in disk.folder.iterdir()]

    assert (11, True, ["ballast"]) == (ended.code, "no space left" in ended.said, left)


def test_a_program_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    """
    The tar that mksquashfs reads still fits, what it writes does not: both are gone.
    """
    root = tmp_path / "root"
    root.mkdir()
    (root / "random").write_bytes(Random(1).randbytes(4 << 20))
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        with disk.ballast.open("wb") as ballast:
            room = os.statvfs(disk.folder)
            os.posix_fallocate(ballast.fileno(), 0, room.f_bavail * room.f_frsize - (6 << 20))
        words = "pack", str(root), "--as", "squashfs", "-o", str(disk.folder / "new")
        ended = run(tmp_path / "state", *words)
        left = [one.name for one in disk.folder.iterdir()]

    assert (11, True, ["ballast"]) == (ended.code, "no space left" in ended.said, left)
