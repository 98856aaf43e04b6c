"""
How programs are started, and what is said when they fail.
"""

from pathlib import Path

import pytest

from tundish.core.errors import ToolFailed, ToolMissing
from tundish.tools.run import run, start


def test_a_program_is_given_its_input_and_its_output_is_returned() -> None:
    """
    What goes to standard input comes back from `cat`.
    """
    assert b"molten" == run(["cat"], stdin=b"molten", timeout=10).stdout


def test_status_lines_are_collected(tmp_path: Path) -> None:
    """
    What a program writes to the descriptor it was told of is returned as its status.
    """
    script = tmp_path / "says"
    script.write_text('#!/bin/sh\n[ "$1" = --status-fd ] && echo good > /dev/fd/$2\necho text\n')
    script.chmod(0o755)

    done = run([script], timeout=10, status_flag="--status-fd")

    assert (b"good\n", b"text\n") == (done.status, done.stdout)


def test_a_missing_program_names_its_package() -> None:
    """
    Who lacks a program is told what to install.
    """
    with pytest.raises(ToolMissing, match="apt-get install no-such-program"):
        run(["no-such-program"], timeout=1)


def test_a_failure_carries_command_code_and_message() -> None:
    """
    A failed program can be repeated from its error alone.
    """
    with pytest.raises(ToolFailed, match=r"exit code 3: .*sh -c 'echo why >&2; exit 3'\nwhy") as caught:
        run(["sh", "-c", "echo why >&2; exit 3"], timeout=10)

    assert 3 == caught.value.code


def test_a_program_that_does_not_end_is_ended() -> None:
    """
    A program is stopped at its time limit.
    """
    with pytest.raises(ToolFailed, match="gave up after 0 s"):
        run(["sleep", "60"], timeout=0.1)


def test_a_program_in_the_background_ends_with_its_context(tmp_path: Path) -> None:
    """
    Nothing is left running.
    """
    with start(["sleep", "60"], log=tmp_path / "log") as running:
        assert running.ended(0.01) is None

    assert running.ended(0) is not None


def test_a_program_that_says_too_much_is_ended() -> None:
    """
    Output is bounded: a program that never stops talking is stopped.
    """
    with pytest.raises(ToolFailed, match="bytes of output"):
        run(["cat", "/dev/zero"], timeout=60)


def test_a_program_need_not_read_its_input() -> None:
    """
    Input that a program leaves unread is no failure.
    """
    assert 0 == run(["true"], stdin=b"x" * 1_000_000, timeout=10).code


def test_what_a_program_started_ends_with_it() -> None:
    """
    At the time limit the whole family is ended, not the parent alone.
    """
    with pytest.raises(ToolFailed, match="gave up"):
        run(["sh", "-c", "sleep 61.5 & wait"], timeout=0.2)

    assert 1 == run(["pgrep", "-f", "^sleep 61[.]5"], timeout=10, accept=(0, 1)).code
