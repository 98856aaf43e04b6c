"""
What idle listeners cost: python -m bench.idle_streams

A server as it is installed, and 1,000 connections to its feed that hear nothing but its signs of life. Shown
are memory per stream, processor time while all are idle, and how long the server takes to end with them.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tundish.access import keys
from tundish.app.opened import open_app
from tundish.core import clock
from tundish.core.people import EVERYTHING, Token, User
from tundish.serve import allow_many_files
from tundish.settings import load

TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.idle_streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    chosen = parser.parse_args()
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="tundish-bench-") as scratch:
        token = _token(Path(scratch))
        words = ["--state", scratch, "serve", "--json", "--control-port", "0", "--file-port", "0"]
        with subprocess.Popen(
            [sys.executable, "-m", "tundish", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                _measure(process, json.loads(line)["control"], token, chosen.streams, chosen.seconds)
            finally:
                process.terminate()
    return 0


def _token(state: Path) -> str:
    with open_app(load({}, root=True, state=state, cache=state / "cache")) as app:
        now, key = clock.now(), keys.bearer()
        app.catalog.users.add(User("ada", "", EVERYTHING, enabled=True, made_at=now, has_password=False), "")
        app.catalog.tokens.add(
            Token(key.public, "ada", "bench", "bearer", "", (), now, None, None), keys.digest(key.secret)
        )
        return key.text


def _measure(process: "subprocess.Popen[str]", url: str, token: str, count: int, seconds: float) -> None:
    port = int(url.rpartition(":")[2])
    request = (
        f"GET /api/v1/feed HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    before = _memory(process.pid)
    streams = []
    for _ in range(count):
        stream = socket.create_connection(("127.0.0.1", port))
        stream.sendall(request)
        if b" 200 " not in stream.recv(4096):
            raise SystemExit("a stream was refused")
        streams.append(stream)
    held, began = _memory(process.pid), _cpu(process.pid)
    time.sleep(seconds)
    idle = _cpu(process.pid) - began
    answered = time.monotonic()
    urllib.request.urlopen(f"{url}/health", timeout=10).close()
    answered = time.monotonic() - answered
    ending = time.monotonic()
    process.terminate()
    process.wait(30)
    ended = time.monotonic() - ending
    for stream in streams:
        stream.close()
    print(
        f"{count} streams: {(held - before) / count / 1024:.0f} KiB each, "
        f"{idle / seconds * 100:.1f} % of a processor while idle, "
        f"another request {answered * 1000:.0f} ms, ended in {ended:.1f} s, code {process.returncode}"
    )


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    sys.exit(main())
