"""
`tundish doctor` on a machine that has no programs at all.
"""

from pathlib import Path

import pytest

from tests.cli.terminal import Said, program

PROGRAMS = {"gpgv", "gpg", "gpg-agent", "mmdebstrap", "mksquashfs", "pigz", "zstd", "QEMU"}


@pytest.fixture
def said(tmp_path: Path) -> Said:
    return program("--state", tmp_path / "state", "doctor", "--json", PATH=tmp_path)


def test_every_lack_is_found(said: Said) -> None:
    """
    Each program that is not there is named as not working.
    """
    answer = said.answer if isinstance(said.answer, list) else []
    lacking = {each["name"] for each in answer if isinstance(each, dict) and not each["works"]}

    assert set() == PROGRAMS - lacking


def test_every_lack_has_what_mends_it(said: Said) -> None:
    """
    Each lack comes with a way to mend it, and what works comes with none.
    """
    answer = said.answer if isinstance(said.answer, list) else []

    assert [] == [
        each["name"]
        for each in answer
        if isinstance(each, dict) and bool(each["mend"]) == bool(each["works"])
    ]


def test_what_is_needed_decides(said: Said) -> None:
    """
    A machine that lacks what is needed is told so by the exit code of a missing program.
    """
    assert 10 == said.code
