"""
A real sync of a simulated stream, on a thread, that takes one step for each permission.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from tests.support.stream_simulator import StreamSimulator
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.errors import TundishError
from tundish.core.names import SourceName
from tundish.core.selection import Selection, Source
from tundish.fetch.fetcher import Answer, Fetched
from tundish.sync.plan import PlannedFile
from tundish.sync.run import sync

STEPS = 20  # of the root; a step is a chunk of it


@dataclass(frozen=True)
class _Stepwise:
    """
    An Answer whose chunks wait for permission.
    """

    data: bytes
    offset: int
    validator: str
    steps: threading.Semaphore

    @property
    def length(self) -> int:
        return len(self.data) - self.offset

    def chunks(self) -> Iterator[bytes]:
        size = len(self.data) // STEPS
        for start in range(self.offset, len(self.data), size):
            self.steps.acquire()
            yield self.data[start : start + size]


class SteppedStream:
    """
    A simulated stream as a Fetcher, with one image whose root comes step by step.
    """

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self._stream = StreamSimulator()
        self._stream.add(items={"squashfs": b"root" * 250_000, "boot-kernel": b"kernel"})
        self._stream.publish(clock.now())
        self.url = self._stream.url

    def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Answer]:
        if not url.endswith("squashfs"):
            return self._stream.open(url, offset=offset, validator=validator)
        data = self._stream.files[url.removeprefix(self.url)]
        return nullcontext(_Stepwise(data, offset, "one", self.steps))

    def document(self, url: str, *, limit: int) -> bytes:
        return self._stream.document(url, limit=limit)

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        return self._stream.fresh(url, limit=limit, validator=validator)


class _Nobody:
    def begun(self, file: PlannedFile) -> None: ...

    def moved(self, file: PlannedFile, count: int) -> None: ...

    def retried(self, file: PlannedFile, error: TundishError, delay: float) -> None: ...

    def ended(self, file: PlannedFile, error: TundishError | None) -> None: ...


@contextmanager
def syncing(app: App) -> Iterator[SteppedStream]:
    """
    A sync that runs until its stream lets it end, at the latest with the context.
    """
    stream = SteppedStream()
    app.catalog.sources.add(Source(SourceName("slow"), stream.url, b""), clock.now())
    app.catalog.selections.add(Selection("ubuntu", "noble"), clock.now())
    desk = replace(app.desk(), fetcher=stream, line=None)
    run = threading.Thread(
        target=lambda: sync(desk, watch=_Nobody(), stop=threading.Event(), planned=lambda _: None)
    )
    run.start()
    try:
        yield stream
    finally:
        stream.steps.release(STEPS + 1)
        run.join()
