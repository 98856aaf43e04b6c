"""
Servers by name, with their tokens: one file for each, in a folder that only its owner may read.

A token belongs to the address it was saved with, and is never sent to another.
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tundish.core import names
from tundish.core.errors import Conflict, InputError, NotFound, StorageError
from tundish.remote.server import base

MOST_TOKEN = 4096  # signs
_MOST_FILE = 16 * 1024  # bytes
_ENDING = ".json"
_IN_USE = "in-use"  # a file of the folder: the name of the server that commands are for


@dataclass(frozen=True, slots=True)
class Remote:
    """
    A server, and the token that is sent to it.
    """

    name: str
    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remotes:
    """
    What one person has saved.
    """

    folder: Path

    def add(self, name: str, url: str, token: str) -> Remote:
        """
        Save a server under a name.

        Raises:
            InvalidName, InputError: no name, no address of a server, or no token.
            Conflict: there is one of this name.
        """
        made = Remote(names.word("name of a server", name), base(url), checked(token))
        if self._path(made.name).exists():
            raise Conflict(f"there is a server {name} already; remove it first: tundish remote remove {name}")
        self._write(self._path(made.name), json.dumps({"url": made.url, "token": made.token}))
        return made

    def list(self) -> tuple[Remote, ...]:
        """
        All that are saved, by name.
        """
        try:
            found = sorted(path.stem for path in self.folder.glob(f"*{_ENDING}"))
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be read: {error.strerror}") from error
        return tuple(self.get(name) for name in found)

    def get(self, name: str) -> Remote:
        """
        Raises:
            NotFound: none is saved under this name.
            StorageError: its file is not as it was saved, or others may read it.
        """
        path = self._path(names.word("name of a server", name))
        text = self._read(path)
        if text is None:
            raise NotFound(f"no server is called {name!r}; save it: tundish remote add {name} URL")
        try:
            said = json.loads(text)
            return Remote(name, base(str(said["url"])), checked(str(said["token"])))
        except (ValueError, TypeError, KeyError, RecursionError, InputError):
            raise StorageError(f"{path} is damaged; remove it, and save the server again") from None

    def at(self, url: str) -> Remote | None:
        """
        The one saved with this address, if any.
        """
        return next((each for each in self.list() if each.url == base(url)), None)

    def remove(self, name: str) -> None:
        """
        Forget a server; commands are for this machine again if they were for that one.

        Raises:
            NotFound: none is saved under this name.
        """
        path = self._path(names.word("name of a server", name))
        if not path.exists():
            raise NotFound(f"no server is called {name!r}; see: tundish remote list")
        if self.in_use() == name:
            self.use(None)
        path.unlink(missing_ok=True)

    def use(self, name: str | None) -> None:
        """
        Let commands be for this server from now on; None: for this machine.

        Raises:
            NotFound: none is saved under this name.
        """
        if name is None:
            (self.folder / _IN_USE).unlink(missing_ok=True)
        else:
            self._write(self.folder / _IN_USE, f"{self.get(name).name}\n")

    def in_use(self) -> str | None:
        """
        The name of the server that commands are for, if they are not for this machine.
        """
        return (self._read(self.folder / _IN_USE) or "").strip() or None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_ENDING}"

    def _read(self, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise StorageError(f"others may read {path}; mend it: chmod 600 {path}")
                return file.read(_MOST_FILE).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error

    def _write(self, path: Path, text: str) -> None:
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(text)
            beside.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error
        finally:
            beside.unlink(missing_ok=True)


def checked(text: str) -> str:
    """
    A token as `tundish token create` prints it, without the line's end.

    Raises:
        InputError: it is none.
    """
    token = text.strip()
    if not token or len(text) > MOST_TOKEN or not token.isascii() or not token.isprintable():
        raise InputError("that is no token; give it as `tundish token create` printed it")
    return token
