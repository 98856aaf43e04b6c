"""
TLS with a certificate that is given, looked at before it is used, and taken anew when its files change.

A renewal that is no good changes nothing: the old certificate stays, and the log says why.
"""

import logging
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tundish.core import clock
from tundish.core.errors import InputError, TundishError

LOG = logging.getLogger(__name__)
LARGEST = 1024 * 1024  # bytes of a file of certificates
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


@dataclass(slots=True)
class Tls:
    """
    What both doors may use; new connections get what was loaded last.
    """

    certificate: Path
    key: Path
    now: Callable[[], datetime] = clock.now
    context: ssl.SSLContext = field(init=False)
    _seen: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """
        Raises:
            InputError: a file is missing or no such thing, the key is another's, or the time is over.
        """
        self._seen, self.context = self._stamp(), _loaded(self.certificate, self.key, self.now())

    def look(self) -> None:
        """
        Load them anew if a file has changed.
        """
        if self._stamp() != self._seen:
            self.reload()

    def reload(self) -> None:
        """
        Load them anew; if they are no good, go on with what there is.
        """
        self._seen = self._stamp()
        try:
            _loaded(self.certificate, self.key, self.now())
            self.context.load_cert_chain(self.certificate, self.key)
        except (TundishError, OSError) as error:
            LOG.error("the certificate stays as it was: %s", error)  # noqa: TRY400 - the place says nothing
            return
        LOG.info("the certificate in %s was loaded anew", self.certificate)

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        stamps = []
        for path in (self.certificate, self.key):
            try:
                facts = path.stat()
            except OSError:
                stamps.append((0, 0))
            else:
                stamps.append((facts.st_mtime_ns, facts.st_ino))
        return tuple(stamps)


def _loaded(certificate: Path, key: Path, now: datetime) -> ssl.SSLContext:
    end = not_after(_first(certificate))
    if end <= now:
        raise InputError(f"the certificate in {certificate} has expired on {end:%Y-%m-%d}; renew it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_nobody_to_ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InputError(f"the key in {key} is not that of the certificate in {certificate}") from None
        raise InputError(f"{key} holds no private key that can be read: {error.reason or error}") from None
    except OSError as error:
        raise InputError(f"cannot read the key in {key}: {error.strerror}") from None
    return context


def _nobody_to_ask() -> str:
    raise InputError("the key of the certificate has a passphrase; give one without")


def _first(path: Path) -> bytes:
    """
    The first certificate in a file of PEM, as DER.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST).decode("ascii", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read the certificate in {path}: {error.strerror}") from None
    block = _BLOCK.search(text)
    try:
        if block is not None:
            return ssl.PEM_cert_to_DER_cert(block[0])
    except ValueError:
        pass
    raise InputError(
        f"{path} holds no certificate in PEM; give the server's first, then those that signed it"
    )


def not_after(der: bytes) -> datetime:
    """
    Until when a certificate counts (RFC 5280 §4.1.2.5).

    Raises:
        InputError: it is no certificate.
    """
    try:
        fields = _within(_within(_within(der)[0][1])[0][1])
        validity = fields[4 if fields[0][0] == 0xA0 else 3]
        kind, value = _within(validity[1])[1]
        text = value.decode("ascii")
        if kind == 0x17:  # UTCTime: two digits of the year, of 1950 to 2049
            text = ("19" if text[:2] >= "50" else "20") + text
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        raise InputError("this is no certificate: its dates cannot be read") from None


def _within(der: bytes) -> list[tuple[int, bytes]]:
    """
    Tag and content of each element within the first one, or of a content that is a list itself.
    """
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at : at + count], "big"), at + count
        if at + length > len(der):
            raise ValueError
        found.append((tag, der[at : at + length]))
        at += length
    return found
