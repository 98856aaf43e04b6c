"""
Judge a clearsigned document: out comes the text that the verifier took as signed, or an error.

The exit code of a verifier proves nothing (an expired key exits 0, a second signature by a foreign key
exits 2), so only its status lines are read. Text around the armour is dropped unread; a second armour
is refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tundish.core.errors import BadSignature, Expired, TrustError, UnknownSigner, Unsigned
from tundish.core.payload import Payload, Signature
from tundish.trust.protocols import Verifier

_HEADER = b"-----BEGIN PGP SIGNED MESSAGE-----"
_ARMOUR = re.compile(rb"^-----BEGIN PGP [A-Z ,0-9/]+-----", re.MULTILINE)
_EXPECTED = [_HEADER, b"-----BEGIN PGP SIGNATURE-----"]

_FATAL = frozenset({"BADSIG", "ERROR", "NODATA", "UNEXPECTED"})
_VERDICTS = frozenset({"GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "ERRSIG", "NO_PUBKEY"})
_LAPSED = {
    "EXPSIG": "its signature has expired; the source must sign it anew",
    "EXPKEYSIG": "the key that signed it has expired; get the source's present keyring",
    "REVKEYSIG": "the key that signed it was revoked; get the source's present keyring",
}
_STRONG_HASHES = frozenset({"8", "9", "10", "11"})  # RFC 4880 §9.4: SHA256, SHA384, SHA512, SHA224
_CLOCK_SKEW = timedelta(days=1)  # machines on bare metal start with wrong clocks
_MAX_SIGNATURES = 16


def verify(
    document: bytes,
    *,
    keyring: bytes,
    verifier: Verifier,
    now: datetime,
    origin: str,
    allowed: frozenset[str] = frozenset(),
) -> Payload:
    """
    The signed text of a document. `allowed` narrows the keyring to some fingerprints.

    Raises:
        Unsigned: it is no clearsigned message.
        BadSignature: the text was changed, or the message is not exactly one signed text.
        UnknownSigner: signed, but not by a key of the keyring that is allowed.
        Expired: the signature or its key is no longer valid.
        ToolFailed: the verifier could not run.
    """
    inspection = verifier.inspect(_armoured(document, origin), keyring)
    signature = judge(inspection.status, now=now, origin=origin, allowed=allowed)
    return Payload(inspection.text, signature, origin)


def judge(
    status: Sequence[str], *, now: datetime, origin: str, allowed: frozenset[str] = frozenset()
) -> Signature:
    """
    The one good signature that the status lines report.

    Raises:
        BadSignature, UnknownSigner, Expired: there is none.
    """
    words = [line.split(" ", 1)[0] for line in status]
    if broken := _FATAL.intersection(words):
        raise BadSignature(
            f"{origin}: the signature does not fit the text ({', '.join(sorted(broken))}); "
            "nothing of it was used; fetch it again, and if it stays so tell the source's owner"
        )
    if words.count("PLAINTEXT") != 1:
        raise BadSignature(f"{origin}: {words.count('PLAINTEXT')} signed texts in one file; one is allowed")
    groups = list(_groups(status))
    if len(groups) > _MAX_SIGNATURES:
        raise BadSignature(f"{origin}: {len(groups)} signatures; at most {_MAX_SIGNATURES} are looked at")
    good = [found for group in groups if (found := group.good()) is not None]
    believed = [
        each for each in good if not allowed or allowed.intersection({each.fingerprint, each.primary})
    ]
    if not believed:
        raise _refusal(groups, good, origin)
    return _timely(believed[0], now, origin)


def _armoured(document: bytes, origin: str) -> bytes:
    """
    The document from its armour on, after a look at how many messages it holds.

    A verifier that never sees another kind of message can hand out no more bytes than came in.
    """
    headers = list(_ARMOUR.finditer(document))
    if not any(found.group() == _HEADER for found in headers):
        raise Unsigned(
            f"{origin} is not signed, but the source is set to signed; "
            "check its URL, or set the source to unsigned if you accept that anybody may change it"
        )
    if _EXPECTED != [found.group() for found in headers]:
        raise BadSignature(
            f"{origin}: not exactly one signed text with its signature "
            f"({len(headers)} armour headers); fetch it again, and if it stays so tell the source's owner"
        )
    return document[headers[0].start() :]


@dataclass(frozen=True, slots=True)
class _Group:
    """
    What the verifier said of one signature, from its NEWSIG on.
    """

    lines: tuple[tuple[str, ...], ...]

    @property
    def verdicts(self) -> frozenset[str]:
        return _VERDICTS.intersection(line[0] for line in self.lines)

    def good(self) -> Signature | None:
        """
        The signature, if it is good, valid and made with a hash that still holds.
        """
        valid = [line for line in self.lines if line[0] == "VALIDSIG"]
        if self.verdicts != {"GOODSIG"} or len(valid) != 1 or len(valid[0]) < 11:
            return None
        _, fingerprint, _, made, expires, _, _, _, algorithm, _, primary = valid[0][:11]
        if algorithm not in _STRONG_HASHES:
            return None
        return Signature(
            fingerprint=fingerprint.upper(),
            primary=primary.upper(),
            made_at=_moment(made),
            expires_at=None if expires == "0" else _moment(expires),
        )


def _groups(status: Sequence[str]) -> Iterator[_Group]:
    lines: list[tuple[str, ...]] | None = None
    for line in status:
        words = tuple(line.split(" "))
        if words[0] == "NEWSIG":
            if lines is not None:
                yield _Group(tuple(lines))
            lines = []
        elif lines is not None:
            lines.append(words)
    if lines is not None:
        yield _Group(tuple(lines))


def _moment(text: str) -> datetime:
    """
    A time of a status line: seconds since 1970, or ISO 8601 in basic form.

    Raises:
        BadSignature: it is neither.
    """
    try:
        if "T" in text:
            return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadSignature(
            f"the verifier gives {text[:40]!r} as a time of a signature; nothing of it was used; "
            "look at the document with gpgv"
        ) from None


def _refusal(groups: Sequence[_Group], good: Sequence[Signature], origin: str) -> TrustError:
    if good:
        names = ", ".join(each.primary for each in good)
        return UnknownSigner(
            f"{origin} is signed by {names}, which is not among the keys allowed for it; check the URL, or "
            "allow this key, too, with --signer"
        )
    for group in groups:
        for verdict, why in _LAPSED.items():
            if verdict in group.verdicts:
                return Expired(f"{origin}: {why}")
    if any("GOODSIG" in group.verdicts for group in groups):
        return BadSignature(
            f"{origin}: its signature uses a hash that can be forged; SHA256 or more is asked for"
        )
    if any("NO_PUBKEY" in group.verdicts for group in groups):
        names = ", ".join(sorted(_key_ids(groups)))
        return UnknownSigner(
            f"{origin} is signed by key {names}, which is not in the source's keyring; "
            "check the URL, or add the key if the source has a new one"
        )
    return BadSignature(f"{origin}: its signature cannot be checked; tell the source's owner")


def _key_ids(groups: Sequence[_Group]) -> set[str]:
    return {line[1] for group in groups for line in group.lines if line[0] == "NO_PUBKEY" and len(line) > 1}


def _timely(signature: Signature, now: datetime, origin: str) -> Signature:
    if signature.expires_at is not None and signature.expires_at <= now:
        raise Expired(
            f"{origin}: its signature expired on {signature.expires_at:%Y-%m-%d}; it must be signed anew"
        )
    if signature.made_at > now + _CLOCK_SKEW:
        raise BadSignature(
            f"{origin}: signed on {signature.made_at:%Y-%m-%d}, which is in the future; "
            "check this machine's clock"
        )
    return signature
