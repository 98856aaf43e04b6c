"""
The only way to start a program: never through a shell, always with a time limit and a bounded output.

`run` waits for the end; `start` hands out a `Running` that ends its program when its context is left.
A failure says which command it was, so that a person can repeat it.
"""

import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tundish.core.errors import ToolFailed, ToolMissing

GRACE = 5.0  # seconds between asking a program to end and ending it
OUTPUT_LIMIT = 128 * 1024 * 1024
PACKAGES = {  # program: the Debian package that brings it
    "gpg": "gpg",
    "gpgv": "gpgv",
    "mksquashfs": "squashfs-tools",
    "mmdebstrap": "mmdebstrap",
    "qemu-system-x86_64": "qemu-system-x86",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """
    What a program left behind. `status` is what it wrote to its status descriptor, if one was given.
    """

    code: int
    stdout: bytes
    stderr: bytes
    status: bytes


def find(program: str) -> str:
    """
    The full path of a program.

    Raises:
        ToolMissing: it is not installed; the message names the Debian package.
    """
    path = shutil.which(program, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if path is None:
        package = PACKAGES.get(program, program)
        raise ToolMissing(
            f"{program} is not installed; install it: apt-get install {package}", command=program
        )
    return path


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    stdin: bytes | BinaryIO = b"",
    status_flag: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    accept: Collection[int] = (0,),
) -> Finished:
    """
    Run a program to its end, at most `timeout` seconds.

    With `status_flag`, a pipe is opened for the program and its number is passed as the option's value
    (as in gpgv's `--status-fd`), placed right behind the program's name. `env` is added to ours.

    Raises:
        ToolMissing: not installed.
        ToolFailed: an exit code that is not in `accept`, too slow, or too much output.
    """
    command = [find(str(argv[0])), *map(str, argv[1:])]
    line = shlex.join(command)
    read_end, write_end = os.pipe() if status_flag else (-1, -1)
    if status_flag:
        command[1:1] = [status_flag, str(write_end)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            pass_fds=(write_end,) if status_flag else (),
        )
    except OSError as error:
        if status_flag:
            os.close(read_end)
        raise ToolFailed(f"cannot start {line}: {error}", command=line) from error
    finally:
        if status_flag:
            os.close(write_end)
    status = _Drain(os.fdopen(read_end, "rb")) if status_flag else None
    try:
        stdout, stderr = process.communicate(stdin if isinstance(stdin, bytes) else None, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise ToolFailed(f"gave up after {timeout:.0f} s: {line}", command=line) from None
    except BaseException:
        process.kill()
        process.communicate()
        raise
    finally:
        said = status.collected() if status else b""
    if process.returncode not in accept:
        tail = stderr.decode(errors="replace").strip()[-2000:]
        raise ToolFailed(
            f"exit code {process.returncode}: {line}" + (f"\n{tail}" if tail else ""),
            command=line,
            code=process.returncode,
        )
    return Finished(process.returncode, stdout, stderr, said)


class _Drain:
    """
    Reads one pipe to its end on a thread, so that the program never waits for us.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe, self._said = pipe, b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            self._said = self._pipe.read(OUTPUT_LIMIT)

    def collected(self) -> bytes:
        self._thread.join()
        return self._said


@dataclass(frozen=True, slots=True)
class Running:
    """
    A program under way.
    """

    pid: int
    line: str
    _process: "subprocess.Popen[bytes]"
    kept: threading.Event = field(default_factory=threading.Event)

    def keep(self) -> None:
        """
        Let the program run on when the context is left; from then on it is the caller's to end.
        """
        self.kept.set()

    def ended(self, within: float) -> int | None:
        """
        The exit code, or None if it still runs after `within` seconds.
        """
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def start(
    argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """
    Start a program whose output goes to the file `log`; it is ended when the context is left.

    Raises:
        ToolMissing: not installed.
        ToolFailed: it cannot be started.
    """
    command = [find(str(argv[0])), *map(str, argv[1:])]
    line = shlex.join(command)
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on
            )
        except OSError as error:
            raise ToolFailed(f"cannot start {line}: {error}", command=line) from error
        running = Running(process.pid, line, process)
        try:
            yield running
        except BaseException:
            _end(process)
            raise
        if not running.kept.is_set():
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
