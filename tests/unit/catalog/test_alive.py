"""
Who is dead beyond doubt, and who may only seem so.
"""

from pathlib import Path

import pytest

from tundish.catalog.alive import boot, bury, is_dead, living
from tundish.core.errors import StorageError

BOOT = "a boot of this machine"


def died(path: Path, of_boot: str = BOOT) -> Path:
    """
    What a process leaves behind that was killed.
    """
    path.write_text(of_boot)
    return path


def test_who_lives_is_not_dead(tmp_path: Path) -> None:
    """
    Within the context nobody takes him for dead.
    """
    with living(tmp_path / "one", BOOT):
        found = is_dead(tmp_path / "one", BOOT)

    assert not found


def test_who_was_killed_is_dead(tmp_path: Path) -> None:
    """
    His file is there, and its lock is free.
    """
    assert is_dead(died(tmp_path / "one"), BOOT)


@pytest.mark.parametrize("of_boot", ["another boot", ""])
def test_who_may_live_on_another_machine_is_not_dead(tmp_path: Path, of_boot: str) -> None:
    """
    Nor who lived before this machine was started anew: nothing is known of him here.
    """
    assert not is_dead(died(tmp_path / "one", of_boot), BOOT)


def test_where_no_boot_is_known_nobody_is_dead(tmp_path: Path) -> None:
    """
    Two machines that do not say their boot are not the same.
    """
    assert not is_dead(died(tmp_path / "one", ""), "")


def test_who_left_no_file_is_not_dead(tmp_path: Path) -> None:
    """
    Who ended in order has said so himself.
    """
    with living(tmp_path / "one", BOOT):
        pass

    assert (False, []) == (is_dead(tmp_path / "one", BOOT), [*tmp_path.iterdir()])


def test_only_the_dead_are_buried(tmp_path: Path) -> None:
    """
    The files of who lives, or lived elsewhere, stay.
    """
    died(tmp_path / "dead")
    died(tmp_path / "elsewhere", "another boot")
    with living(tmp_path / "living", BOOT):
        bury(tmp_path.iterdir(), BOOT)
        left = {path.name for path in tmp_path.iterdir()}

    assert {"elsewhere", "living"} == left


def test_a_mark_is_used_once(tmp_path: Path) -> None:
    """
    The file of another is not taken.
    """
    died(tmp_path / "one")

    with pytest.raises(StorageError, match="cannot make"), living(tmp_path / "one", BOOT):
        pass


def test_this_machine_says_its_boot() -> None:
    """
    It is the same word whenever it is asked for.
    """
    assert boot() == boot() != ""
