"""
Passwords as argon2id. The parameters are those that RFC 9106 recommends second, for machines with little
memory to spare: 3 passes over 64 MiB.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from tundish.core.errors import Locked

_AT_ONCE = 2  # passwords that are tried side by side; each takes its memory
_PATIENCE = 10.0  # seconds


class Passwords:
    """
    Hash and compare. Safe to use from several threads.
    """

    def __init__(self, *, passes: int = 3, kib: int = 64 * 1024, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(passes, kib, lanes, type=Type.ID)
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def hashed(self, password: str) -> str:
        """
        Raises:
            Locked: too many at once.
        """
        with self._in_turn():
            return self._hasher.hash(password)

    def fits(self, password: str, hashed: str) -> bool:
        """
        Whether it is this password. An empty hash fits none, and takes as long.

        Raises:
            Locked: too many at once.
        """
        with self._in_turn():
            try:
                if not hashed:
                    self._hasher.hash(password)
                    return False
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False

    def is_dated(self, hashed: str) -> bool:
        """
        Whether it was made with other parameters than those of now.
        """
        return self._hasher.check_needs_rehash(hashed)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_PATIENCE):
            raise Locked("too many log in at this moment; try again in a few seconds", retry_after=5)
        try:
            yield
        finally:
            self._turn.release()
