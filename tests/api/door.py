"""
The control door over a real state with two images, called in process: request in, whole answer out.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.region import DAY
from tundish.access import keys
from tundish.access.admission import Admission, admission
from tundish.access.passwords import Passwords
from tundish.api.routes import ControlDoor, control_door
from tundish.app.opened import App, open_app
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.image import Item, Json, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.people import EVERYTHING, Grant, Role, Token, User
from tundish.settings import load

WEAK = Passwords(passes=1, kib=8, lanes=1)
SOURCE = SourceName("lab")
ROOT = b"a root filesystem"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Json]:
        document: dict[str, Json] = json.loads(self.body)
        return document

    def items(self) -> list[dict[str, Json]]:
        found = self.document["items"]
        assert isinstance(found, list)
        return [each for each in found if isinstance(each, dict)]


@dataclass
class Door:
    """
    `token` is that of an admin called ann; `as_` has the token of somebody else.
    """

    app: App
    admission: Admission
    door: ControlDoor
    token: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        given = {"host": "127.0.0.1", "content-length": str(len(content)), **(headers or {})}
        if body is not None or raw is not None:
            given.setdefault("content-type", "application/json")
        bearer = self.token if token is None else token
        if bearer:
            given.setdefault("authorization", f"Bearer {bearer}")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 5240),
        }
        said: list[MutableMapping[str, object]] = []

        bodies = [content]

        async def receive() -> MutableMapping[str, object]:
            if not bodies:
                await asyncio.Event().wait()  # the client stays
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}

        async def send(message: MutableMapping[str, object]) -> None:
            said.append(message)

        with suppress(ArithmeticError):  # a bug is answered first, then raised for the log
            asyncio.run(self.door(scope, receive, send))
        return _gathered(said)

    def get(self, target: str, **more: str | None) -> Answer:
        return self.call("GET", f"/api/v1/{target}", token=more.get("token"))

    def as_(self, name: str, *grants: Grant) -> str:
        """
        The token of a user with these grants.
        """
        if name not in self.tokens:
            user = User(name, "", grants, enabled=True, made_at=DAY, has_password=False)
            self.app.catalog.users.add(user, "")
            made = keys.bearer()
            token = Token(made.public, name, "test", "bearer", "", (), clock.now(), None, None)
            self.app.catalog.tokens.add(token, keys.digest(made.secret))
            self.tokens[name] = made.text
        return self.tokens[name]


def product(series: str) -> Product:
    return Product(
        ProductName(f"net.example:{series}"),
        ContentId("net.example:v3:download"),
        "debian",
        series,
        "amd64",
        "stable",
        "generic",
        f"Debian {series}",
        (),
    )


@contextmanager
def opened(state: Path) -> Iterator[Door]:
    """
    Two images of Debian, complete and held; a stream nearby that nobody knows yet.
    """
    with open_app(load({}, root=False, state=state, cache=state / "cache")) as app:
        with app.store.ingest(Digest.of(ROOT), len(ROOT)) as coming:
            coming.write(ROOT)
            coming.commit()
        for series in ("bookworm", "trixie"):
            file = Item(ItemName("root"), "squashfs", ItemPath(f"{series}/root"), len(ROOT), Digest.of(ROOT))
            versions = [Version(VersionName(f"2026050{number}"), (file,)) for number in (3, 4)]
            app.catalog.images.record(SOURCE, product(series), versions, State.COMPLETE, DAY)
        gate = admission(app.catalog, state / "keys", clock.now, WEAK)
        door = Door(app, gate, control_door(app, gate))
        door.token = door.as_("ann", *EVERYTHING)
        yield door


def viewer(door: Door) -> str:
    return door.as_("vic", Grant(Role.VIEWER))


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
