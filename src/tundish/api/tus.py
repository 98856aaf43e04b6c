"""
The words of tus 1.0.0, a protocol of uploads that go on where they broke off: its headers, read and written.
Pure.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from tundish.core.errors import InputError
from tundish.core.upload import MOST_BYTES

VERSION = "1.0.0"
BODY = "application/offset+octet-stream"
ALWAYS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
OFFER = {
    **ALWAYS,
    "Tus-Version": VERSION,
    "Tus-Extension": "checksum,creation,creation-defer-length,creation-with-upload,expiration,termination",
    "Tus-Checksum-Algorithm": "sha1,sha256",
    "Tus-Max-Size": str(MOST_BYTES),
}
LATER = {"Upload-Defer-Length": "1"}  # how long it is, is said with a piece
DIGESTS = {"sha1": 20, "sha256": 32}  # bytes
MOST_METADATA = 8 * 1024  # characters
_NUMBERS = frozenset({"min_disk"})


@dataclass(frozen=True, slots=True)
class Checksum:
    """
    What a piece must have.
    """

    algorithm: str
    digest: bytes

    def is_of(self, chunks: Iterable[bytes]) -> bool:
        seen = hashlib.new(self.algorithm, usedforsecurity=False)
        for chunk in chunks:
            seen.update(chunk)
        return seen.digest() == self.digest


def checksum(header: str) -> Checksum | None:
    """
    What an Upload-Checksum says; None where there is none.

    Raises:
        InputError: it is malformed, or of an algorithm that is not known.
    """
    if not header:
        return None
    algorithm, _, packed = header.partition(" ")
    if algorithm not in DIGESTS:
        raise InputError(f"Upload-Checksum by {algorithm[:20]!r} is not known here; {' or '.join(DIGESTS)}")
    try:
        digest = base64.b64decode(packed, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != DIGESTS[algorithm]:
        raise InputError(f"Upload-Checksum is no digest of {algorithm} in base64")
    return Checksum(algorithm, digest)


def length(header: str, later: str) -> int | None:
    """
    How many bytes are to come, by Upload-Length; None if Upload-Defer-Length says that this is said later.

    Raises:
        InputError: none of both, both, or one of them is malformed.
    """
    if not later:
        return count("Upload-Length", header)
    if later != LATER["Upload-Defer-Length"] or header:
        raise InputError("give Upload-Length, or Upload-Defer-Length: 1 if it is said later")
    return None


def metadata(header: str, known: frozenset[str]) -> Mapping[str, str | int]:
    """
    Pairs of a name and a text in base64, parted by commas. Names that are not known are left out: clients add
    their own. So is a filetype that is a media type.

    Raises:
        InputError: it is malformed.
    """
    if len(header) > MOST_METADATA:
        raise InputError(f"Upload-Metadata has {len(header)} characters; {MOST_METADATA} at most")
    found: dict[str, str | int] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        name, _, packed = pair.partition(" ")
        if name in known:
            found[name] = _text(name, packed)
    if "/" in str(found.get("filetype", "")):
        del found["filetype"]
    return found


def count(name: str, text: str) -> int:
    """
    A number of bytes, as a header says it.

    Raises:
        InputError: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"{name} {text[:40]!r} is no number of bytes")
    return int(text)


def expires(at: datetime) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(at, usegmt=True)}


def _text(name: str, packed: str) -> str | int:
    try:
        text = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InputError(f"{name} in Upload-Metadata is not a text in base64") from None
    return count(name, text) if name in _NUMBERS else text
