"""
Read a bundle from first byte to last. Nothing is believed that its signed text does not name.

Every header is compared with the one that must stand there, so names, sizes and kinds of members are
those of the manifest or the bundle is refused. Works on pipes; where it can seek, it skips what is held.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tundish.bundle import contents, manifest, ustar
from tundish.bundle.contents import Offered
from tundish.bundle.manifest import Manifest, Member
from tundish.bundle.writer import Moved
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, BadSignature, CutShort, DigestMismatch, IntegrityError
from tundish.core.payload import Payload, Signature, vouched
from tundish.store.blobs import BlobSink, Ingest
from tundish.store.durable import CHUNK, on_disk
from tundish.trust import clearsign
from tundish.trust.protocols import Verifier


@dataclass(frozen=True, slots=True)
class Opened:
    """
    What a bundle says of itself, once its signature is good.
    """

    manifest: Manifest
    payload: Payload
    signature: Signature


class Reader:
    """
    One bundle, read forwards. `origin` names it in messages; the stream stays the caller's to close.
    """

    def __init__(self, stream: BinaryIO, origin: str) -> None:
        self._stream, self._origin = stream, origin

    def open(self, *, keyring: bytes, verifier: Verifier, now: datetime) -> Opened:
        """
        The verified manifest, which comes first.

        Raises:
            BadDocument: it is no bundle.
            TrustError: it is not signed by a key of the keyring.
            CutShort: it ends too early.
        """
        head = self._read(ustar.BLOCK)
        size = ustar.size_in(head, manifest.OPENING)
        if size is None or size > manifest.MAX_OPENING:
            raise BadDocument(f"{self._origin} is not a bundle; make one with: tundish bundle export FILE")
        message = self._exactly(size, manifest.OPENING)
        self._pad(size, manifest.OPENING)
        payload = clearsign.verify(message, keyring=keyring, verifier=verifier, now=now, origin=self._origin)
        found = manifest.parse(payload)
        signature = payload.signature
        if signature is None or found.origin not in {signature.fingerprint, signature.primary}:
            raise BadSignature(f"{self._origin} says that {found.origin} made it, but another key signed it")
        return Opened(found, payload, signature)

    def offers(self, opened: Opened) -> tuple[Offered, ...]:
        """
        What the bundle offers: its products files, which come next.

        Raises:
            IntegrityError, CutShort: they are not what the manifest names.
            BadDocument: they cannot be used, or need other blobs than it names.
        """
        found = []
        for member, listed in zip(opened.manifest.documents, opened.manifest.listed, strict=True):
            self._header(member)
            data = self._exactly(member.size, member.name)
            self._pad(member.size, member.name)
            place = f"{self._origin}, {member.name}"
            found.append(contents.read(vouched(data, member.digest, opened.payload, place), listed))
        contents.judge(opened.manifest, found, opened.payload)
        return tuple(found)

    def check(self, member: Member, moved: Moved) -> None:
        """
        Hash the next blob.

        Raises:
            IntegrityError, CutShort: it is not what the manifest names.
        """
        self._header(member)
        found = hashlib.sha256()
        for chunk in self._chunks(member.size, member.name):
            found.update(chunk)
            moved(len(chunk))
        self._pad(member.size, member.name)
        if found.hexdigest() != member.digest.hex:
            raise self._mismatch(member, Digest(found.hexdigest()))

    def skip(self, member: Member) -> None:
        """
        Pass over the next blob, which is held already.

        Raises:
            IntegrityError, CutShort: another member stands there.
        """
        self._header(member)
        self._pass(member.size, member.name)
        self._pad(member.size, member.name)

    def take(self, member: Member, store: BlobSink, moved: Moved) -> None:
        """
        Bring the next blob into the store, from where an earlier run ended.

        Raises:
            IntegrityError, CutShort: it is not what the manifest names; nothing wrong is kept.
            NoSpace: the disk is full; what came is kept.
        """
        self._header(member)
        start = self._stream.tell() if self._stream.seekable() else None
        with self._named(member), store.ingest(member.digest, member.size) as ingest:
            resumed = ingest.size > 0
            moved(ingest.size)
            try:
                self._fill(ingest, member, moved)
            except DigestMismatch:
                if start is None or not resumed:
                    raise
                # What an earlier run left may have been spoilt by a power cut: once more from its first byte.
                moved(-member.size)
                with on_disk(Path(self._origin)):
                    self._stream.seek(start)
                self._fill(ingest, member, moved)
        self._pad(member.size, member.name)

    def close(self) -> None:
        """
        Make sure that it ends where it should.

        Raises:
            IntegrityError, CutShort: it does not.
        """
        if self._exactly(len(ustar.END), "its end mark") != ustar.END or self._read(1):
            raise IntegrityError(
                f"{self._origin} goes on where it should end; nothing of it was used, copy it again from "
                "where it was made"
            )

    def _fill(self, ingest: Ingest, member: Member, moved: Moved) -> None:
        self._pass(ingest.size, member.name)
        for chunk in self._chunks(member.size - ingest.size, member.name):
            ingest.write(chunk)
            moved(len(chunk))
        ingest.commit()

    def _header(self, member: Member) -> None:
        if self._exactly(ustar.BLOCK, member.name) != ustar.header(member.name, member.size):
            raise IntegrityError(
                f"{self._origin}: where {member.name} should begin, something else does; nothing of it was "
                "used, copy it again from where it was made"
            )

    def _pad(self, size: int, name: str) -> None:
        if any(self._exactly(ustar.padding(size), name)):
            raise IntegrityError(f"{self._origin}: something is hidden behind {name}; nothing of it was used")

    def _pass(self, size: int, name: str) -> None:
        if self._stream.seekable():
            with on_disk(Path(self._origin)):
                self._stream.seek(size, 1)
        else:
            for _ in self._chunks(size, name):
                pass

    def _chunks(self, size: int, name: str) -> Iterator[bytes]:
        left = size
        while left:
            chunk = self._read(min(CHUNK, left))
            if not chunk:
                raise self._short(name)
            left -= len(chunk)
            yield chunk

    def _exactly(self, size: int, name: str) -> bytes:
        return b"".join(self._chunks(size, name))

    def _read(self, size: int) -> bytes:
        with on_disk(Path(self._origin)):
            return self._stream.read(size)

    def _short(self, name: str) -> CutShort:
        return CutShort(f"{self._origin} ends before the end of {name}; copy it again, and import it again")

    def _mismatch(self, member: Member, actual: object) -> DigestMismatch:
        return DigestMismatch(member.digest, actual, f"{self._origin}, {member.name}")

    @contextmanager
    def _named(self, member: Member) -> Iterator[None]:
        """
        A store knows bytes by their digest only; say which member of which bundle was wrong.
        """
        try:
            yield
        except DigestMismatch as error:
            raise self._mismatch(member, error.actual) from error
