"""
A signer and its verifier in one, without gpg: for tests that sign often, or as of a day of their own.

What it writes has the form of a clearsigned message and proves nothing; `tests/contract` has the real ones.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tundish.core.payload import Inspection

_MESSAGE = re.compile(
    rb"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n(?P<text>.*\n)"
    rb"-----BEGIN PGP SIGNATURE-----\n(?P<seal>[A-F0-9]{40}) (?P<made>\d+) "
    rb"(?P<end>\d+) (?P<sum>[a-f0-9]{64})\n"
    rb"-----END PGP SIGNATURE-----\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Seal:
    """
    Both protocols of `trust`; another name is another key.
    """

    now: Callable[[], datetime]
    name: str = "seal"
    days: int = 0

    @property
    def fingerprint(self) -> str:
        return hashlib.sha1(self.name.encode(), usedforsecurity=False).hexdigest().upper()

    def keyring(self) -> bytes:
        return self.fingerprint.encode()

    def expiring(self, days: int) -> "Seal":
        return replace(self, days=days)

    def session(self) -> AbstractContextManager[object]:
        return nullcontext()

    def clearsign(self, text: bytes) -> bytes:
        made = self.now()
        end = int((made + timedelta(days=self.days)).timestamp()) if self.days else 0
        facts = f"{self.fingerprint} {int(made.timestamp())} {end}"
        proof = hashlib.sha256(text + facts.encode()).hexdigest()
        return (
            b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
            + text
            + f"-----BEGIN PGP SIGNATURE-----\n{facts} {proof}\n-----END PGP SIGNATURE-----\n".encode()
        )

    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        found = _MESSAGE.fullmatch(document)
        if found is None:
            return Inspection(b"", ("NODATA 1",))
        text, key, made, end, proof = (found.group(name) for name in ("text", "seal", "made", "end", "sum"))
        if proof.decode() != hashlib.sha256(text + b" ".join((key, made, end))).hexdigest():
            return Inspection(text, ("NEWSIG", "PLAINTEXT 74 0", f"BADSIG {key.decode()}"))
        if key != keyring:
            return Inspection(text, ("NEWSIG", "PLAINTEXT 74 0", f"NO_PUBKEY {key.decode()}"))
        name = key.decode()
        valid = f"VALIDSIG {name} 2026-01-01 {made.decode()} {end.decode()} 4 0 22 10 01 {name}"
        return Inspection(text, ("NEWSIG", "PLAINTEXT 74 0", f"GOODSIG {name} test", valid))
