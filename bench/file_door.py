"""
What a GiB costs the file door, against nginx: python -m bench.file_door

64 readers on loopback, files from the page cache: one of 1 GiB whole and in ranges of 1 MiB, and 16 of 16 MiB
whole. Both servers in turn, in several rounds. Counted is the processor time of the server alone.
"""

import argparse
import asyncio
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.server import served
from tundish.boot.http import file_door
from tundish.boot.listener import listening
from tundish.boot.trees import FolderTrees
from tundish.core.digest import Digest
from tundish.core.errors import NotFound
from tundish.core.machine import Asker, BootScript, Deployment, Report

MIB = 1024 * 1024
GIB = 1024 * MIB
READERS = 64
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Case:
    """
    What each reader asks for, again and again: `part` bytes of one of `files` of `size`.
    """

    name: str
    files: int
    size: int
    part: int
    gib: int  # at least, per server and round


CASES = (
    Case("whole files of 1 GiB", 1, GIB, GIB, READERS),
    Case("1 MiB ranges of 1 GiB", 1, GIB, MIB, 4),
    Case("whole files of 16 MiB", 16, 16 * MIB, 16 * MIB, 4),
)


@dataclass(frozen=True, slots=True)
class Folder:
    """
    The blobs of the measurement, and no machine to boot.
    """

    root: Path

    def local_path(self, digest: Digest) -> Path:
        return self.root / digest.hex

    def script_for(self, _asker: Asker) -> BootScript | None:
        return None

    def reported(self, _report: Report) -> Deployment:
        raise NotFound


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float  # s per GiB
    wall: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.file_door", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(_serve(chosen.serve))
        return 0
    with tempfile.TemporaryDirectory(prefix="tundish-bench-") as scratch:
        paths = {case: _furnish(Path(scratch), case) for case in CASES}
        with (
            served(Path(scratch) / "nginx", Path(scratch)) as url,
            _door(Path(scratch) / "blobs") as (pid, port),
        ):
            master = int((Path(scratch) / "nginx.pid").read_text())
            worker = int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
            servers = {"nginx": (worker, int(url.rpartition(":")[2])), "tundish": (pid, port)}
            for case in CASES:
                costs: dict[str, list[Cost]] = {name: [] for name in servers}
                for turn in range(chosen.rounds):
                    for name in (tuple(servers), tuple(reversed(servers)))[turn % 2]:
                        costs[name].append(_cost(*servers[name], paths[case], case))
                print(_line(case, costs), flush=True)
    return 0


def _line(case: Case, costs: dict[str, list[Cost]]) -> str:
    cpu = {name: statistics.median(cost.cpu for cost in rows) for name, rows in costs.items()}
    wall = {name: statistics.median(cost.wall for cost in rows) for name, rows in costs.items()}
    each = ", ".join(f"{name} {cpu[name]:.3f} CPU s/GiB {wall[name]:.2f} s/GiB" for name in costs)
    pairs = [ours.cpu / theirs.cpu for ours, theirs in zip(costs["tundish"], costs["nginx"], strict=True)]
    ratios = f"{1 / statistics.median(pairs):.2f} ({1 / max(pairs):.2f}-{1 / min(pairs):.2f})"
    return f"{case.name}: {each}; bytes per CPU second, tundish to nginx: {ratios}"


def _furnish(scratch: Path, case: Case) -> list[str]:
    blobs, paths = scratch / "blobs", []
    blobs.mkdir(exist_ok=True)
    for _ in range(case.files):
        name, block = os.urandom(32).hex(), os.urandom(MIB)  # nobody compares it with the bytes here
        with (blobs / name).open("wb") as file:
            for _ in range(case.size // MIB):
                file.write(block)
        path = f"images/{name}/debian/amd64/generic/bookworm/stable/squashfs"
        (scratch / "nginx" / path).parent.mkdir(parents=True)
        (scratch / "nginx" / path).hardlink_to(blobs / name)
        paths.append("/" + path)
    return paths


async def _serve(blobs: Path) -> None:
    folder, stop = Folder(blobs), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    door = file_door(boots=folder, blobs=folder, trees=FolderTrees(blobs / "none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with listening(door, listener):
            print(listener.getsockname()[1], flush=True)
            await stop.wait()


@contextmanager
def _door(blobs: Path) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "bench.file_door", "--serve", str(blobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.pid, int(process.stdout.readline() if process.stdout else "")
        finally:
            process.terminate()


def _cost(pid: int, port: int, paths: list[str], case: Case) -> Cost:
    before, began = _cpu(pid), time.monotonic()
    got = _read(port, paths, case)
    return Cost((_cpu(pid) - before) * GIB / got, (time.monotonic() - began) * GIB / got)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _read(port: int, paths: list[str], case: Case) -> int:
    """
    Read all bytes of a round over 64 kept connections and drop them in the kernel; the bytes that came.
    """
    requests = max(1, case.gib * GIB // case.part // READERS)
    with selectors.DefaultSelector() as waiting:
        readers = [_Reader(port, number, paths, requests, case) for number in range(READERS)]
        for reader in readers:
            waiting.register(reader.socket, selectors.EVENT_READ, reader.on_bytes)
            reader.ask()
        while waiting.get_map():
            for key, _ in waiting.select():
                on_bytes: Callable[[], bool] = key.data
                if not on_bytes():
                    waiting.unregister(key.fileobj)
    for reader in readers:
        reader.socket.close()
    return sum(reader.got for reader in readers)


class _Reader:
    """
    One connection that asks for one file, or part of one, after the other.
    """

    def __init__(self, port: int, number: int, paths: list[str], requests: int, case: Case) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.got = 0
        self._number, self._paths, self._left, self._case = number, paths, requests, case
        self._awaited, self._head = 0, b""

    def ask(self) -> None:
        size, length = self._case.size, self._case.part
        at = ((self._number * 16 + self._left) * length) % size
        path = self._paths[(self._number + self._left * length // size) % len(self._paths)]
        part = f"Range: bytes={at}-{at + length - 1}\r\n" if length < size else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{part}\r\n".encode())
        self._left, self._awaited, self._head = self._left - 1, 0, b""

    def on_bytes(self) -> bool:
        """
        Take what came; False when this reader has all it wanted.
        """
        if self._awaited:
            count = self.socket.recv_into(_NOWHERE, len(_NOWHERE), socket.MSG_TRUNC)
            if not count:
                raise SystemExit("the server closed a connection")
            self._awaited -= count
            self.got += count
        else:
            self._on_head()
        if self._awaited or not self._head:
            return True
        if self._left:
            self.ask()
        return self._left > 0 or not self._head

    def _on_head(self) -> None:
        seen = self.socket.recv(4096, socket.MSG_PEEK)
        end = seen.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        self._head = self.socket.recv(end)
        if self._head.split(b" ", 2)[1] not in {b"200", b"206"}:
            raise SystemExit(self._head.decode())
        self._awaited = self._case.part


_NOWHERE = bytearray(4 * MIB)

if __name__ == "__main__":
    sys.exit(main())
