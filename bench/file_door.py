"""
What a GiB costs the file door, against nginx: python -m bench.file_door

64 readers on loopback, 16 MiB files from the page cache, whole or in ranges of 1 MiB; both servers in turn,
in several rounds. Counted is the processor time of the server alone.
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
FILES, SIZE, READERS = 16, 16 * MIB, 64
TICKS = os.sysconf("SC_CLK_TCK")


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
    parser.add_argument("--gib", type=int, default=4, help="per server, case and round")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(_serve(chosen.serve))
        return 0
    with tempfile.TemporaryDirectory(prefix="tundish-bench-") as scratch:
        paths = _furnish(Path(scratch))
        with (
            served(Path(scratch) / "nginx", Path(scratch)) as url,
            _door(Path(scratch) / "blobs") as (pid, port),
        ):
            master = int((Path(scratch) / "nginx.pid").read_text())
            worker = int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
            servers = {"nginx": (worker, int(url.rpartition(":")[2])), "tundish": (pid, port)}
            for case, range_size in (("whole files", SIZE), ("1 MiB ranges", MIB)):
                costs: dict[str, list[Cost]] = {name: [] for name in servers}
                for _ in range(chosen.rounds):
                    for name, (process, at) in servers.items():
                        costs[name].append(_cost(process, at, paths, chosen.gib * GIB, range_size))
                print(_line(case, costs))
    return 0


def _line(case: str, costs: dict[str, list[Cost]]) -> str:
    cpu = {name: statistics.median(cost.cpu for cost in rows) for name, rows in costs.items()}
    wall = {name: statistics.median(cost.wall for cost in rows) for name, rows in costs.items()}
    each = ", ".join(f"{name} {cpu[name]:.3f} CPU s/GiB {wall[name]:.2f} s/GiB" for name in costs)
    return f"{case}: {each}; bytes per CPU second, tundish to nginx: {cpu['nginx'] / cpu['tundish']:.2f}"


def _furnish(scratch: Path) -> list[str]:
    blobs = scratch / "blobs"
    blobs.mkdir()
    paths = []
    for _ in range(FILES):
        data = os.urandom(SIZE)
        digest = Digest.of(data).hex
        (blobs / digest).write_bytes(data)
        path = f"images/{digest}/debian/amd64/generic/bookworm/stable/squashfs"
        (scratch / "nginx" / path).parent.mkdir(parents=True)
        (scratch / "nginx" / path).hardlink_to(blobs / digest)
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


def _cost(pid: int, port: int, paths: list[str], total: int, range_size: int) -> Cost:
    before, began = _cpu(pid), time.monotonic()
    got = _read(port, paths, total, range_size)
    return Cost((_cpu(pid) - before) * GIB / got, (time.monotonic() - began) * GIB / got)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _read(port: int, paths: list[str], total: int, range_size: int) -> int:
    """
    Read `total` bytes over 64 kept connections and drop them in the kernel; the bytes that came.
    """
    requests = max(1, total // range_size // READERS)
    with selectors.DefaultSelector() as waiting:
        readers = [_Reader(port, number, paths, requests, range_size) for number in range(READERS)]
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

    def __init__(self, port: int, number: int, paths: list[str], requests: int, range_size: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.got = 0
        self._number, self._paths, self._left, self._range = number, paths, requests, range_size
        self._awaited, self._head = 0, b""

    def ask(self) -> None:
        at = (self._left * self._range) % SIZE
        path = self._paths[(self._number + self._left * self._range // SIZE) % len(self._paths)]
        part = f"Range: bytes={at}-{at + self._range - 1}\r\n" if self._range < SIZE else ""
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
        self._awaited = self._range


_NOWHERE = bytearray(4 * MIB)

if __name__ == "__main__":
    sys.exit(main())
