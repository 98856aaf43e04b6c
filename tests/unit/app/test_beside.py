"""
Bytes put beside memory.
"""

from pathlib import Path

import pytest

from tests.support.full_disk import small_disk
from tundish.app.beside import beside
from tundish.core.errors import NoSpace, StorageError


def test_what_was_put_is_got_and_no_name_is_seen(tmp_path: Path) -> None:
    """
    Pieces come back from where they were put, from a file that nobody sees.
    """
    with beside(tmp_path / "new") as aside:
        places = [aside.put(b"one"), aside.put(b""), aside.put(b"three")]
        found = [aside.get(places[0], 3), aside.get(places[2], 5), aside.get(100, 1)]
        seen = list(tmp_path.iterdir())

    assert ([0, 3, 3], [b"one", b"three", b""], []) == (places, found, seen)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """
    What the system refuses comes as an error of ours.
    """
    with pytest.raises(StorageError), beside(tmp_path / "none" / "new"):
        pass


def test_a_full_disk_is_told_by_its_folder(tmp_path: Path) -> None:
    """
    The error names the folder that has no room, and nothing is left there.
    """
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        with beside(disk.folder / "new") as aside, pytest.raises(NoSpace) as caught:
            list(map(aside.put, [bytes(1 << 20)] * 100))
        left = list(disk.folder.iterdir())

    assert (str(tmp_path / "disk"), []) == (caught.value.place, left)
