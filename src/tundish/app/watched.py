"""
An image that is read while somebody looks on, and may end it between two reads.
"""

from threading import Lock

from tundish.anatomy.readable import Readable
from tundish.core.progress import Gauge


class Watched:
    """
    The same bytes. What is read twice counts once.
    """

    def __init__(self, readable: Readable, gauge: Gauge) -> None:
        self._readable, self._gauge = readable, gauge
        self._lock, self._furthest = Lock(), 0
        gauge.more(1, readable.size)

    @property
    def size(self) -> int:
        return self._readable.size

    def read_at(self, offset: int, length: int) -> bytes:
        """
        Raises:
            Stopped: whoever looks on wants it to end.
        """
        data = self._readable.read_at(offset, length)
        with self._lock:
            new = max(offset + len(data) - self._furthest, 0) if data else 0
            self._furthest += new
        self._gauge.moved(new)
        return data
