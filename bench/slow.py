"""
A server far away: every new connection and every request waits 50 ms. Keep-alive, ranges and conditional
requests are honoured.

python -m bench.slow FOLDER serves the folder on a free port of the loopback interface and prints the port.
"""

import asyncio
import hashlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import RunFailed

DELAY = 0.05  # s
MARK = re.compile(rb'(?im)^If-None-Match: ("[^"]*")\r$')
RANGE = re.compile(rb"(?im)^Range: bytes=(\d+)-(\d*)\r$")


@contextmanager
def served(root: Path, _scratch: Path) -> Iterator[str]:
    """
    The URL under which `root` is served.

    Raises:
        RunFailed: the server did not start.
    """
    command = [sys.executable, "-m", "bench.slow", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise RunFailed("the slow server did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Folder:
    """
    Files, each read once.
    """

    root: Path
    read: dict[str, bytes] = field(default_factory=dict)

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode().lstrip("/")
        if path not in self.read:
            try:
                self.read[path] = (self.root / path).read_bytes()
            except OSError:
                return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return _part(self.read[path], head)


def _part(body: bytes, head: bytes) -> bytes:
    mark = b'"%s"' % hashlib.sha256(body).hexdigest().encode()
    known, wish = MARK.search(head), RANGE.search(head)
    if known and known[1] == mark:
        return b"HTTP/1.1 304 Same\r\nETag: %s\r\n\r\n" % mark
    if not wish:
        return b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n" % (mark, len(body)) + body
    start, end = int(wish[1]), min(int(wish[2] or len(body)), len(body) - 1)
    if start >= len(body):
        return b"HTTP/1.1 416 No\r\nContent-Range: bytes */%d\r\nContent-Length: 0\r\n\r\n" % len(body)
    part = body[start : end + 1]
    facts = (mark, start, end, len(body), len(part))
    return (
        b"HTTP/1.1 206 Part\r\nETag: %s\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n"
        % facts
        + part
    )


async def serve(root: Path) -> None:
    folder, stop = Folder(root), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await asyncio.sleep(DELAY)
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(DELAY)
                writer.write(folder.answer(head))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
