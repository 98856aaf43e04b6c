"""
What comes before trust: armour, status lines of the verifier, keyrings.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

from fuzz.documents import DAY, FOOTER, GOOD, HEADER, SIGNER
from fuzz.target import target
from tundish.core.errors import InputError, TrustError
from tundish.core.payload import Inspection
from tundish.tools.gpg import status_lines
from tundish.trust import clearsign, expiry, keyring

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Believer:
    """
    A Verifier that takes whatever stands between the armour for signed by somebody good.
    """

    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        assert document.startswith(HEADER[:34])
        del keyring  # whoever signed is believed
        text = document.partition(b"\n\n")[2].partition(FOOTER[:30])[0]
        return Inspection(text, GOOD)


@target(
    TrustError,
    seeds=lambda: (HEADER + b"hello\n- - dashed\n" + FOOTER, b"before\n" + HEADER + FOOTER + b"after"),
    words=(HEADER, FOOTER, b"-----BEGIN PGP MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----", b"\n", b"\r"),
)
def clearsigned(data: bytes) -> None:
    """
    A document has exactly one armour with its signature, or is refused before any verifier sees it.
    """
    clearsign.verify(data, keyring=b"", verifier=Believer(), now=_NOW, origin="fuzz")


def _statuses() -> Iterator[bytes]:
    yield "\n".join(f"[GNUPG:] {line}" for line in GOOD).encode()
    yield b"[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG A 1 8 00 1 9\n[GNUPG:] NO_PUBKEY A\n[GNUPG:] PLAINTEXT 62 0\n"
    yield b"[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG A b\n[GNUPG:] PLAINTEXT 62 0\n[GNUPG:] KEYEXPIRED 1\n"
    yield "\n".join(f"[GNUPG:] {line}" for line in GOOD).replace("1767225600 0", "20260101T000000 1").encode()


@target(
    TrustError,
    seeds=_statuses,
    words=(
        b"[GNUPG:] ",
        b"NEWSIG",
        b"GOODSIG",
        b"VALIDSIG",
        b"PLAINTEXT",
        b"BADSIG",
        b"EXPSIG",
        b"NO_PUBKEY",
    ),
)
def gpg_status(data: bytes) -> None:
    """
    Status lines name one good signature, or none.
    """
    found = clearsign.judge(tuple(status_lines(data)), now=_NOW, origin="fuzz", allowed=frozenset({SIGNER}))
    assert SIGNER in {found.fingerprint, found.primary}


def _keyrings() -> Iterator[bytes]:
    key = b"\x04" + int(DAY.timestamp()).to_bytes(4, "big") + b"\x16" + b"k" * 40
    body = b"\x04\x13\x16\x0a\x00\x0b\x05\x02" + b"\x6a" * 4 + b"\x05\x09\x00\x01\x00\x00"
    signature = body + b"\x00\x0a\x09\x10" + b"i" * 8 + b"\x00\x00"
    packets = b"".join(
        bytes([0xC0 | tag, len(each)]) + each for tag, each in ((6, key), (13, b"me"), (2, signature))
    )
    yield packets
    yield b"\x98" + bytes([len(key)]) + key  # a packet of the old form
    armour = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%b\n-----END PGP PUBLIC KEY BLOCK-----\n"
    yield armour % base64.b64encode(packets)
    yield base64.b64encode(armour % base64.b64encode(packets))


@target(
    InputError, seeds=_keyrings, words=(b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"\xc6\xff", b"\xc2", b"=")
)
def keyrings(data: bytes) -> None:
    """
    A keyring in any form becomes packets that come out as they went in, or is refused.
    """
    found = keyring.normalise(data)
    assert found == keyring.normalise(found)
    keyring.fingerprints(found)
    expiry.expiries(found)
