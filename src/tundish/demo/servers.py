"""
A `tundish serve` of its own process, on ports of its own choice, for as long as it is needed.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tundish.core.clock import monotonic
from tundish.core.errors import ToolFailed
from tundish.tools.run import Running, start

PATIENCE = 30.0  # seconds until both doors are open
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """
    A server under way: the addresses of its doors, without a trailing slash.
    """

    control: str
    files: str
    running: Running
    log: Path

    @property
    def file_port(self) -> int:
        return int(self.files.rpartition(":")[2])


@contextmanager
def served(state: Path, *, kernel_arguments: str = "") -> Iterator[Served]:
    """
    Serve a state folder; the server is ended when the context is left, unless `running.keep` was called.

    Raises:
        ToolFailed: it did not open its doors; its last words are told.
    """
    log = state / "serve.log"
    log.unlink(missing_ok=True)
    options = ["--control-port", "0", "--file-port", "0", "--json"]
    if kernel_arguments:
        options += ["--kernel-arguments", kernel_arguments]
    command = [sys.executable, "-m", "tundish", "--state", str(state), "serve", *options]
    with start(command, log=log) as running:
        yield _when_ready(running, log)


def _when_ready(running: Running, log: Path) -> Served:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                doors = json.loads(line)
                return Served(str(doors["control"]), str(doors["files"]), running, log)
        if running.ended(within=_PAUSE) is not None:
            break
        time.sleep(_PAUSE)
    said = log.read_text(errors="replace").strip()[-1000:]
    raise ToolFailed(f"the server did not open its doors: {said}", command=running.line)
