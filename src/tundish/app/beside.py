"""
What is too much for memory goes into a file without a name, which is gone however the process ends.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tundish.store.durable import on_disk


@contextmanager
def beside(target: Path) -> Iterator["Beside"]:
    """
    A place for bytes on the disk where a file is to be.

    Raises:
        NoSpace, StorageError: no file can be made there.
    """
    with ExitStack() as stack:
        with on_disk(target):
            file = stack.enter_context(
                tempfile.TemporaryFile(
                    dir=target.parent, prefix=".tundish-", buffering=0
                )  # closing writes nothing
            )
        yield Beside(target, file)


@dataclass(slots=True)
class Beside:
    """
    An `Aside` in a file.
    """

    _target: Path
    _file: IO[bytes]
    _size: int = 0

    def put(self, data: bytes) -> int:
        """
        Raises:
            NoSpace, StorageError: it cannot be written.
        """
        at, rest = self._size, memoryview(data)
        with on_disk(self._target):
            while rest:
                rest = rest[self._file.write(rest) :]
        self._size += len(data)
        return at

    def get(self, at: int, length: int) -> bytes:
        """
        Raises:
            StorageError: it cannot be read.
        """
        with on_disk(self._target):
            return os.pread(self._file.fileno(), length, at)
