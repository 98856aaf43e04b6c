"""
What is said of a transfer while it goes on.
"""

from dataclasses import dataclass

import pytest

from tundish.cli.progress import Lines
from tundish.core.digest import Digest

DIGEST = Digest.of(b"x")
HELD, SIZE = 900 * 1024 * 1024, 1000 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    path: str = "noble/squashfs"
    size: int = SIZE
    digest: Digest = DIGEST
    held: int = HELD


@dataclass(frozen=True, slots=True)
class Plan:
    files: tuple[File, ...] = (File(),)


def said(capsys: pytest.CaptureFixture[str], *counts: int) -> str:
    lines = Lines()
    lines.expect(Plan())
    lines.begun(File())
    for count in counts:
        lines.moved(File(), count)
    lines.finish()
    return capsys.readouterr().err


def test_what_came_earlier_is_here_but_no_speed(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A file that goes on at 90 % has come so far, and not within this second.
    """
    text = said(capsys, HELD, 1)

    assert ["0 of 1 files", "900.0 MiB of 1000.0 MiB", "B/s"] == [
        *text.split(", ")[:2],
        text.split(", ")[2].split()[1],
    ]


def test_where_nothing_more_came_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What was there before is no progress.
    """
    assert "" == said(capsys, HELD)


def test_a_part_that_is_gone_has_not_come(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Then the first bytes are those of the network, and what was hoped for is taken back.
    """
    assert "0 of 1 files, 1.0 MiB of 1000.0 MiB" == said(capsys, 1024 * 1024)[:35]
