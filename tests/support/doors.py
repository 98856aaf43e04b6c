"""
`tundish serve` as a process of its own, on free ports of loopback, ended with the context.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Doors:
    """
    The base URLs of both doors, without a trailing slash.
    """

    control: str
    files: str


@contextmanager
def serving(state: Path, *options: str | Path) -> Iterator[Doors]:
    """
    Both doors over a state folder, open when the context begins.
    """
    words = ["--state", str(state), "serve", "--control-port", "0", "--file-port", "0", "--json", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "tundish", *words],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield Doors(**json.loads(process.stdout.readline() if process.stdout else ""))
        finally:
            process.terminate()
