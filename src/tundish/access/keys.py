"""
Keys to the doors as text: a public half by which a token is found, and a secret one by which it is believed.

The secret halves have at least 128 random bits, so nobody guesses them and a plain sha256 is what is kept.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

_PREFIX = "td"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Key:
    """
    Both halves. `text` is what its owner is shown, once.
    """

    public: str
    secret: str = field(repr=False)
    consumer: str = ""

    @property
    def text(self) -> str:
        if self.consumer:
            return f"{self.consumer}:{self.public}:{self.secret}"
        return f"{_PREFIX}_{self.public}_{self.secret}"


def bearer() -> Key:
    return Key(secrets.token_hex(8), secrets.token_hex(32))


def maas() -> Key:
    """
    In MAAS's three parts, each as long as its own.
    """
    return Key(secrets.token_hex(9), secrets.token_hex(16), secrets.token_hex(9))


def parsed(text: str) -> Key | None:
    """
    The halves of a bearer or session text; None if it is none.
    """
    parts = text.split("_") if len(text) <= _LONGEST and text.isascii() else []
    if len(parts) != 3 or parts[0] != _PREFIX or not all(part.isalnum() for part in parts):
        return None
    return Key(parts[1], parts[2])


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def fits(secret: str, kept: str) -> bool:
    """
    Whether a secret has this sha256; how long that takes says nothing.
    """
    return hmac.compare_digest(digest(secret), kept)


def csrf(key: Key) -> str:
    """
    What forms of a session bring along, which a foreign page cannot know.
    """
    return hmac.new(key.secret.encode(), b"form", hashlib.sha256).hexdigest()
