"""
What one run of a program cost: wall time, processor time and peak memory, its children included.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
LONGEST = 3600.0  # s; a run that takes longer is a failure


class RunFailed(Exception):
    """
    A program that is measured did not do its work.
    """


@dataclass(frozen=True, slots=True)
class Usage:
    """
    Seconds and bytes.
    """

    wall: float
    user: float
    system: float
    peak: int

    @property
    def cpu(self) -> float:
        return self.user + self.system


def measured(command: Sequence[str], *, scratch: Path, log: Path, timeout: float = LONGEST) -> Usage:
    """
    Run a program to its end, without a proxy, its output going to `log`.

    Raises:
        RunFailed: it could not start, failed, or took longer than `timeout` seconds.
    """
    result = scratch / "usage.json"
    result.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    os.sync()  # what earlier runs wrote shall not be this one's burden
    with log.open("wb") as output:
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(result), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            process_group=0,
        )
        try:
            launcher.wait(timeout)
        except subprocess.TimeoutExpired:
            raise RunFailed(f"gave up after {timeout:.0f} s: {' '.join(command)}") from None
        finally:
            _end(launcher)
    return _usage(command, result, log)


def _is_ours(name: str) -> bool:
    """
    Whether a setting of this process is none of the program's: a proxy, or the wish to compile Python anew in
    each run, which no installed program does.
    """
    return name.lower().endswith("_proxy") or name == "PYTHONDONTWRITEBYTECODE"


def _end(launcher: "subprocess.Popen[bytes]") -> None:
    """
    End what is left of a run that was cut off: the group is the launcher's own.
    """
    if launcher.poll() is None:
        os.killpg(launcher.pid, 9)
        launcher.wait()


def _usage(command: Sequence[str], result: Path, log: Path) -> Usage:
    said = log.read_text(errors="replace")[-2000:]
    if not result.exists():
        raise RunFailed(f"could not be started: {' '.join(command)}\n{said}")
    figures = json.loads(result.read_text())
    if figures["code"] != 0:
        raise RunFailed(f"exit code {figures['code']}: {' '.join(command)}\n{said}")
    return Usage(figures["wall"], figures["user"], figures["system"], figures["peak"])
