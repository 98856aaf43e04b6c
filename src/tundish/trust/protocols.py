"""
What trust needs from the programs that do the cryptography. `tools.gpg` provides both.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from tundish.core.payload import Inspection


class Verifier(Protocol):
    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        """
        Look at a clearsigned document with the keys of a binary keyring.

        Raises:
            ToolFailed: the verifier itself could not run. A bad signature is not an error here.
        """


class Signer(Protocol):
    @property
    def fingerprint(self) -> str:
        """
        Of the key that signs, in upper-case hexadecimal.
        """

    def clearsign(self, text: bytes) -> bytes:
        """
        The text as a clearsigned message. The caller proves the result: see `trust.sign.signed`.

        Raises:
            ToolFailed: the signing program failed.
        """

    def expiring(self, days: int) -> "Signer":
        """
        The same key, with signatures that every client refuses after so many days; 0: never.
        """

    def session(self) -> AbstractContextManager[object]:
        """
        Signing several texts within one is faster; without, each takes the key in anew.
        """

    def keyring(self) -> bytes:
        """
        The public key, as a binary keyring for those who read what we sign.
        """
