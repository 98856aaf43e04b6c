"""
Another tundish, asked through its API. Whatever it answers is judged: errors become those they were made of.

A change is sent with a key, so it is done once, however often it had to be sent.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from tundish.core import errors
from tundish.core.errors import (
    BadDocument,
    InputError,
    Locked,
    TundishError,
    Unauthorised,
    Unreachable,
    UpstreamError,
)
from tundish.core.image import Json
from tundish.fetch.sending import Sent

PREFIX = "/api/v1"
LIMIT = 64 * 1024 * 1024  # bytes of one answer
MOST_PAGES = 100_000
TRIES = 3
_FAMILIES: dict[str, type[TundishError]] = {
    "InvalidName": InputError,
    "BlobMissing": errors.NotFound,
    "DigestMismatch": errors.IntegrityError,
    "SizeMismatch": errors.IntegrityError,
    "NoSpace": errors.StorageError,
}

Words: TypeAlias = Mapping[str, str | int | bool | Sequence[str] | None]
Document: TypeAlias = dict[str, Json]


class Sending(Protocol):
    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", limit: int
    ) -> Sent:
        """
        One request and its answer; see `fetch.sending`.
        """


class Pouring(Protocol):
    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] = b"",
        limit: int,
    ) -> Sent:
        """
        The same, with a body in pieces where that is wanted.
        """


@dataclass(frozen=True, slots=True)
class Server:
    """
    `url` is the base, without a path of ours; `token` is sent with every request.
    """

    url: str
    token: str = field(repr=False)
    sender: Pouring = field(repr=False)

    def get(self, path: str, **words: str | int | bool | Sequence[str] | None) -> Json:
        """
        What stands at a path below `/api/v1`.

        Raises:
            TundishError: what the server said; Unreachable and others if it said nothing.
        """
        return _json(self._answered("GET", self._place(path, words), {}, b""), self.url)

    def rows(self, path: str, *, most: int | None = None, **words: str | int | bool | None) -> list[Document]:
        """
        The rows of a list, page after page, at most so many.

        Raises:
            TundishError: as `get`.
        """
        found: list[Document] = []
        for page in self._pages(self._place(path, words)):
            found += page
            if most is not None and len(found) >= most:
                return found[:most]
        return found

    def send(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        once: bool = True,
        **words: str | int | bool | None,
    ) -> Json:
        """
        Ask for a change; the answer is what the server made of it. Without `once` it is sent without a key,
        as where a secret is in the answer, which the server would have to keep.

        Raises:
            TundishError: as `get`.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if method == "POST" and once:
            headers["Idempotency-Key"] = secrets.token_hex(16)
        text = b"" if body is None else json.dumps(body).encode()
        return _json(self._answered(method, self._place(path, words), headers, text), self.url)

    def pour(self, path: str, pieces: Iterable[bytes], *, first: int, size: int) -> Json:
        """
        Send the bytes of a file from `first` on, once.

        Raises:
            TundishError: as `get`.
        """
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size - first),
            "Content-Range": f"bytes {first}-{size - 1}/{size}",
        }
        found = self.sender.send("PUT", self._place(path, {}), headers=headers, body=pieces, limit=LIMIT)
        if found.status >= 400:
            raise error_of(found, self.url)
        return _json(found, self.url)

    def piece(self, path: str, first: int, end: int) -> bytes:
        """
        The bytes of a file from one place up to another.

        Raises:
            BadDocument: others came, or fewer.
            TundishError: as `get`.
        """
        span = {"Accept": "*/*", "Range": f"bytes={first}-{end - 1}"}
        found = self._answered("GET", self._place(path, {}), span, b"")
        is_whole = found.status == 200 and first == 0
        if (found.status != 206 and not is_whole) or len(found.body) != end - first:
            raise BadDocument(
                f"{self.url}: {len(found.body)} bytes came with status {found.status}, {end - first} of a "
                "file were asked for; run it again",
                url=self.url,
            )
        return found.body

    def document(self, path: str, **words: str | int | bool | Sequence[str] | None) -> bytes:
        """
        The bytes of what stands at a path.

        Raises:
            TundishError: as `get`.
        """
        return self._answered("GET", self._place(path, words), {"Accept": "*/*"}, b"").body

    def _pages(self, place: str) -> Iterator[list[Document]]:
        for _ in range(MOST_PAGES):
            page = record(_json(self._answered("GET", place, {}, b""), self.url))
            rows, more = page.get("items"), page.get("next")
            yield [record(row) for row in rows] if isinstance(rows, list) else []
            if not isinstance(more, str):
                return
            if not more.startswith(f"{PREFIX}/"):
                raise BadDocument(f"{self.url}: the next page is elsewhere: {more[:80]!r}", url=self.url)
            place = f"{self.url}{more}"
        raise BadDocument(f"{self.url}: a list without an end", url=self.url)

    def _place(self, path: str, words: Words) -> str:
        said = {key: _word(value) for key, value in words.items() if value is not None}
        query = urlencode(said, doseq=True)
        return f"{self.url}{PREFIX}{quote(path)}" + (f"?{query}" if query else "")

    def _answered(self, method: str, place: str, headers: Mapping[str, str], body: bytes) -> Sent:
        is_safe = method == "GET" or "Idempotency-Key" in headers
        held = {"Accept": "application/json", "Authorization": f"Bearer {self.token}", **headers}
        for attempt in range(TRIES):
            try:
                found = self.sender.send(method, place, headers=held, body=body, limit=LIMIT)
                break
            except Unreachable:
                if not is_safe or attempt == TRIES - 1:
                    raise
        if found.status >= 400:
            raise error_of(found, self.url)
        return found


def base(text: str) -> str:
    """
    The base of a server's address, as requests need it.

    Raises:
        InputError: it is none, or holds a password.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InputError("the address of the server is none; give http://HOST:PORT") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(f"{text[:80]!r} is no address of a server; give http://HOST:PORT")
    if parts.username or parts.password:
        raise InputError("the address of a server holds no password; give its token in a file instead")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(PREFIX)}"


def error_of(found: Sent, url: str) -> TundishError:
    """
    The error that a problem document was made of; for what is none, that the other side failed.
    """
    said = _problem(found)
    name, detail = str(said.get("error", "")), str(said.get("detail", ""))[:2000]
    text = "".join(sign if sign.isprintable() else " " for sign in detail)
    if found.status == 401:
        return Unauthorised(text or "the server does not know this token")
    if found.status == 429:
        wait = found.headers.get("retry-after", "")
        return Locked(text, retry_after=float(wait) if wait.isdecimal() and len(wait) < 8 else 1.0)
    kind = _kind(name)
    if kind is not None:
        return kind(text)
    return UpstreamError(f"{url}: HTTP {found.status}: {text or 'no reason given'}", url=url)


def record(value: Json) -> Document:
    """
    Raises:
        BadDocument: it is no object.
    """
    if not isinstance(value, dict):
        raise BadDocument("the server's answer is not of the form that was expected; is it a tundish?")
    return value


def _kind(name: str) -> type[TundishError] | None:
    """
    The error of a name, or its family where it is made of more than a message.
    """
    kind = _FAMILIES.get(name) or vars(errors).get(name)
    return kind if isinstance(kind, type) and issubclass(kind, TundishError) else None


def _problem(found: Sent) -> Document:
    try:
        said: Json = json.loads(found.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _json(found: Sent, url: str) -> Json:
    if not found.body:
        return None
    try:
        said: Json = json.loads(found.body)
    except (ValueError, RecursionError):
        raise BadDocument(f"{url}: the answer is no JSON; is it a tundish?", url=url) from None
    return said


def _word(value: str | int | bool | Sequence[str] | None) -> str | int | Sequence[str]:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value
