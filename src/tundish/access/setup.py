"""
The first admin of a new server: whoever can read a file of the state folder, or run a command there.
"""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tundish.catalog.opened import Catalog
from tundish.core.errors import StorageError, Unauthorised

NAME = "setup"
_MOST = 200


@dataclass(frozen=True, slots=True)
class Setup:
    """
    `folder` is that of the keys.
    """

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / NAME

    def offer(self, catalog: Catalog) -> Path | None:
        """
        Leave a code in its file while nobody is known; None if somebody is, and the file is gone.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            if catalog.users.any():
                self.path.unlink(missing_ok=True)
                return None
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._code():
                self.path.unlink(missing_ok=True)
                handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w") as file:
                    file.write(secrets.token_urlsafe(18) + "\n")
        except OSError as error:
            raise StorageError(f"the code for the first admin cannot be kept: {error}") from error
        return self.path

    def must_be(self, code: str) -> None:
        """
        Raises:
            Unauthorised: it is not the code, or there is none.
        """
        kept = self._code()
        if not kept or not hmac.compare_digest(kept.encode(), code.strip()[:_MOST].encode()):
            raise Unauthorised(f"that is not the code in {self.path}", reason="code")

    def close(self) -> None:
        """
        Let the code count no more.
        """
        self.path.unlink(missing_ok=True)

    def _code(self) -> str:
        try:
            return self.path.read_text().strip()[:_MOST]
        except (FileNotFoundError, UnicodeDecodeError):
            return ""
