"""
A throw-away signing key, in a folder of its own, gone with the context.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWNER = "tundish benchmark"
GPG_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Key:
    home: Path

    def clearsign(self, text: bytes) -> bytes:
        return self.gpg("--clearsign", "--digest-algo", "SHA512", stdin=text)

    def keyring(self) -> bytes:
        """
        The public key, in the form that gpgv reads.
        """
        return self.gpg("--export", OWNER)

    def gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--no-tty", *arguments]
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            check=True,
            timeout=GPG_TIMEOUT,
        ).stdout


@contextmanager
def throw_away_key() -> Iterator[Key]:
    # In /tmp, because the agent's socket must have a short path.
    with tempfile.TemporaryDirectory(prefix="bench-key-", dir="/tmp") as home:
        key = Key(Path(home))
        try:
            key.gpg("--passphrase", "", "--quick-generate-key", OWNER, "ed25519", "sign", "never")
            yield key
        finally:
            subprocess.run(
                ["gpgconf", "--homedir", home, "--kill", "all"],
                check=False,
                capture_output=True,
                timeout=GPG_TIMEOUT,
            )
