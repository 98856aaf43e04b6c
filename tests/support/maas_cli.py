"""
Requests as MAAS's clients put them on the wire, byte by byte, written from what was seen of them.

`Cli` sends what the `maas` command sends: parts in base64, a boundary in quotes, a fresh signature for each
request. `Go` sends what gomaasclient and with it the Terraform provider sends.
"""

import base64
import hashlib
import http.client
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

PIECE = 4 * 1024 * 1024
API = "/MAAS/api/2.0/"
BOUNDARY = "===============2837157522475240114=="


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    base: str, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Reply:
    """
    One request on a connection of its own.
    """
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        sent = body if method in {"POST", "PUT"} or body else None
        connection.request(method, target, body=sent, headers=dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


def signature(key: str, *, nonce: str = "", at: int | None = None, realm: str = "") -> str:
    """
    The header of a request signed with a key of three parts.
    """
    consumer, token, secret = key.split(":")
    said = {
        "oauth_nonce": nonce or uuid.uuid4().hex,
        "oauth_timestamp": str(int(time.time()) if at is None else at),
        "oauth_version": "1.0",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_consumer_key": consumer,
        "oauth_token": token,
        "oauth_signature": f"%26{quote(secret)}",
    }
    listed = [f'{name}="{value}"' for name, value in said.items()]
    return "OAuth " + ", ".join([f'realm="{realm}"'] * bool(realm) + listed)


def part(name: str, value: bytes, *, is_file: bool = False) -> bytes:
    """
    One field as the command sends it; `keyring_data@=file` is one with a filename.
    """
    shown = f'name="{name}"; filename="{name}"' if is_file else f'name="{name}"'
    kind = "application/octet-stream" if is_file else 'text/plain; charset="utf-8"'
    head = (
        "Content-Transfer-Encoding: base64\n"
        f"Content-Disposition: form-data; {shown}\n"
        "MIME-Version: 1.0\n"
        f"Content-Type: {kind}\n\n"
    )
    return head.replace("\n", "\r\n").encode() + base64.encodebytes(value).replace(b"\n", b"\r\n") + b"\r\n"


def multipart(parts: Sequence[bytes]) -> tuple[dict[str, str], bytes]:
    line = f"--{BOUNDARY}".encode()
    body = b"".join(line + b"\r\n" + each for each in parts or (b"\r\n",)) + line + b"--"
    headers = {
        "Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"',
        "MIME-Version": "1.0",
        "Content-Length": str(len(body)),
    }
    return headers, body


@dataclass
class Cli:
    """
    A profile of the `maas` command: `do("boot-sources", "read")`, with `name=value` and `name@=file` words.
    """

    url: str  # of the server, without a path
    key: str
    described: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def login(cls, url: str, key: str) -> "Cli":
        """
        As `maas login PROFILE URL KEY`: whoami, then describe.
        """
        found = cls(url, key)
        seen = found.send("GET", "users/?op=whoami")
        assert seen.status == 200, seen.text
        described = ask(url, "GET", f"{API}describe/")
        assert described.headers["content-type"] == "application/json"
        return cls(url, key, described.json)

    def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        signed = {"Authorization": signature(self.key), **(headers or {})}
        return ask(self.url, method, f"{API}{target}", headers=signed, body=body)

    def do(self, noun: str, verb: str, *words: str) -> Reply:
        """
        A command as it is typed behind the profile: `boot-source update 1 url=...`.
        """
        handler = self._handler(noun)
        action = next(each for each in handler["actions"] if each["name"].replace("_", "-") == verb)
        names = handler["params"]
        given, data = words[: len(names)], words[len(names) :]
        if data and action["name"] != "import" and noun != "boot-resources":
            assert ":param" in action["doc"].partition("\n\n")[2], f"{noun} {verb} takes no data"
        path = handler["path"].format(**dict(zip(names, given, strict=True)))
        path = path.removeprefix(API)
        if (noun, verb) == ("boot-resources", "create"):
            return self._upload(path, data)
        query = f"op={action['op']}" if action["op"] else ""
        if action["method"] in {"GET", "DELETE"}:
            pairs = [(name, value) for name, _, value in (word.partition("=") for word in data)]
            query = "&".join(filter(None, (query, urlencode(pairs))))
            return self.send(action["method"], f"{path}?{query}" if query else path)
        headers, body = multipart([_part_of(word) for word in data])
        return self.send(action["method"], f"{path}?{query}" if query else path, body, headers)

    def _handler(self, noun: str) -> Any:
        camel = "".join(word.capitalize() for word in noun.split("-")) + "Handler"
        named = [each["auth"] or each["anon"] for each in self.described["resources"]]
        return next(each for each in named if each["name"] == camel)

    def _upload(self, path: str, words: Sequence[str]) -> Reply:
        """
        The special uploader: the form with size and digest, then pieces, each in a request of its own.
        """
        content = next((word.partition("@=")[2] for word in words if word.startswith("content@=")), "")
        data = Path(content).read_bytes()
        fields = dict(word.split("=", 1) for word in words if "@=" not in word)
        fields |= {"size": str(len(data)), "sha256": hashlib.sha256(data).hexdigest()}
        headers, body = multipart([part(name, fields[name].encode()) for name in sorted(fields)])
        begun = self.send("POST", path, body, headers)
        if begun.status // 100 != 2:
            return begun
        sets = begun.json["sets"]
        (file,) = sets[max(sets)]["files"].values()
        if file["complete"]:
            return begun
        target = urlsplit(urljoin(f"{self.url}{API}{path}", file["upload_uri"])).path.removeprefix(API)
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            kind = {"Content-Type": "application/octet-stream", "Content-Length": str(len(piece))}
            sent = self.send("PUT", target, piece, kind)
            if sent.status != 200:
                return sent
        return begun


def _part_of(word: str) -> bytes:
    name, equals, value = word.partition("=")
    if name.endswith("@") and equals:
        return part(name[:-1], Path(value).read_bytes(), is_file=True)
    return part(name, value.encode())


@dataclass
class Go:
    """
    gomaasclient: always an `op` on POST, urlencoded bodies, a realm in front, one connection a request.
    """

    url: str
    key: str

    def send(self, method: str, path: str, fields: Sequence[tuple[str, str]] = (), op: str = "") -> Reply:
        query = f"?op={op}" if method == "POST" else ("?" + urlencode(fields) if fields else "")
        headers = {
            "Authorization": signature(self.key, realm="MAAS API"),
            "Connection": "close",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode(fields).encode() if method in {"POST", "PUT"} else b""
        return ask(self.url, method, f"{API}{path}{query}", headers=headers, body=body)
