"""
`tundish` as a real process, on a state folder that tests look at from outside.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0  # no test waits longer for a process

# Kills its own process, with SIGKILL, at the given call that is made from the beginning of a function on,
# by any thread and in any library. Without a number it runs to the end and says how many calls there were.
DYING = """
import os, signal, sys, threading
fatal, name, file, made, begun = int(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1), 0, False

def called(frame, event, argument):
    global made, begun
    begun = begun or (frame.f_code.co_name == name and frame.f_code.co_filename.endswith(file))
    if begun and event != "return" and event != "c_return":
        made += 1
        if made == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

from tundish.app import opened
from tundish.cli import main, progress, sync
threading.setprofile(called)
sys.setprofile(called)
code = main.run(sys.argv[1:])
sys.setprofile(None)
print("calls:", made)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    code: int  # minus the signal that ended it
    out: str
    said: str


class Tundish:
    """
    One command under way; ended when its context is left.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def catches(self, number: signal.Signals) -> bool:
        """
        Whether a signal would reach a handler of the process, as the kernel sees it.
        """
        status = Path(f"/proc/{self.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (number - 1) & 1)

    def ended(self) -> Ended:
        out, said = self._process.communicate(timeout=SECONDS)
        return Ended(self._process.returncode, out, said)


SYNC = ("sync", "sync/run.py")  # a function and its file


@contextmanager
def tundish(
    state: Path, *words: str, dying: int | None = None, begins: tuple[str, str] = SYNC
) -> Iterator[Tundish]:
    """
    Start a command; with `dying`, one that kills itself at that call (0: never, but it counts) since the
    function that `begins` the counting.
    """
    start = ["-m", "tundish"] if dying is None else ["-c", DYING, str(dying), *begins]
    with subprocess.Popen(
        [sys.executable, *start, "--state", str(state), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        try:
            yield Tundish(process)
        finally:
            process.kill()


def run(state: Path, *words: str, dying: int | None = None, begins: tuple[str, str] = SYNC) -> Ended:
    """
    A command from start to end.
    """
    with tundish(state, *words, dying=dying, begins=begins) as command:
        return command.ended()


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TUNDISH_")}
