"""
The pages called in process: request in, whole answer out.
"""

import asyncio
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support.seeding import PASSWORD, Seeded
from tundish.web.door import page_door
from tundish.web.visit import SESSION


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Sequence[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> dict[str, str]:
        found: SimpleCookie = SimpleCookie()
        for name, value in self.headers:
            if name == "set-cookie":
                found.load(value)
        return {name: each.value for name, each in found.items()}


@dataclass
class Visitor:
    """
    Somebody with a browser of few words.
    """

    seeded: Seeded
    cookies: dict[str, str] = field(default_factory=dict)

    def log_in(self, name: str = "ada") -> "Visitor":
        self.post("/login", name=name, password=PASSWORD)
        return self

    @property
    def csrf(self) -> str:
        return self.seeded.admission.csrf(self.cookies.get(SESSION, ""))

    def get(self, path: str, **headers: str) -> Answer:
        return self._call("GET", path, b"", headers)

    def post(self, path: str, /, headers: dict[str, str] | None = None, **form: str | list[str]) -> Answer:
        body = urlencode({"csrf": self.csrf, **form}, doseq=True).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._call("POST", path, body, {**kind, **(headers or {})})

    def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        target, _, query = path.partition("?")
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {"host": "tundish.test", "cookie": jar, "accept": "text/html", **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()],
            "client": ("127.0.0.1", 1),
            "server": ("tundish.test", 80),
        }
        sent: list[MutableMapping[str, object]] = []

        async def receive() -> MutableMapping[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, object]) -> None:
            sent.append(message)

        asyncio.run(page_door(self.seeded.app, self.seeded.admission)(scope, receive, send))
        answer = _gathered(sent)
        self.cookies.update(answer.cookies)
        return answer


def _gathered(sent: Sequence[MutableMapping[str, object]]) -> Answer:
    start, *rest = sent
    status, headers = start["status"], start["headers"]
    assert isinstance(status, int)
    assert isinstance(headers, list)
    bodies = [message.get("body", b"") for message in rest]
    return Answer(
        status,
        [(name.decode(), value.decode()) for name, value in headers],
        b"".join(body for body in bodies if isinstance(body, bytes)).decode(),
    )
