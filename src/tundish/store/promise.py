"""
Holding what comes to what was promised. The one place that judges bytes, for every kind of store.

A lie leaves no trace: too many, too few or other bytes are dropped before the error is raised.
"""

from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.errors import Conflict, DigestMismatch, SizeMismatch
from tundish.store.blobs import Blob


class Arriving(Protocol):
    """
    Bytes on their way into one store, whatever they will turn out to be.
    """

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> Digest: ...

    def append(self, chunk: bytes) -> None: ...

    def empty(self) -> None: ...

    def settle(self) -> None:
        """
        Make the bytes the blob of their digest. If that is held already, it stays as it is.
        """


class Readback(Arriving, Protocol):
    """
    Bytes on their way that can be read again, and be made to last where they are.
    """

    def read_at(self, offset: int, length: int) -> bytes: ...

    def make_last(self) -> None: ...


class NamelessReceipt:
    """
    A `Receipt` over bytes that arrive.
    """

    def __init__(self, arriving: Readback) -> None:
        self._arriving = arriving
        self._committed = False

    @property
    def size(self) -> int:
        return self._arriving.size

    @property
    def digest(self) -> Digest:
        return self._arriving.digest

    def write(self, chunk: bytes) -> None:
        self._must_be_open()
        self._arriving.append(chunk)

    def read_at(self, offset: int, length: int) -> bytes:
        self._must_be_open()
        return self._arriving.read_at(offset, max(0, min(length, self.size - offset)))

    def sync(self) -> None:
        self._must_be_open()
        self._arriving.make_last()

    def restart(self) -> None:
        self._must_be_open()
        self._arriving.empty()

    def commit(self, expected: Digest | None = None) -> Blob:
        self._must_be_open()
        came = Blob(self._arriving.digest, self._arriving.size)
        if expected is not None and came.digest != expected:
            self._arriving.empty()
            raise DigestMismatch(expected, came.digest)
        self._arriving.settle()
        self._committed = True
        return came

    def _must_be_open(self) -> None:
        if self._committed:
            raise Conflict("these bytes are committed already; nothing more can be done to them")


class PromisedIngest:
    """
    An `Ingest` over bytes that arrive. What an earlier attempt left is kept if it may still come true.
    """

    def __init__(self, arriving: Arriving, promised: Blob) -> None:
        self._arriving, self._promised = arriving, promised
        self._committed = False
        complete_but_wrong = arriving.size == promised.size and arriving.digest != promised.digest
        if arriving.size > promised.size or complete_but_wrong:
            arriving.empty()

    @property
    def size(self) -> int:
        return self._arriving.size

    def write(self, chunk: bytes) -> None:
        self._must_be_open()
        total = self.size + len(chunk)
        if total > self._promised.size:
            self._arriving.empty()
            raise SizeMismatch(self._promised.size, total, str(self._promised.digest))
        self._arriving.append(chunk)

    def restart(self) -> None:
        self._must_be_open()
        self._arriving.empty()

    def commit(self) -> None:
        self._must_be_open()
        came = Blob(self._arriving.digest, self._arriving.size)
        if came != self._promised:
            self._arriving.empty()
            if came.size != self._promised.size:
                raise SizeMismatch(self._promised.size, came.size, str(self._promised.digest))
            raise DigestMismatch(self._promised.digest, came.digest)
        self._arriving.settle()
        self._committed = True

    def _must_be_open(self) -> None:
        if self._committed:
            raise Conflict(f"{self._promised.digest} is committed already; nothing more can be done to it")
