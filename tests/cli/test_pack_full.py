"""
`tundish pack` onto a disk that becomes full.
"""

from pathlib import Path
from random import Random

import pytest

from tests.support.full_disk import small_disk


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """
    Where the second write finds no room, the command fails and its file is gone.
    """
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    (root / "random").write_bytes(Random(1).randbytes(4 << 20))
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        words = "pack", str(root), "--as", "tgz", "-o", str(disk.folder / "new")
        ended = disk.run(state, *words, full_at=2, begins=("_write", "app/packing.py"))
        left = [one.name for one in disk.folder.iterdir()]

    assert (True, ["ballast"]) == (ended.code != 0 and "Traceback" not in ended.said, left)
