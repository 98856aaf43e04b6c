"""
What a disk's refusal is called, and that a copy is whole or not there.
"""

import errno
import io
import os
from pathlib import Path

import pytest

from tundish.core.errors import Conflict, NoSpace, StorageError
from tundish.store.durable import copy_to, make_folder, on_disk, sync_folder


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_no_error_of_the_disk_leaves_the_store(number: int) -> None:
    """
    Every error number becomes a `StorageError`, and a full disk or quota the `NoSpace` among them.
    """
    expected = NoSpace if number in {errno.ENOSPC, errno.EDQUOT} else StorageError

    with pytest.raises(StorageError, match="/srv/store") as caught, on_disk(Path("/srv/store/blob")):
        raise OSError(number, os.strerror(number))

    assert expected is type(caught.value)


def test_an_error_without_a_number_is_said_in_its_words(tmp_path: Path) -> None:
    """
    A file object's own complaint is passed on.
    """
    with pytest.raises(StorageError, match="blob: not today; check the disk"), on_disk(tmp_path / "blob"):
        raise OSError("not today")


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """
    When the disk fails at the end of a copy, neither target nor temporary file is there.
    """

    def sync(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoSpace, match=str(tmp_path)):
        copy_to(tmp_path / "out", io.BytesIO(b"molten"), sync)

    assert [] == list(tmp_path.iterdir())


def test_a_copy_is_synced_before_it_has_its_name(tmp_path: Path) -> None:
    """
    The target appears only after its bytes are durable, and its folder is synced last.
    """
    told: list[bool] = []
    copy_to(tmp_path / "out", io.BytesIO(b"molten"), lambda _: told.append((tmp_path / "out").exists()))

    assert [False, True] == told


def test_a_copy_replaces_nothing(tmp_path: Path) -> None:
    """
    Even a dangling link at the target is respected.
    """
    (tmp_path / "out").symlink_to("nowhere")

    with pytest.raises(Conflict, match="out exists already"):
        copy_to(tmp_path / "out", io.BytesIO(b"molten"))


def test_folders_are_made_to_last_from_the_top(tmp_path: Path) -> None:
    """
    Each new folder's parent is synced, the outermost first.
    """
    synced: list[int] = []
    make_folder(tmp_path / "a" / "b", lambda handle: synced.append(os.fstat(handle).st_ino))

    assert [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino] == synced


def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    """
    The error names the folder.
    """
    with pytest.raises(StorageError, match="nowhere: No such file or directory"):
        sync_folder(tmp_path / "nowhere")
