"""
Pieces of a body that come with a checksum: held in memory until it is known to be theirs, so that nothing of
a wrong one is ever in an upload. What all of them together may take is bounded.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

from tundish.api.pouring import Gathered
from tundish.api.tus import Checksum
from tundish.core.errors import Overloaded

MOST = 16 * 1024 * 1024  # bytes of one piece
ROOM = 128 * 1024 * 1024  # bytes of all that are on their way
MISMATCH = 460  # as tus names it


class Waiting:
    """
    The room that pieces take while they come. Used from one loop.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._left = room

    async def verified(
        self, body: AsyncIterator[bytes], size: int, promised: Checksum
    ) -> AsyncIterator[bytes]:
        """
        The chunks of a body of at most so many bytes, once all have come and are those that were promised.

        Raises:
            HTTPException: they are not, or are too many.
            Overloaded: there is no room for them now.
        """
        came = Gathered()
        with self._taken(size):
            async for chunk in body:
                came.add(chunk)
                _must_be_short(came.size)
        chunks = came.taken()
        if not promised.is_of(chunks):
            raise HTTPException(MISMATCH, f"the piece is not of this {promised.algorithm}; nothing was kept")
        for chunk in chunks:
            yield chunk

    @contextmanager
    def _taken(self, size: int) -> Iterator[None]:
        _must_be_short(size)
        if size > self._left:
            raise Overloaded("too many pieces with a checksum are coming; send this one again")
        self._left -= size
        try:
            yield
        finally:
            self._left += size


def _must_be_short(size: int) -> None:
    if size > MOST:
        raise HTTPException(413, f"with Upload-Checksum, a piece has at most {MOST} bytes")


WAITING = Waiting()
