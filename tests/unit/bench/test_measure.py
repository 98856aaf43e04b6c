import sys
from pathlib import Path

import pytest
from bench.measure import RunFailed, Usage, measured

MIB = 1024 * 1024


def python(program: str, tmp_path: Path, timeout: float = 30.0) -> Usage:
    return measured(
        [sys.executable, "-I", "-S", "-c", program],
        scratch=tmp_path,
        log=tmp_path / "log",
        timeout=timeout,
    )


def test_processor_time_and_memory_of_grandchildren_count(tmp_path: Path) -> None:
    """
    A program that lets another one hold 64 MiB has a peak of at least 64 MiB.
    """
    inner = "bytearray(64 * 1024 * 1024).count(b'x')"
    usage = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])", tmp_path)

    assert usage.peak >= 64 * MIB


def test_the_memory_of_the_one_who_measures_does_not_count(tmp_path: Path) -> None:
    """
    While the measuring process holds 96 MiB, a small program still has a small peak.
    """
    ballast = bytearray(b"x") * (96 * MIB)
    usage = python("pass", tmp_path)

    assert usage.peak < len(ballast) / 2


def test_a_failed_run_says_what_the_program_said(tmp_path: Path) -> None:
    """
    The exit code and the end of the output are in the error.
    """
    with pytest.raises(RunFailed, match=r"(?s)exit code 3.*no such stream"):
        python("import sys; print('no such stream'); sys.exit(3)", tmp_path)


def test_a_program_that_is_not_there_is_a_failed_run(tmp_path: Path) -> None:
    """
    A missing program is reported, never measured.
    """
    with pytest.raises(RunFailed, match="could not be started"):
        measured(["no-such-program"], scratch=tmp_path, log=tmp_path / "log")


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """
    After the time limit the program is killed and the run has failed.
    """
    with pytest.raises(RunFailed, match="gave up"):
        python("import threading; threading.Event().wait()", tmp_path, timeout=0.2)


def test_a_program_may_keep_what_it_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The wish of whoever measures not to write bytecode would make programs in Python compile in each run.
    """
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    program = "import os, sys; sys.exit('PYTHONDONTWRITEBYTECODE' in os.environ)"

    assert python(program, tmp_path).wall > 0
