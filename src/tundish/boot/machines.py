"""
The small questions the file door asks: who is this machine, what shall it be told, where are the bytes?

`boot` knows only `core`; `app` answers these from catalog and store. Every call may block (it runs on
a thread of the file door).
"""

from pathlib import Path
from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.machine import Asker, BootScript, Deployment, Report


class Boots(Protocol):
    def script_for(self, asker: Asker) -> BootScript | None:
        """
        What this machine shall boot, and a note that it asked; None if there is nothing it could boot.
        """

    def reported(self, report: Report) -> Deployment:
        """
        Record that a machine's userspace runs.

        Raises:
            NotFound: no boot was begun under this token.
            Conflict: the report does not fit what this boot was told (version or root digest).
        """


class Bytes(Protocol):
    def local_path(self, digest: Digest) -> Path | None:
        """
        A file on this machine that holds the bytes; None if the store has no such file.

        Raises:
            BlobMissing: not held.
        """


class Trees(Protocol):
    def path_of(self, channel: str, path: str) -> Path:
        """
        The file behind a path of a published stream, after every check on the path.

        Raises:
            NotFound: no such channel or file.
            InvalidName: the path is not of its form.
        """
