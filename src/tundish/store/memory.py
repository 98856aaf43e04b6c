"""
The store in memory: the promises of `LocalStore` without a disk, for tests and for trying things out.

With a `limit` it is full at that many bytes, unfinished and quarantined blobs included.
"""

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Busy, InputError, NoSpace
from tundish.store.blobs import Blob, Ingest, Receipt
from tundish.store.durable import copy_to
from tundish.store.promise import NamelessReceipt, PromisedIngest

_PLACE = "the store in memory"


class MemoryStore:
    """
    Blobs in a dict. Safe for many threads.
    """

    def __init__(self, limit: int | None = None, now: Callable[[], datetime] = clock.now) -> None:
        self._shelf = _Shelf(limit, now)

    def __repr__(self) -> str:
        return "MemoryStore()"

    def size(self, digest: Digest) -> int:
        return len(self._shelf.content(digest))

    def has(self, digest: Digest) -> bool:
        return digest in self._shelf.blobs

    def open(self, digest: Digest) -> BinaryIO:
        return _ReadOnly(self._shelf.content(digest))

    def local_path(self, digest: Digest) -> Path | None:
        self._shelf.content(digest)
        return None

    def export(self, digest: Digest, target: Path) -> None:
        """
        Copy the blob out, durably.

        Raises:
            BlobMissing: not held.
            Conflict: there is something at `target`.
        """
        with self.open(digest) as content:
            copy_to(target, content)

    @contextmanager
    def ingest(self, expected: Digest, size: int) -> Iterator[Ingest]:
        """
        Begin or resume taking in the blob of this name and length.

        Raises:
            Busy: another writer is taking it in right now.
        """
        if size < 0:
            raise InputError(f"{expected} cannot have {size} bytes; give the length the source promised")
        arrival = _MemoryArrival(self._shelf, expected)
        try:
            yield PromisedIngest(arrival, Blob(expected, size))
        finally:
            self._shelf.release(expected)

    @contextmanager
    def receive(self, name: Digest) -> Iterator[Receipt]:
        """
        Begin or resume taking in bytes whose digest is not known yet, under a name of their own.

        Raises:
            Busy: another writer is taking them in right now.
        """
        arrival = _MemoryArrival(self._shelf, name)
        try:
            yield NamelessReceipt(arrival)
        finally:
            self._shelf.release(name)

    def add(self, chunks: Iterable[bytes]) -> Blob:
        content = bytearray()
        for chunk in chunks:
            content += chunk
            self._shelf.demand(len(content))
        return self._shelf.keep(bytes(content))

    def sync(self) -> None:
        """
        Memory lasts through nothing, so there is nothing to wait for.
        """

    def free(self) -> int | None:
        return self._shelf.free()

    def walk(self) -> Iterator[Blob]:
        yield from self._shelf.listed(self._shelf.blobs)

    def stamp(self) -> str:
        return Digest.of("".join(sorted(blob.digest.hex for blob in self.walk())).encode()).hex

    def remove(self, digest: Digest) -> None:
        with self._shelf.lock:
            self._shelf.blobs.pop(digest, None)

    def unfinished(self) -> Iterator[Blob]:
        yield from self._shelf.listed(self._shelf.parts)

    def quarantined(self) -> Iterator[Blob]:
        yield from self._shelf.listed(self._shelf.damaged)

    def foreign(self) -> Iterator[str]:
        """
        Memory has no place that others could put something in.
        """
        yield from ()

    def discard(self, digest: Digest) -> None:
        self._shelf.claim(digest).clear()
        self._shelf.release(digest)

    def quarantine(self, digest: Digest) -> None:
        with self._shelf.lock:
            if digest in self._shelf.blobs:
                self._shelf.damaged[digest] = self._shelf.blobs.pop(digest)


@dataclass(slots=True)
class _Shelf:
    """
    All bytes of a store in memory, and who writes which part.
    """

    limit: int | None
    now: Callable[[], datetime]
    times: dict[Digest, datetime] = field(default_factory=dict)  # of the last byte that came
    lock: threading.RLock = field(default_factory=threading.RLock)
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    parts: dict[Digest, bytearray] = field(default_factory=dict)
    damaged: dict[Digest, bytes] = field(default_factory=dict)
    claimed: set[Digest] = field(default_factory=set)

    def content(self, digest: Digest) -> bytes:
        try:
            return self.blobs[digest]
        except KeyError:
            raise BlobMissing(digest, _PLACE) from None

    def free(self) -> int | None:
        if self.limit is None:
            return None
        with self.lock:
            groups: tuple[Mapping[Digest, bytes | bytearray], ...] = (self.blobs, self.parts, self.damaged)
            return self.limit - sum(len(content) for group in groups for content in group.values())

    def demand(self, size: int) -> None:
        free = self.free()
        if free is not None and free < size:
            raise NoSpace(_PLACE, size, free)

    def keep(self, content: bytes) -> Blob:
        blob = Blob(Digest.of(content), len(content))
        with self.lock:
            if blob.digest not in self.blobs:
                self.demand(blob.size)
                self.blobs[blob.digest] = content
                self.times[blob.digest] = self.now()
        return blob

    def claim(self, digest: Digest) -> bytearray:
        with self.lock:
            if digest in self.claimed:
                raise Busy(f"{digest} is being taken in by another writer; wait for that one to end")
            self.claimed.add(digest)
            return self.parts.setdefault(digest, bytearray())

    def release(self, digest: Digest) -> None:
        with self.lock:
            self.claimed.discard(digest)
            if not self.parts.get(digest):
                self.parts.pop(digest, None)

    def listed(self, group: Mapping[Digest, bytes | bytearray]) -> list[Blob]:
        with self.lock:
            return [Blob(digest, len(group[digest]), self.times.get(digest)) for digest in sorted(group)]


class _MemoryArrival:
    """
    One part on the shelf, claimed by its writer.
    """

    def __init__(self, shelf: _Shelf, name: Digest) -> None:
        self._shelf, self._name = shelf, name
        self._content = shelf.claim(name)

    @property
    def size(self) -> int:
        return len(self._content)

    @property
    def digest(self) -> Digest:
        return Digest.of(bytes(self._content))

    def append(self, chunk: bytes) -> None:
        with self._shelf.lock:
            free = self._shelf.free()
            fits = len(chunk) if free is None else min(free, len(chunk))
            self._content += chunk[:fits]
            self._shelf.times[self._name] = self._shelf.now()
        if fits < len(chunk):
            raise NoSpace(_PLACE, len(chunk), fits)

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(self._content[offset : offset + length])

    def make_last(self) -> None:
        """
        Memory lasts through nothing.
        """

    def empty(self) -> None:
        with self._shelf.lock:
            self._content.clear()

    def settle(self) -> None:
        with self._shelf.lock:
            del self._shelf.parts[self._name]
            self._shelf.keep(bytes(self._content))


class _ReadOnly(io.BytesIO):
    """
    Bytes that can be read and sought, and nothing else.
    """

    def writable(self) -> bool:
        return False

    def write(self, _: object, /) -> int:
        raise io.UnsupportedOperation("a blob is never written to")
