"""
A file door with known contents, and a client that sends exactly the bytes it is given.
"""

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tundish.boot.http import FileDoor, file_door
from tundish.boot.listener import LIMITS, Limits, listening
from tundish.boot.pumping import PACE, Pace
from tundish.boot.trees import FolderTrees
from tundish.core.answered import Heard, nobody
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Conflict, NotFound
from tundish.core.machine import Asker, BootScript, Deployment, Report
from tundish.core.proxies import DIRECT, Proxies

MAC = "52:54:00:12:34:56"
DATA = bytes(range(256)) * 40
ROOT = Digest.of(DATA)
TOKEN = "a1b2c3d4"
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SCRIPT = BootScript("debian/bookworm/amd64/generic", "20260504", ROOT, ROOT, ROOT, TOKEN)
IMAGE = f"/images/{ROOT.hex}/debian/amd64/generic/bookworm/stable/squashfs"
INDEX = "/stream/stable/streams/v1/index.sjson"


@dataclass(frozen=True)
class OneBoot:
    """
    Tells one known machine one script, and takes one report.
    """

    asked: list[Asker] = field(default_factory=list)

    def script_for(self, asker: Asker) -> BootScript | None:
        self.asked.append(asker)
        return SCRIPT if asker.mac == MAC else None

    def reported(self, report: Report) -> Deployment:
        if report.token != TOKEN:
            raise NotFound("no boot was begun under this token; boot the machine again")
        if report.root != ROOT:
            raise Conflict("this boot was told another root")
        return Deployment(MAC, SCRIPT.image, SCRIPT.version, ROOT, NOON, NOON)


@dataclass(frozen=True)
class OneFolder:
    root: Path

    def local_path(self, digest: Digest) -> Path | None:
        path = self.root / digest.hex
        if not path.is_file():
            raise BlobMissing(digest)
        return path


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def furnished(
    state: Path,
    *,
    boots: OneBoot | None = None,
    pace: Pace = PACE,
    arguments: str = "",
    heard: Heard = nobody,
    proxies: Proxies = DIRECT,
) -> FileDoor:
    """
    The door over one blob and one published stream below `state`.
    """
    blobs, channel = state / "blobs", state / "published" / "stable"
    blobs.mkdir(parents=True)
    (blobs / ROOT.hex).write_bytes(DATA)
    (channel / "streams/v1").mkdir(parents=True)
    (channel / "streams/v1/index.sjson").write_bytes(b"signed")
    (channel / "file.squashfs").write_bytes(b"root")
    return file_door(
        boots=boots or OneBoot(),
        blobs=OneFolder(blobs),
        trees=FolderTrees(state / "published"),
        pace=pace,
        arguments=arguments,
        heard=heard,
        proxies=proxies,
    )


def get(target: str, *headers: str, method: str = "GET", host: str = "10.0.2.2:5248") -> bytes:
    lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def post(target: str, body: bytes) -> bytes:
    return get(target, f"Content-Length: {len(body)}", method="POST") + body


def answers(door: FileDoor, *requests: bytes, limits: Limits = LIMITS) -> list[Answer]:
    """
    What the door answers to each request, sent one after the other over connections of their own.
    """

    async def ask() -> list[Answer]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with listening(door, listener, limits):
                return [await sent(listener.getsockname()[1], request) for request in requests]

    return asyncio.run(ask())


def answer(door: FileDoor, request: bytes) -> Answer:
    return answers(door, request)[0]


async def sent(port: int, request: bytes) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    everything = await reader.read()
    writer.close()
    await writer.wait_closed()
    return parsed(everything)


def parsed(everything: bytes) -> Answer:
    head, _, body = everything.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)
