"""
The folders a build works in, and that none is left behind.
"""

from pathlib import Path

import pytest

from tundish.build.workplace import PREFIX, private_folder, scratch_for


def test_a_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    """
    With everything in it.
    """
    with private_folder(tmp_path) as path:
        (path / "file").touch()

    assert [] == list(tmp_path.iterdir())


def test_a_folder_is_gone_after_a_failure(tmp_path: Path) -> None:
    """
    An interrupted build leaves nothing.
    """
    with pytest.raises(KeyboardInterrupt), private_folder(tmp_path):
        raise KeyboardInterrupt

    assert [] == list(tmp_path.iterdir())


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """
    Nobody holds its lock any more.
    """
    left = tmp_path / f"{PREFIX}left"
    (left / "root").mkdir(parents=True)

    with private_folder(tmp_path):
        assert not left.exists()


def test_a_build_under_way_is_left_alone(tmp_path: Path) -> None:
    """
    Two builds at once keep their folders.
    """
    with private_folder(tmp_path) as one, private_folder(tmp_path):
        assert one.is_dir()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    """
    Only folders of builds are removed, and no link is followed.
    """
    (tmp_path / "mine").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "mine")

    with private_folder(tmp_path):
        assert (tmp_path / "mine").is_dir()


def test_root_unpacks_in_the_work_folder_or_in_memory(tmp_path: Path) -> None:
    """
    Nowhere else.
    """
    assert scratch_for(tmp_path, is_root=True) in {tmp_path, Path("/dev/shm")}


def test_a_user_unpacks_where_his_namespace_can_reach(tmp_path: Path) -> None:
    """
    A closed work folder is not used.
    """
    tmp_path.chmod(0o700)

    assert tmp_path != scratch_for(tmp_path, is_root=False)
