"""
What a blob store promises. A blob is immutable bytes, named by their digest.

The promises come in three strengths, and callers ask for the weakest that serves them: serving needs
`BlobSource`, syncing and building `BlobSink`, sweeping `BlobJanitor`. A half-written blob is never
visible through any of them.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tundish.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Blob:
    digest: Digest
    size: int
    since: datetime | None = field(default=None, compare=False)  # its last byte came, where a store knows


class Ingest(Protocol):
    """
    One blob on its way in. Leaving the context without `commit` keeps what came, for the next attempt.
    """

    @property
    def size(self) -> int:
        """
        Bytes taken in so far, those of earlier attempts included.
        """

    def write(self, chunk: bytes) -> None:
        """
        Take the next bytes; they are hashed as they pass.

        Raises:
            SizeMismatch: more than promised came; everything taken in is dropped.
            NoSpace: the disk is full; what came before is kept.
        """

    def restart(self) -> None:
        """
        Drop what came and begin at byte 0.
        """

    def commit(self) -> None:
        """
        Make the blob visible if it is what was promised. Its bytes are durable before it is; that it is
        visible lasts through a power cut once `BlobSink.sync` was called.

        Raises:
            DigestMismatch, SizeMismatch: it is not; nothing is kept.
        """


class Receipt(Protocol):
    """
    Bytes on their way in whose digest is known only at their end. Leaving the context without `commit`
    keeps what came, durably, for the next attempt.
    """

    @property
    def size(self) -> int:
        """
        Bytes taken in so far, those of earlier attempts included.
        """

    @property
    def digest(self) -> Digest:
        """
        Of the bytes taken in so far.
        """

    def write(self, chunk: bytes) -> None:
        """
        Take the next bytes; they are hashed as they pass.

        Raises:
            NoSpace: the disk is full; what still went in is kept.
        """

    def read_at(self, offset: int, length: int) -> bytes:
        """
        Bytes that have come.
        """

    def sync(self) -> None:
        """
        Return when what came lasts through a power cut.
        """

    def restart(self) -> None:
        """
        Drop what came and begin at byte 0.
        """

    def commit(self, expected: Digest | None = None) -> Blob:
        """
        Make the bytes the blob of their digest, durably. A blob held already stays as it is.

        Raises:
            DigestMismatch: they are not what was expected; nothing is kept.
        """


class BlobSource(Protocol):
    def size(self, digest: Digest) -> int:
        """
        Length in bytes.

        Raises:
            BlobMissing: not held.
        """

    def has(self, digest: Digest) -> bool: ...

    def open(self, digest: Digest) -> BinaryIO:
        """
        The bytes, seekable; the caller closes it.

        Raises:
            BlobMissing: not held.
        """

    def local_path(self, digest: Digest) -> Path | None:
        """
        A file on this machine that holds the bytes, for handing to the kernel; None if there is none.

        Nobody may write to it.

        Raises:
            BlobMissing: not held.
        """

    def export(self, digest: Digest, target: Path) -> None:
        """
        Put the bytes at `target`, which must not exist yet, as a read-only file; linked where possible.

        Raises:
            BlobMissing: not held.
            Conflict: there is something at `target`; it is left as it is.
        """


class BlobSink(BlobSource, Protocol):
    def ingest(self, expected: Digest, size: int) -> AbstractContextManager[Ingest]:
        """
        Begin or resume taking in the blob of this name and length.

        Raises:
            Busy: another writer is taking it in right now.
        """

    def receive(self, name: Digest) -> AbstractContextManager[Receipt]:
        """
        Begin or resume taking in bytes whose digest is not known yet, under a name of their own.

        Raises:
            Busy: another writer is taking them in right now.
        """

    def add(self, chunks: Iterable[bytes]) -> Blob:
        """
        Take in bytes whose name is not known yet, durably. Known bytes change nothing.

        Raises:
            NoSpace: the disk is full; nothing is kept.
        """

    def sync(self) -> None:
        """
        Make everything committed before last through a power cut. Whoever notes elsewhere that a blob is
        held calls this first; many commits share its cost.

        Raises:
            StorageError: the disk refuses.
        """

    def free(self) -> int | None:
        """
        Bytes that still fit, or None if the store cannot know.
        """


class BlobJanitor(BlobSink, Protocol):
    def walk(self) -> Iterator[Blob]:
        """
        Every blob held, in order of digest.
        """

    def stamp(self) -> str:
        """
        A short word that is another one as soon as other blobs are held.
        """

    def remove(self, digest: Digest) -> None:
        """
        Delete a blob. Removing what is not held changes nothing.
        """

    def unfinished(self) -> Iterator[Blob]:
        """
        Every blob on its way in, by the name it was promised under, with the bytes that have come.
        """

    def discard(self, digest: Digest) -> None:
        """
        Drop an unfinished blob. Dropping what is not there changes nothing.

        Raises:
            Busy: a writer is taking it in right now.
        """

    def quarantine(self, digest: Digest) -> None:
        """
        Take a damaged blob out of sight but keep its bytes for a person to look at.

        Quarantining what is not held changes nothing.
        """

    def quarantined(self) -> Iterator[Blob]:
        """
        Every blob that was taken out of sight, by the name it had.
        """

    def foreign(self) -> Iterator[str]:
        """
        What lies in the store's place and is not its own, by its place there; the store never touches it.
        """
