"""
`tundish pack`, from the words to the file.
"""

import json
from pathlib import Path

from tests.cli.terminal import Terminal


def _root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "hostname").write_text("x\n")
    (tmp_path / "root" / "etc" / "again").hardlink_to(tmp_path / "root" / "etc" / "hostname")
    return tmp_path / "root"


def test_a_folder_is_packed_alike_twice(terminal: Terminal, tmp_path: Path) -> None:
    """
    Two runs write the same bytes, and say that they read them back.
    """
    root, one, two = _root(tmp_path), tmp_path / "1.tgz", tmp_path / "2.tgz"
    said = json.loads(terminal("pack", root, "--as", "tgz", "-o", one, "--json").out)
    terminal("pack", root, "--as", "tgz", "-o", two)

    assert (True, 4, True) == (said["verified"], said["paths"], one.read_bytes() == two.read_bytes())


def test_a_file_that_is_there_is_left_alone(terminal: Terminal, tmp_path: Path) -> None:
    """
    Nothing is written over, and nothing half-made is left.
    """
    root, taken = _root(tmp_path), tmp_path / "taken"
    taken.write_text("mine")
    said = terminal("pack", root, "--as", "tgz", "-o", taken)

    assert (5, "mine", ["root", "taken"]) == (
        said.code,
        taken.read_text(),
        sorted(p.name for p in tmp_path.iterdir() if p.name in {"root", "taken"} or "tundish-" in p.name),
    )
