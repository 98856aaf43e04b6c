"""
A real process of `tundish` on a disk that becomes full just before its n-th write, and stays so.

A write is any call that may need room: of a file, of a folder, of the catalog.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import SECONDS, Ended, environment

MANY = int(os.environ.get("TUNDISH_TEST_WRITES", "50"))  # of each kind of work, under the marker `kills`
_SIZE = "96m"  # more than what a run wants to leave free

# Fills the disk before the given write, counted from the beginning of a function on, in any thread. With 0
# it runs to the end and says how many writes there were.
_FILLING = """
import os, sys, threading
fatal, ballast, name, file = int(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
made, begun = 0, False
WRITES = {"write", "writelines", "pwrite", "open", "mkdir", "rename", "replace", "link", "symlink",
          "truncate", "fsync", "fdatasync", "copy_file_range", "sendfile", "execute", "executemany", "commit"}

def fill():
    handle, place = os.open(ballast, os.O_WRONLY | os.O_CREAT), 0
    for size in (1 << 20, 4096):
        try:
            while True:
                os.posix_fallocate(handle, place, size)
                place += size
        except OSError:
            pass
    os.close(handle)

def called(frame, event, function):
    global made, begun
    begun = begun or (frame.f_code.co_name == name and frame.f_code.co_filename.endswith(file))
    if begun and event == "c_call" and getattr(function, "__name__", "") in WRITES:
        made += 1
        if made == fatal:
            fill()

from tundish.app import opened
from tundish.cli import main, progress, sync
threading.setprofile(called)
sys.setprofile(called)
code = main.run(sys.argv[1:])
sys.setprofile(None)
print("writes:", made)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """
    A small file system of its own.
    """

    folder: Path

    @property
    def ballast(self) -> Path:
        return self.folder / "ballast"

    def copy(self, state: Path) -> Path:
        """
        A folder on this disk with all that is in `state`, further names of one file included.
        """
        target = self.folder / state.name
        subprocess.run(["cp", "-a", state, target], check=True)
        return target

    def run(self, state: Path, *words: str, full_at: int, begins: tuple[str, str]) -> Ended:
        """
        A command that finds the disk full from its n-th write on.
        """
        done = subprocess.run(
            [
                *(sys.executable, "-c", _FILLING, str(full_at), str(self.ballast), *begins),
                *("--state", str(state), *words),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def writes(self, state: Path, *words: str, begins: tuple[str, str]) -> int:
        """
        How many writes a command makes that nothing disturbs.
        """
        done = self.run(state, *words, full_at=0, begins=begins)
        assert 0 == done.code, done.said
        return int(done.out.rpartition("writes: ")[2])

    def make_room(self) -> None:
        self.ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """
    Mount one; None where this may not be done.
    """
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tundish", os.fsencode(folder), b"tmpfs", 0, f"size={_SIZE}".encode()):
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        libc.umount2(os.fsencode(folder), 2)  # lazily
