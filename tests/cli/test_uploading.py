"""
Bringing an image with the command line, and taking it out again.
"""

import gzip
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.roots import tar_of
from tundish.core import clock

WORDS = ("image", "upload")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rocky9.tar.gz"
    path.write_bytes(gzip.compress(tar_of().getvalue(), mtime=0))
    return path


def ref() -> str:
    return f"custom/rocky9/amd64@{clock.now():%Y%m%d}"


def test_an_unfit_image_ends_with_one(terminal: Terminal, file: Path) -> None:
    """
    It is held, and the answer says how to use it nevertheless.
    """
    said = terminal(*WORDS, file, "--name", "rocky9", "--base-image", "rhel/9")

    assert (1, True) == (said.code, "tundish image accept custom/rocky9/amd64/generic@" in said.err)


def test_a_base_that_stands_in_is_warned_about(terminal: Terminal, file: Path) -> None:
    """
    Nobody said one, so the default is told.
    """
    assert "ubuntu/noble stands in" in terminal(*WORDS, file, "--name", "rocky9").err


def test_an_accepted_image_can_be_taken_out_again(terminal: Terminal, file: Path, tmp_path: Path) -> None:
    """
    The bytes are those that were brought.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9")
    terminal("image", "accept", ref(), "--reason", "it boots")
    terminal("image", "download", "custom/rocky9/amd64", "-o", tmp_path / "out")

    assert file.read_bytes() == (tmp_path / "out").read_bytes()


def test_what_is_downloaded_is_no_part_of_the_store(terminal: Terminal, file: Path, tmp_path: Path) -> None:
    """
    Whoever writes into the copy changes no blob.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9")
    terminal("image", "download", ref(), "-o", tmp_path / "out")

    assert 1 == (tmp_path / "out").stat().st_nlink


def test_a_file_that_is_there_is_left_alone(terminal: Terminal, file: Path) -> None:
    """
    Downloading onto a file is a conflict.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9")

    assert 5 == terminal("image", "download", ref(), "-o", file).code


def test_the_same_words_bring_nothing_new(terminal: Terminal, file: Path) -> None:
    """
    The same bytes under the same name are the version that is held.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9", "--json")
    said = terminal(*WORDS, file, "--name", "custom/rocky9", "--json").answer
    assert isinstance(said, dict)

    assert f"custom/rocky9/amd64/generic@{clock.now():%Y%m%d}" == said["image"]


@pytest.mark.parametrize(
    "words",
    [
        ("--filetype", "ddgz"),
        ("--sha256", "0" * 64),
        ("--base-image", "debian/12"),
        ("--arch", "x86_64"),
    ],
    ids=" ".join,
)
def test_a_wrong_word_is_refused(terminal: Terminal, file: Path, words: tuple[str, str]) -> None:
    """
    Nothing of it is held.
    """
    assert 2 == terminal(*WORDS, file, "--name", "custom/rocky9", *words).code


def test_a_file_that_is_not_there_is_told(terminal: Terminal, tmp_path: Path) -> None:
    """
    The message names it.
    """
    assert "nothing.tgz cannot be read" in terminal(*WORDS, tmp_path / "nothing.tgz", "--name", "x").err


def test_uploads_are_listed(terminal: Terminal, file: Path) -> None:
    """
    With all, those that are over too.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9")

    assert "custom/rocky9/amd64/generic  complete" in terminal("image", "uploads", "--all").out


def test_an_image_says_what_was_said_of_it(terminal: Terminal, file: Path) -> None:
    """
    Base, user, firmware and the verdict are shown.
    """
    terminal(*WORDS, file, "--name", "rocky9", "--default-user", "cloud-user", "--firmware", "uefi")
    said = terminal("image", "show", ref()).out

    assert all(
        text in said for text in ("checked  unfit", "(the default", "user     cloud-user", "firmware uefi")
    )


@pytest.mark.parametrize(
    ("words", "state"), [((), "incomplete"), (("--yes",), "retired")], ids=["plan", "yes"]
)
def test_a_version_goes_only_when_it_is_said(
    terminal: Terminal, file: Path, words: tuple[str, ...], state: str
) -> None:
    """
    Without a yes, only what would go is shown.
    """
    terminal(*WORDS, file, "--name", "custom/rocky9")
    terminal("image", "delete", ref(), *words)
    said = terminal("image", "show", ref(), "--json").answer
    assert isinstance(said, dict)

    assert state == said["state"]
