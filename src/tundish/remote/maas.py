"""
A region of MAAS that is brought an image through its API, as its own command line does: a form with size and
digest, then pieces. MAAS appends whatever comes and cannot go on with an upload, so nothing is sent twice.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlencode, urljoin, urlsplit

from oauthlib.oauth1 import SIGNATURE_PLAINTEXT, Client

from tundish.core.digest import Digest
from tundish.core.errors import (
    BadDocument,
    BadStatus,
    Conflict,
    InputError,
    StorageError,
    Unauthorised,
    UpstreamError,
)
from tundish.fetch.sending import Sender, Sent
from tundish.remote.server import Sending

API, UPLOADS = "/api/2.0/", "/api/2.0/boot-resources/"
PIECE = 4 * 1024 * 1024  # bytes; MAAS refuses bodies of more than 10 MB
LIMIT = 4 * 1024 * 1024  # bytes of one answer
SAID = 400  # characters of an answer that an error quotes
_FORM = "application/x-www-form-urlencoded"
_PART = re.compile(r"[!-9;-~]{1,255}")
_NO_RESUME = "MAAS cannot go on with an upload: delete what it has of it there, and push again"


@dataclass(frozen=True, slots=True)
class Key:
    """
    What MAAS calls an API key.
    """

    consumer: str
    token: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """
    An image as MAAS is told of it.
    """

    name: str
    arch: str  # amd64/generic
    filetype: str
    size: int
    sha256: Digest
    title: str = ""
    base_image: str = ""
    keep_old: bool = True


@dataclass(frozen=True, slots=True)
class Pushed:
    """
    `sent` is 0 where MAAS held the bytes already. `resource` is MAAS's number.
    """

    resource: int
    version: str
    sent: int


@dataclass(frozen=True, slots=True)
class Region:
    """
    `url` is the base, as `region_url` makes it.
    """

    url: str
    key: Key
    sender: Sending = field(repr=False)

    def push(self, offer: Offer, opened: Callable[[], BinaryIO], heard: Callable[[int, int], None]) -> Pushed:
        """
        Bring an image, unless the region has its bytes; `heard` is told how many of how many are sent.

        Raises:
            Unauthorised: it does not know the key.
            InputError, Conflict, StorageError: it refuses; the message is its own.
            UpstreamError: it does not answer, or not as MAAS does.
        """
        begun = self._begun(offer)
        if begun.target is None:
            return Pushed(begun.resource, begun.version, 0)
        sent = 0
        try:
            with opened() as content:
                for piece in _pieces(content):
                    self._must_take(self._asked("PUT", begun.target, piece, "application/octet-stream"), 200)
                    sent += len(piece)
                    heard(sent, offer.size)
        except UpstreamError as error:
            raise UpstreamError(
                f"{error}; {sent} of {offer.size} bytes were sent. {_NO_RESUME} (boot resource "
                f"{begun.resource}, version {begun.version})",
                url=self.url,
            ) from error
        return Pushed(begun.resource, begun.version, sent)

    def _begun(self, offer: Offer) -> "_Begun":
        fields = {
            "name": offer.name,
            "architecture": offer.arch,
            "filetype": offer.filetype,
            "size": str(offer.size),
            "sha256": offer.sha256.hex,
            "title": offer.title,
            "base_image": offer.base_image,
            "keep_old": "true" if offer.keep_old else "",
        }
        form = urlencode({name: value for name, value in fields.items() if value}).encode()
        answer = self._asked("POST", f"{self.url}{UPLOADS}", form, _FORM)
        self._must_take(answer, 201)
        return self._read(answer, offer.sha256)

    def _read(self, answer: Sent, sha256: Digest) -> "_Begun":
        """
        Where the bytes go, by the file that has our digest; MAAS's clients take the newest set, whose name
        sorts wrongly from the eleventh of a day on.
        """
        try:
            said = json.loads(answer.body)
            found = [
                _Begun(int(said["id"]), str(version), None if file["complete"] else str(file["upload_uri"]))
                for version, held in dict(said["sets"]).items()
                for file in dict(held["files"]).values()
                if file["sha256"] == sha256.hex
            ]
        except (ValueError, KeyError, TypeError):
            raise self._no_region("an answer without what was uploaded") from None
        if not found:
            raise self._no_region("an upload of other bytes")
        begun = max(found, key=lambda each: (each.target is not None, each.version))
        if begun.target is None:
            return begun
        target = urljoin(f"{self.url}{UPLOADS}", begun.target)
        if urlsplit(target)[:2] != urlsplit(self.url)[:2]:  # the key goes nowhere else
            raise self._no_region(f"an upload at {urlsplit(target).netloc[:80]!r}")
        return _Begun(begun.resource, begun.version, target)

    def _asked(self, method: str, target: str, body: bytes, kind: str) -> Sent:
        key = self.key
        client = Client(
            key.consumer,
            resource_owner_key=key.token,
            resource_owner_secret=key.secret,
            signature_method=SIGNATURE_PLAINTEXT,
        )
        headers: dict[str, str] = client.sign(target, method)[1]
        said = {
            **headers,
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Accept": "application/json",
        }
        return self.sender.send(method, target, headers=said, body=body, limit=LIMIT)

    def _must_take(self, answer: Sent, status: int) -> None:
        if answer.status == status:
            return
        text = " ".join(answer.body.decode("utf-8", "replace").split())[:SAID]
        words = f"MAAS at {self.url} answers {answer.status}: {text}"
        if answer.status == 401:
            raise Unauthorised(f"{words}; give a key as `maas apikey --username NAME` prints it")
        if answer.status in {400, 403, 413}:
            raise InputError(words)
        if answer.status == 409:
            raise Conflict(words)
        if answer.status == 507:
            raise StorageError(words)
        raise BadStatus(words, url=self.url, status=answer.status)

    def _no_region(self, what: str) -> BadDocument:
        return BadDocument(f"{self.url} answers with {what}; is it a region of MAAS?", url=self.url)


@dataclass(frozen=True, slots=True)
class _Begun:
    resource: int
    version: str
    target: str | None  # None: it is complete


@contextmanager
def opened_region(
    place: str, key: Key, *, http_proxy: str | None = None, no_proxy: tuple[str, ...] = ()
) -> Iterator[Region]:
    """
    The region with this base, and a way out to it that is let go in the end.
    """
    sender = Sender(http_proxy=http_proxy, no_proxy=no_proxy)
    try:
        yield Region(place, key, sender)
    finally:
        sender.close()


def region_url(text: str) -> str:
    """
    The base of a region's API, from what people paste: with or without `/MAAS` and what stands behind it.

    Raises:
        InputError: it is no address of a server.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise InputError(f"{text[:80]!r} is no address of a region; give one like http://maas.lab:5240/MAAS")
    path = re.sub(r"(/api(/2\.0)?|/[rl])?/*$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{path or '/MAAS'}"


def key_of(text: str) -> Key:
    """
    An API key in its three parts.

    Raises:
        InputError: it is none. The text is not shown.
    """
    parts = text.strip().split(":")
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise InputError("that is no API key of MAAS: three parts with colons, as `maas apikey` prints it")
    return Key(*parts)


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    while piece := content.read(PIECE):
        yield piece
