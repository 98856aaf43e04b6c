"""
A cap on bytes per second, shared by everything that is fetched through it.

Bytes are paid for after they came, so a cap is kept on average and never waits for what does not come.
Clock and sleep are handed in: a test never waits.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tundish.fetch.fetcher import Answer, Fetched, Fetcher

SAVED = 1.0  # seconds of a pause that may be made up for afterwards


class Throttle:
    """
    A bucket of `rate` bytes per second. Safe to share between threads.
    """

    def __init__(self, rate: int, *, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate, self._now, self._sleep = rate, now, sleep
        self._lock = threading.Lock()
        self._paid_until = now()

    def pay(self, count: int) -> None:
        """
        Wait until `count` more bytes are within the cap.
        """
        with self._lock:
            now = self._now()
            self._paid_until = max(self._paid_until, now - SAVED) + count / self._rate
            wait = self._paid_until - now
        if wait > 0:
            self._sleep(wait)


class ThrottledFetcher:
    """
    A `Fetcher` that keeps to a cap.
    """

    def __init__(self, fetcher: Fetcher, throttle: Throttle) -> None:
        self._fetcher, self._throttle = fetcher, throttle

    @contextmanager
    def open(self, url: str, *, offset: int = 0, validator: str | None = None) -> Iterator[Answer]:
        """
        Begin a transfer; see `Fetcher.open`.
        """
        opening: AbstractContextManager[Answer] = self._fetcher.open(url, offset=offset, validator=validator)
        with opening as answer:
            yield _Paying(answer, self._throttle)

    def document(self, url: str, *, limit: int) -> bytes:
        """
        A whole small file; see `Fetcher.document`.
        """
        body = self._fetcher.document(url, limit=limit)
        self._throttle.pay(len(body))
        return body

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        """
        A whole small file that has changed; see `Fetcher.fresh`.
        """
        found = self._fetcher.fresh(url, limit=limit, validator=validator)
        if found is not None:
            self._throttle.pay(len(found.body))
        return found


class _Paying:
    """
    An open transfer that pays for each chunk before it hands it on.
    """

    def __init__(self, answer: Answer, throttle: Throttle) -> None:
        self._answer, self._throttle = answer, throttle

    @property
    def offset(self) -> int:
        return self._answer.offset

    @property
    def length(self) -> int | None:
        return self._answer.length

    @property
    def validator(self) -> str | None:
        return self._answer.validator

    def chunks(self) -> Iterator[bytes]:
        for chunk in self._answer.chunks():
            self._throttle.pay(len(chunk))
            yield chunk
