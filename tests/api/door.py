"""
A control door over fixed rows, called in process: request in, whole answer out.
"""

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tundish.api.routes import control_door
from tundish.core.digest import Digest
from tundish.core.errors import StorageError
from tundish.core.holding import Event, Holding, HoldingId, Job, Usage
from tundish.core.image import Item, Json, Product, Version
from tundish.core.lifecycle import State
from tundish.core.machine import Deployment, Machine
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.notice import Notice
from tundish.core.progress import Progress, Running, Transfer
from tundish.core.selection import Selection, Source

Row = TypeVar("Row")

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROOT = Digest.of(b"root")
FILE = Item(ItemName("root"), "squashfs", ItemPath("d/root"), 4, ROOT)
PRODUCT = Product(
    ProductName("net.example:debian:12"),
    ContentId("net.example:v3:download"),
    "debian",
    "bookworm",
    "amd64",
    "stable",
    "generic",
    "Debian 12",
    (),
)


@dataclass(frozen=True)
class Rows:
    """
    Everything the door may ask for. `broken` makes the numbers fail.
    """

    many: int = 3
    broken: Exception | None = None

    def usage(self) -> Usage:
        if self.broken is not None:
            raise self.broken
        return Usage(1, self.many, 1, 1, 3, 4096, None)

    def sources(self) -> Sequence[Source]:
        return [Source(SourceName("vendor"), "https://me:secret@images.example/", b"KEYRING-BYTES")]

    def selections(self) -> Sequence[Selection]:
        return [Selection("debian", "bookworm", ("amd64",))]

    def images(self, *, limit: int, after: int) -> Sequence[Holding]:
        version = Version(VersionName("20260504"), (FILE,))
        return [
            Holding(HoldingId(number), SourceName("vendor"), PRODUCT, version, State.COMPLETE, NOON)
            for number in range(after + 1, self.many + 1)
        ][:limit]

    def machines(self, *, limit: int, after: str) -> Sequence[Machine]:
        rows = [Machine(f"52:54:00:00:00:0{n}", None, None, NOON, NOON, 1) for n in range(self.many)]
        return [row for row in rows if row.mac > after][:limit]

    def deployments(self, *, limit: int, after: int) -> Sequence[Deployment]:
        return [
            Deployment("52:54:00:00:00:01", PRODUCT.ref, "20260504", ROOT, NOON, None, number)
            for number in self._newest_first(limit, after)
        ]

    def jobs(self, *, limit: int, after: int) -> Sequence[Job]:
        return [
            Job(number, "sync", "vendor", NOON, None, "running", "{}")
            for number in self._newest_first(limit, after)
        ]

    def events(self, *, limit: int, after: int) -> Sequence[Event]:
        return [
            Event(number, NOON, "boot", "52:54:00:00:00:01", "<b>booted</b>")
            for number in self._newest_first(limit, after)
        ]

    def notices(self) -> Sequence[Notice]:
        return [Notice(3, "disk-low", "store", "<b>1 GiB</b> is free", "warning", NOON)][: self.many]

    def sync(self) -> Running | None:
        if self.many == 0:
            return None
        job = Job(7, "sync", "vendor", NOON, None, "running", "{}")
        file = Transfer(ROOT.hex, "vendor", "d/root", 100, 20, 2, "cut short", ended=False, at=NOON, speed=10)
        return Running(job, Progress(files=2, size=300, came=200, retries=2, speed=50), (file,))

    def _newest_first(self, limit: int, after: int) -> list[int]:
        return list(range((after or self.many + 1) - 1, 0, -1))[:limit]


BROKEN = Rows(broken=StorageError("the disk of the store does not answer"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Json]:
        document: dict[str, Json] = json.loads(self.body)
        return document


def call(target: str, *, views: Rows | None = None, method: str = "GET") -> Answer:
    """
    One request through the whole door, errors of the handler included.
    """
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 5240),
    }
    said: list[MutableMapping[str, object]] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, object]) -> None:
        said.append(message)

    with suppress(ArithmeticError):  # a bug is answered first, then raised for the log
        asyncio.run(control_door(views or Rows())(scope, receive, send))
    return _gathered(said)


def _gathered(said: Sequence[MutableMapping[str, object]]) -> Answer:
    start, *rest = said
    status, headers = start["status"], start["headers"]
    assert isinstance(status, int)
    assert isinstance(headers, list)
    bodies = [message.get("body", b"") for message in rest]
    return Answer(
        status,
        {name.decode(): value.decode() for name, value in headers},
        b"".join(body for body in bodies if isinstance(body, bytes)),
    )
