"""
Verified bytes: the only thing a parser takes.

There are three ways to make one: `trust.clearsign.verify`; `vouched`, for bytes that such a document names
by their digest; and `unverified`, which a source that was explicitly set to unsigned goes through and
which says so for ever.
"""

from dataclasses import dataclass
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.errors import DigestMismatch


@dataclass(frozen=True, slots=True)
class Signature:
    """
    Who signed and when, as the verifier reported it.
    """

    fingerprint: str  # of the key that signed, upper-case hex
    primary: str  # of its primary key
    made_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """
    What a verifier said of a document: the text it took as signed, and its status lines.

    The text may be anything until `clearsign.judge` has read the status.
    """

    text: bytes
    status: tuple[str, ...]  # without the leading "[GNUPG:] "


@dataclass(frozen=True, slots=True)
class Payload:
    """
    The text of a document, and who vouches for it (None: nobody, the source is set to unsigned).
    """

    text: bytes
    signature: Signature | None
    origin: str  # where it came from, for messages

    @property
    def digest(self) -> Digest:
        return Digest.of(self.text)


def unverified(text: bytes, origin: str) -> Payload:
    """
    Let bytes in that nobody vouches for. Only for a source whose settings say unsigned.
    """
    return Payload(text, None, origin)


def vouched(text: bytes, digest: Digest, by: Payload, origin: str) -> Payload:
    """
    Bytes that a verified document names by their digest: who signed it vouches for them too.

    Raises:
        DigestMismatch: they are other bytes.
    """
    if Digest.of(text) != digest:
        raise DigestMismatch(digest, Digest.of(text), origin)
    return Payload(text, by.signature, origin)
