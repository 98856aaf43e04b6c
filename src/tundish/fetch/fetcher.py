"""
The way out: what a fetcher promises.

Every wait and every length is bounded, and nothing but `UpstreamError` comes out (errors of this
machine's own disk aside, and `InputError` for an address that is none). Retrying is the caller's:
see `fetch.retry`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tundish.core.errors import TooLong

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds on one request. Seconds and bytes.
    """

    connect: float = 10.0
    stall: float = 30.0  # the longest silence between two reads
    document: int = 64 * MIB
    redirects: int = 5
    chunk: int = 512 * 1024


DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    A whole small file, and what names this state of it, if the other side said so.
    """

    body: bytes
    validator: str | None


class Answer(Protocol):
    """
    An open transfer.
    """

    @property
    def offset(self) -> int:
        """
        Where the bytes start: the offset asked for, or 0 where the server ignores ranges.
        """

    @property
    def length(self) -> int | None:
        """
        How many bytes are still to come, if the server said so.
        """

    @property
    def validator(self) -> str | None:
        """
        What to pass as `validator` to resume exactly this file (a strong ETag or a date).
        """

    def chunks(self) -> Iterator[bytes]:
        """
        The bytes, as they come.

        Raises:
            Stalled, CutShort, Unreachable, TooLong: the transfer did not end as promised.
        """


class Fetcher(Protocol):
    def open(
        self,
        url: str,
        *,
        offset: int = 0,
        validator: str | None = None,
    ) -> AbstractContextManager[Answer]:
        """
        Begin a transfer at `offset`; with `validator`, only if the file is still that one (else from 0).

        A file no longer than `offset` has changed too, and comes from 0: look at `Answer.offset`.

        Raises:
            Unreachable, Stalled, BadStatus, Gone: before the first byte.
        """

    def document(self, url: str, *, limit: int) -> bytes:
        """
        A whole small file, at most `limit` bytes.

        Raises:
            TooLong: it is longer; no more than `limit` bytes were held.
            UpstreamError: anything else.
        """

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        """
        A whole small file as `document` gives it; None if it is still in the state that `validator` names.

        Raises:
            TooLong: it is longer; no more than `limit` bytes were held.
            UpstreamError: anything else.
        """


def gather(read: Callable[[int], bytes], *, limit: int, chunk: int, url: str) -> bytes:
    """
    Everything `read` gives, while no more than `limit` bytes are held.

    Raises:
        TooLong: there is more.
    """
    pieces, came = [], 0
    while piece := read(min(chunk, limit - came) or 1):
        came += len(piece)
        if came > limit:
            raise too_long(url, limit)
        pieces.append(piece)
    return b"".join(pieces)


def too_long(url: str, limit: int) -> TooLong:
    return TooLong(f"{url}: longer than the {limit} bytes allowed for it; is it the right file?", url=url)
