"""
What `tundish mirror` works with: the ways out, gpgv and, where it is asked for, a signing key.

A mirror keeps what it knows in its own folder, so no state folder is opened.
"""

import os
import platform
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from tundish.core import clock
from tundish.core.errors import InputError
from tundish.core.selection import Fetching
from tundish.fetch.guard import Guard
from tundish.fetch.lines import Lines
from tundish.mirrors.desk import Desk
from tundish.settings import Settings
from tundish.stream.filters import Search
from tundish.tools.gpg import GpgSigner, Gpgv
from tundish.trust.keyring import MAX_KEYRING, normalise


@contextmanager
def open_mirror(
    settings: Settings,
    *,
    key: Path | None,
    parallel: int | None,
    bounded: Callable[[], AbstractContextManager[object]] = nullcontext,
    search: Search | None = None,
    guard: Guard | None = None,
) -> Iterator[Desk]:
    """
    The parts, closed in the end. `bounded` and `search` keep the patterns of filters from taking for ever.
    """
    files = parallel or settings.parallel
    lines = Lines(connections=files, http_proxy=settings.http_proxy, no_proxy=settings.no_proxy, guard=guard)
    try:
        yield Desk(
            fetcher=lines.of(Fetching(is_guarded=guard is not None)),
            verifier=Gpgv(),
            now=clock.now,
            sleep=time.sleep,
            jitter=random.random,
            holder=holder(),
            signer=GpgSigner(key) if key is not None else None,
            parallel=files,
            bounded=bounded,
            search=search,
        )
    finally:
        lines.close()


def read_keyring(path: Path) -> bytes:
    """
    The keys of a file in any of their forms.

    Raises:
        InputError: it cannot be read, or is no public keyring.
    """
    try:
        with path.open("rb") as file:
            return known_keys(file.read(MAX_KEYRING + 1), path)
    except OSError as error:
        raise InputError(f"the keyring {path} cannot be read: {error.strerror}; check the path") from error


def known_keys(data: bytes, path: str | Path) -> bytes:
    """
    A keyring in the form that verifiers read.

    Raises:
        InputError: it is none; the message names the file.
    """
    try:
        return normalise(data)
    except InputError as error:
        raise InputError(f"the keyring {path}: {error}") from error


def holder() -> str:
    """
    Who we are, for somebody who finds the folder taken.
    """
    return f"tundish mirror, process {os.getpid()} on {platform.node()}"
