"""
The only way to start a program: never through a shell, always with a time limit and a bounded output.

`run` waits for the end; `start` hands out a `Running` that ends its program when its context is left.
A failure says which command it was, so that a person can repeat it.
"""

import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tundish.core.errors import ToolFailed, ToolMissing

GRACE = 5.0  # seconds between asking a program to end and ending it
CHUNK = 64 * 1024
OUTPUT_LIMIT = 128 * 1024 * 1024
PACKAGES = {  # program: the Debian package that brings it
    "debugfs": "e2fsprogs",
    "e2fsck": "e2fsprogs",
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
    with ExitStack() as stack:
        status = stack.enter_context(_status_pipe()) if status_flag else None
        if status_flag and status:
            command[1:1] = [status_flag, str(status.write_end)]
        process = _spawn(command, line, stdin=stdin, env=env, cwd=cwd, status=status)
        said = _Talk(process, stdin, status)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ToolFailed(f"gave up after {timeout:.0f} s: {line}", command=line) from None
        finally:
            _kill(process)
            heard = said.end()
    if said.is_too_much:
        raise ToolFailed(f"more than {OUTPUT_LIMIT} bytes of output: {line}", command=line)
    if code not in accept:
        tail = heard[1].decode(errors="replace").strip()[-2000:]
        raise ToolFailed(f"exit code {code}: {line}" + (f"\n{tail}" if tail else ""), command=line, code=code)
    return Finished(code, *heard)


def _spawn(
    command: Sequence[str],
    line: str,
    *,
    stdin: bytes | BinaryIO,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    status: "_Status | None",
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            pass_fds=(status.write_end,) if status else (),
            start_new_session=True,  # so that what it started ends with it
        )
    except OSError as error:
        raise ToolFailed(f"cannot start {line}: {error}", command=line) from error


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """
    End a program and whatever it started, if it still runs.
    """
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(slots=True)
class _Status:
    """
    The pipe for a program's status lines; our copy of the writing end is closed once it runs.
    """

    read_end: BinaryIO
    write_end: int


@contextmanager
def _status_pipe() -> Iterator[_Status]:
    read_end, write_end = os.pipe()
    status = _Status(os.fdopen(read_end, "rb"), write_end)
    try:
        yield status
    finally:
        status.read_end.close()
        if status.write_end >= 0:
            os.close(status.write_end)


class _Talk:
    """
    Feeds a program and hears it on threads, so that neither waits for the other; at most `OUTPUT_LIMIT`.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes]", stdin: bytes | BinaryIO, status: _Status | None
    ) -> None:
        self._process = process
        self.is_too_much = False
        if status:
            os.close(status.write_end)
            status.write_end = -1
        pipes = [process.stdout, process.stderr, status.read_end if status else None]
        self._heard = [bytearray() for _ in pipes]
        self._threads = [
            threading.Thread(target=self._hear, args=(pipe, heard), daemon=True)
            for pipe, heard in zip(pipes, self._heard, strict=True)
            if pipe is not None
        ]
        if isinstance(stdin, bytes):
            self._threads.append(threading.Thread(target=self._feed, args=(stdin,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _feed(self, data: bytes) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError), self._process.stdin as pipe:  # it may not care to read it all
                pipe.write(data)

    def _hear(self, pipe: BinaryIO, heard: bytearray) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), CHUNK):
                heard += chunk
                if len(heard) > OUTPUT_LIMIT:
                    self.is_too_much = True
                    with suppress(ProcessLookupError):
                        os.killpg(self._process.pid, signal.SIGKILL)
                    return

    def end(self) -> tuple[bytes, bytes, bytes]:
        """
        Output, messages and status lines, once the program is over.
        """
        for thread in self._threads:
            thread.join(GRACE)  # a program it left behind may hold the pipe
        stdout, stderr, status = map(bytes, self._heard)
        return stdout, stderr, status


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
