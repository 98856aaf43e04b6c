"""
Signing keys for tests: made once per process, on first use, and gone with it.

Every key is "made" in 2020, so that a test can sign as of any day since.
"""

import atexit
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tundish.tools.gpg import GpgSigner, generate_key
from tundish.tools.run import run

MADE_AT = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    secret: Path
    fingerprint: str

    @property
    def keyring(self) -> bytes:
        return _keyring(self)

    def signer(self, *, expires_days: int | None = None, at: datetime | None = None) -> GpgSigner:
        return GpgSigner(self.secret, expires_days=expires_days, at=at)


@cache
def key(name: str = "good") -> Key:
    """
    The key of this name; another name is another key.
    """
    path = _folder() / f"{name}.key"
    return Key(path, generate_key(path, f"tundish test key {name}", at=MADE_AT))


@cache
def expired_key() -> Key:
    """
    A key that expired in 2020.
    """
    path = _folder() / "expired.key"
    return Key(path, generate_key(path, "tundish test key, expired", at=MADE_AT, valid_days=30))


@cache
def revoked_keyring(revoked: Key) -> bytes:
    """
    The keyring of a key, with its revocation.
    """
    with tempfile.TemporaryDirectory(prefix="tundish-", ignore_cleanup_errors=True) as home:
        _gpg(home, ["--import"], revoked.secret.read_bytes())
        talk = ["gpg", "--no-tty", "--quiet", "--homedir", home, "--output", "-", "--command-fd", "0"]
        dialogue = b"y\n1\n\ny\n"  # yes, compromised, no words, yes
        revocation = run([*talk, "--gen-revoke", revoked.fingerprint], stdin=dialogue, timeout=30).stdout
        _gpg(home, ["--import"], revocation)
        ring = _gpg(home, ["--export"])
        run(["gpgconf", "--kill", "all"], env={"GNUPGHOME": home}, timeout=30)
        return ring


def gpg_sign(text: bytes, keys: Sequence[Key], options: Sequence[str] = ("--clearsign",)) -> bytes:
    """
    What gpg makes of a text with any keys and options: the messages that our signer would never write.
    """
    with tempfile.TemporaryDirectory(prefix="tundish-", ignore_cleanup_errors=True) as home:
        for each in keys:
            _gpg(home, ["--import"], each.secret.read_bytes())
        users = [word for each in keys for word in ("--local-user", each.fingerprint)]
        message = _gpg(home, [*users, *options], text)
        run(["gpgconf", "--kill", "all"], env={"GNUPGHOME": home}, timeout=30)
        return message


@cache
def _keyring(of: Key) -> bytes:
    return of.signer().keyring()


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="tundish-keys-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _gpg(home: str, words: Sequence[str], stdin: bytes = b"") -> bytes:
    common = ["gpg", "--batch", "--no-tty", "--quiet", "--homedir", home, "--output", "-"]
    return run([*common, *words], stdin=stdin, timeout=30).stdout
