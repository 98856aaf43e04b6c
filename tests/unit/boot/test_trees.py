import os
from pathlib import Path

import pytest

from tundish.boot.trees import FolderTrees
from tundish.core.errors import InvalidName, NotFound


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """
    A published folder with a plain channel, a channel that is a link to a release, and traps.
    """
    root = tmp_path / "published"
    release = root / "releases" / "1"
    release.mkdir(parents=True)
    (release / "index.json").write_text("released")
    (root / "candidate").symlink_to("releases/1")
    (root / "stable" / "folder").mkdir(parents=True)
    (root / "stable" / "folder" / "file").write_text("here")
    (tmp_path / "secret").write_text("secret")
    (root / "stable" / "link").symlink_to(tmp_path / "secret")
    (root / "stable" / "up").symlink_to(tmp_path)
    (root / "stable" / "inside").symlink_to("folder/file")
    (root / "outside").symlink_to(tmp_path)
    os.mkfifo(root / "stable" / "pipe")
    return root


def test_a_published_file_is_found(root: Path) -> None:
    """
    A regular file below a channel is found by its path.
    """
    assert root / "stable/folder/file" == FolderTrees(root).path_of("stable", "folder/file")


def test_a_channel_may_point_at_a_release(root: Path) -> None:
    """
    A channel that is a link to a folder inside the root serves that release.
    """
    assert root / "releases/1/index.json" == FolderTrees(root).path_of("candidate", "index.json")


@pytest.mark.parametrize(
    ("channel", "path"),
    [
        ("stable", "link"),
        ("stable", "up/secret"),
        ("stable", "inside"),
        ("outside", "secret"),
        ("stable", "folder"),
        ("stable", "pipe"),
        ("stable", "folder/file/x"),
        ("stable", "nothing"),
        ("nothing", "file"),
        ("stable", "x" * 300),
    ],
)
def test_nothing_but_a_regular_file_of_the_channel_is_found(root: Path, channel: str, path: str) -> None:
    """
    Links, folders, pipes, channels outside the root, and what is not there: no such thing.
    """
    with pytest.raises(NotFound):
        FolderTrees(root).path_of(channel, path)


@pytest.mark.parametrize(
    ("channel", "path"),
    [
        ("stable", "../secret"),
        ("stable", "folder/../../../secret"),
        ("stable", "/etc/passwd"),
        ("stable", ""),
        ("stable", "folder/"),
        ("stable", "folder\\file"),
        ("stable", "fi\x00le"),
        ("..", "secret"),
        (".", "stable/folder/file"),
        ("", "file"),
        ("sta/ble", "file"),
    ],
)
def test_a_path_that_could_lead_out_is_refused(root: Path, channel: str, path: str) -> None:
    """
    A path or channel that is not of its form is refused before the disk is asked.
    """
    with pytest.raises(InvalidName):
        FolderTrees(root).path_of(channel, path)


def test_nothing_is_published_yet(tmp_path: Path) -> None:
    """
    A root that does not exist has no channel, and the message says how to get one.
    """
    with pytest.raises(NotFound, match="tundish publish"):
        FolderTrees(tmp_path / "none").path_of("stable", "index.json")
