"""
The words of tus 1.0.0, a protocol of uploads that go on where they broke off: its headers, read and written.
Pure.
"""

import base64
import binascii
from collections.abc import Mapping
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
    "Tus-Extension": "creation,expiration,termination",
    "Tus-Max-Size": str(MOST_BYTES),
}
MOST_METADATA = 8 * 1024  # characters
_NUMBERS = frozenset({"min_disk"})


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
