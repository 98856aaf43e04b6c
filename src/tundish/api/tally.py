"""
Requests, counted as they are answered: cheap enough for each, and read whenever a monitor asks.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

from tundish.core.answered import Answered

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)  # seconds
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Count:
    """
    Of one door, method and status: how many, their bytes, seconds in all, and how many per class of length.
    """

    number: int
    sent: int
    seconds: float
    classes: tuple[int, ...]


class Tally:
    """
    `hear` may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[tuple[str, str, int], list[float]] = defaultdict(
            lambda: [0.0] * (3 + len(BOUNDS) + 1)
        )

    def hear(self, answered: Answered) -> None:
        method = answered.method if answered.method in METHODS else OTHER
        key = (answered.door, method, answered.status if 100 <= answered.status < 600 else 0)
        with self._lock:
            row = self._counts[key]
            row[0] += 1
            row[1] += answered.sent
            row[2] += answered.seconds
            row[3 + bisect_left(BOUNDS, answered.seconds)] += 1

    def counts(self) -> dict[tuple[str, str, int], Count]:
        with self._lock:
            rows = {key: tuple(row) for key, row in self._counts.items()}
        return {
            key: Count(int(row[0]), int(row[1]), row[2], tuple(int(each) for each in row[3:]))
            for key, row in rows.items()
        }
