"""
The sha256 of bytes as they pass. A long file is hashed on a thread of its own, while the next bytes are
received and written; the memory this takes is bounded.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, Self

LONG = 8 * 1024 * 1024  # bytes; below it a thread costs more than it gains
BATCH = 1024 * 1024  # bytes handed to the thread at once: pieces as they come from a network are small
DEEP = 4  # batches that may wait to be hashed


class Begun(Protocol):
    """
    A hash of bytes, to which more can come.
    """

    def update(self, data: bytes | memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...

    def copy(self) -> Self: ...


class Hashing:
    """
    Used from one thread.
    """

    def __init__(self, begun: Begun | None = None) -> None:
        self._hash: Begun = hashlib.sha256() if begun is None else begun.copy()
        self._size = 0
        self._thread: ThreadPoolExecutor | None = None
        self._pieces: list[bytes | memoryview] = []
        self._gathered = 0
        self._waiting: deque[Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """
        How many batches are not hashed yet, at most.
        """
        return len(self._waiting)

    def update(self, piece: bytes | memoryview) -> None:
        """
        Hash the next bytes, now or soon; nobody may change them any more.
        """
        self._size += len(piece)
        if self._size < LONG:
            self._hash.update(piece)
            return
        self._pieces.append(piece)
        self._gathered += len(piece)
        if self._gathered >= BATCH:
            self._hand_over()

    def hexdigest(self) -> str:
        """
        The hash of all bytes so far, after waiting for those that are not hashed yet.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._hash_all(self._taken())
        return self._hash.hexdigest()

    def begun(self) -> Begun:
        """
        The hash of all bytes so far, for another to go on from.
        """
        self.hexdigest()
        return self._hash.copy()

    def close(self) -> None:
        """
        Let go of the thread; what still waits is hashed first.
        """
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _hand_over(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hash")
        if self.waiting >= DEEP:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._hash_all, self._taken()))

    def _taken(self) -> list[bytes | memoryview]:
        taken, self._pieces, self._gathered = self._pieces, [], 0
        return taken

    def _hash_all(self, pieces: list[bytes | memoryview]) -> None:
        for piece in pieces:
            self._hash.update(piece)
