"""
A compressed file as the stream of what is in it, read once from beginning to end, and hashed on the way.

Memory stays flat whatever it expands to. Damage ends the stream and is told afterwards, in the Wrapping.
"""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tundish.anatomy.image import Compression, Wrapping
from tundish.anatomy.packed.gzip_member import is_stamped
from tundish.anatomy.packed.unpackers import UNPACKERS, Unpacker, unpacked
from tundish.anatomy.readable import Readable
from tundish.anatomy.sniff import compression_of
from tundish.core.digest import Digest
from tundish.core.errors import BadImage

MAX_EXPANDED = 2**40  # bytes; no disk that is carried around as a file is longer
MAX_MEMBERS = 1_000_000  # of gzip, bzip2, xz, zstd one after the other
PIECE = 1024 * 1024

_FIRST_READ, _READ = 4096, 256 * 1024  # small at first, because what is read beyond a member is read again
_MAGIC = 16

Progress = Callable[[int, int], None]  # bytes of the file read, of all


def silent(_read: int, _total: int) -> None:
    """
    Nobody wants to know how far it is.
    """


def ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """
    The same pieces, each made while the one before it is used; libraries that unpack and hash let both run.
    """
    with ThreadPoolExecutor(1, "unpack") as thread:
        coming = thread.submit(next, pieces, b"")
        while piece := coming.result():
            coming = thread.submit(next, pieces, b"")
            yield piece


class Unwrapping:
    """
    The pieces of what is in a file, each at most a few MiB; `wrapping` is known when they are over.
    """

    def __init__(
        self,
        readable: Readable,
        compression: Compression,
        heard: Progress = silent,
        unpacker: Callable[[], Unpacker] | None = None,
    ) -> None:
        self.compression = compression
        self._readable, self._heard = readable, heard
        self._unpacker = unpacker or UNPACKERS.get(compression)
        self._hash, self._hashed = hashlib.sha256(), 0
        self._at = self._expanded = self._trailing = 0
        self._fault = ""

    @property
    def at(self) -> int:
        """
        The place in the file up to which bytes were given to the unpacker.
        """
        return self._at

    def __iter__(self) -> Iterator[bytes]:
        """
        Raises:
            BadImage: it expands to more than `MAX_EXPANDED`.
        """
        try:
            for piece in self._plain() if self.compression is Compression.NONE else self._members():
                self._expanded += len(piece)
                if self._expanded > MAX_EXPANDED:
                    break
                yield piece
        except BadImage as fault:
            self._fault = str(fault)
        if self._expanded > MAX_EXPANDED:
            raise BadImage(
                f"the {self.compression} holds more than {MAX_EXPANDED} bytes; unpack it elsewhere"
            )

    def wrapping(self) -> Wrapping:
        """
        What was learned; whatever of the file was not read yet is read now, for its digest.
        """
        while self._hashed < self._readable.size and self._read(self._hashed, PIECE):
            pass
        stamped = self.compression is Compression.GZIP and is_stamped(self._readable.read_at(0, _MAGIC))
        digest = Digest(self._hash.hexdigest())
        size = self._readable.size
        return Wrapping(
            self.compression, size, self._expanded, digest, self._fault, self._trailing, stamped=stamped
        )

    def _plain(self) -> Iterator[bytes]:
        while data := self._read(self._at, PIECE):
            self._at += len(data)
            yield data

    def _members(self) -> Iterator[bytes]:
        if self._unpacker is None:
            raise BadImage(f"{self.compression} is not read here; pack it with gzip or xz")
        for _ in range(MAX_MEMBERS):
            yield from self._member(self._unpacker())
            self._pass_zeros()
            head = self._readable.read_at(self._at, _MAGIC)
            if not head or compression_of(head) is not self.compression:
                self._trailing = self._readable.size - self._at
                return
        raise BadImage(f"the {self.compression} has more than {MAX_MEMBERS} members; pack it again as one")

    def _member(self, unpacker: Unpacker) -> Iterator[bytes]:
        length = _FIRST_READ
        while not unpacker.eof:
            data = self._read(self._at, length) if unpacker.needs_input else b""
            is_over = not data and unpacker.needs_input
            self._at += len(data)
            if piece := unpacked(unpacker, data, PIECE):
                yield piece
            elif is_over and not unpacker.eof:
                raise BadImage(f"the {self.compression} ends too early, after {self._at} bytes")
            length = min(2 * length, _READ)
        self._at -= len(unpacker.unused_data)

    def _pass_zeros(self) -> None:
        """
        Zeros fill up the last block of a tape, and the gaps between streams of xz.
        """
        while data := self._read(self._at, _FIRST_READ):
            rest = data.lstrip(b"\0")
            self._at += len(data) - len(rest)
            if rest:
                return

    def _read(self, at: int, length: int) -> bytes:
        data = self._readable.read_at(at, length)
        if at + len(data) > self._hashed:
            self._hash.update(memoryview(data)[self._hashed - at :])
            self._hashed = at + len(data)
            self._heard(self._hashed, self._readable.size)
        return data
