import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """
    Two folders with a file each that the other has not, and one with another content.
    """
    for name, content in (("old", "1"), ("new", "2")):
        etc = tmp_path / name / "etc"
        etc.mkdir(parents=True)
        (etc / "hostname").write_text(f"{name}\n")
        (etc / name).write_text(content)
    return tmp_path / "old", tmp_path / "new"


def test_diff_tells_a_person_what_is_different(terminal: Terminal, pair: tuple[Path, Path]) -> None:
    """
    The summary and the rows stand on standard output, and no state is made.
    """
    said = terminal("image", "diff", *pair)
    lines = said.out.splitlines()

    assert (0, True, True, False) == (
        said.code,
        "files            1 added, 1 removed, 1 changed" in lines,
        "  ~ host name: old → new" in lines,
        terminal.state.exists(),
    )


def test_diff_answers_programs_in_json(terminal: Terminal, pair: tuple[Path, Path]) -> None:
    """
    With --json every list is there.
    """
    said = json.loads(terminal("image", "diff", *pair, "--json").out)

    assert (["etc/new"], ["etc/old"], "etc/hostname") == (
        said["files"]["added"],
        said["files"]["removed"],
        said["files"]["changed"][0]["name"],
    )


def test_diff_of_an_image_with_itself_says_that_it_is_the_same(
    terminal: Terminal, pair: tuple[Path, Path]
) -> None:
    """
    Nothing differs, in files or findings.
    """
    assert json.loads(terminal("image", "diff", pair[0], pair[0], "--json").out)["same"]


def test_diff_writes_a_page_to_a_file(terminal: Terminal, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """
    With --html and -o the page is in the file, and nothing on standard output.
    """
    said = terminal("image", "diff", *pair, "--html", "-o", tmp_path / "diff.html")

    assert (0, "", True) == (
        said.code,
        said.out,
        (tmp_path / "diff.html").read_text().startswith("<!doctype html>"),
    )


def test_diff_with_something_that_is_no_system_ends_with_not_found(
    terminal: Terminal, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """
    A file without a root ends with 4 and is named.
    """
    (tmp_path / "notes.txt").write_text("no image")
    said = terminal("image", "diff", pair[0], tmp_path / "notes.txt")

    assert (4, True) == (said.code, "notes.txt holds no system" in said.err)
