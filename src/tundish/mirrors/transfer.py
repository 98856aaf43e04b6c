"""
Fetch files side by side into the store, each as patiently as it needs, from the first root that has it.

A file that lies in the tree already, put there by another program, is taken in instead of fetched. One
file that fails spoils no other. A stop or a full disk leaves every part where it is.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.errors import (
    BadStatus,
    DigestMismatch,
    IntegrityError,
    SizeMismatch,
    Stopped,
    StorageError,
    TundishError,
    UpstreamError,
)
from tundish.core.names import ItemPath
from tundish.fetch.fetcher import Answer, Fetcher
from tundish.fetch.headers import shown
from tundish.fetch.retry import Patience, persist
from tundish.fetch.routed import join
from tundish.store.blobs import BlobSink, Ingest

_PARTIAL = 206  # as a refusal: another range came than the one asked for
_BEAT = 0.25  # seconds between two looks at the stop


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    One file to bring into the store. `found` is where another program may have left it.
    """

    path: ItemPath
    digest: Digest
    size: int
    found: str | None = None


class Watch(Protocol):
    """
    Who looks on while files are fetched. Called from many threads.
    """

    def begun(self, file: Wanted) -> None: ...

    def moved(self, file: Wanted, count: int) -> None:
        """
        So many more bytes are in; negative when what came has to come again.
        """

    def retried(self, file: Wanted, error: TundishError, delay: float) -> None: ...

    def ended(self, file: Wanted, error: TundishError | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Failure:
    file: Wanted
    error: TundishError


@dataclass(slots=True)
class Arrivals:
    """
    What came of a run: files and bytes over the network, and what did not come.
    """

    files: int = 0
    bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    fatal: TundishError | None = None

    def book(self, file: Wanted, future: "Future[int]") -> None:
        try:
            self.bytes += future.result()
            self.files += 1
        except (StorageError, Stopped) as error:
            self.fatal = self.fatal or error
        except TundishError as error:
            self.failures.append(Failure(file, error))


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    What files are fetched with. `stop` is only read; `given_up` ends the threads of a run that failed.
    """

    fetcher: Fetcher
    store: BlobSink
    roots: Sequence[str]
    watch: Watch
    stop: threading.Event
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    patience: Patience = field(default_factory=Patience)
    parallel: int = 8
    given_up: threading.Event = field(default_factory=threading.Event)

    def fetch(self, files: Iterable[Wanted]) -> Arrivals:
        """
        Bring them all in. What failed is in the answer.

        Raises:
            StorageError: the disk is full or refuses.
            Stopped: `stop` was set.
        """
        arrivals = Arrivals()
        with ThreadPoolExecutor(max_workers=self.parallel, thread_name_prefix="mirror") as pool:
            self._fetch_all(iter(files), pool, arrivals)
        if arrivals.fatal:
            raise arrivals.fatal
        if self.stop.is_set():
            raise Stopped
        self.store.sync()
        return arrivals

    def _fetch_all(self, waiting: Iterable[Wanted], pool: ThreadPoolExecutor, arrivals: Arrivals) -> None:
        """
        Keep the pool busy without queueing everything, and book each result on this thread.
        """
        rest = iter(waiting)
        running: dict[Future[int], Wanted] = {}
        try:
            while True:
                while len(running) < 2 * self.parallel and not self.is_over():
                    file = next(rest, None)
                    if file is None:
                        break
                    running[pool.submit(self._bring, file)] = file
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    arrivals.book(running.pop(future), future)
                if arrivals.fatal:
                    self.given_up.set()
        except BaseException:
            self.given_up.set()  # the pool's threads look at it before every chunk
            raise

    def is_over(self) -> bool:
        return self.stop.is_set() or self.given_up.is_set()

    def pause(self, seconds: float) -> None:
        while seconds > 0 and not self.is_over():
            self.sleep(min(seconds, _BEAT))
            seconds -= _BEAT

    def _bring(self, file: Wanted) -> int:
        """
        Bring one file into the store. Returns the bytes that came over the network.
        """
        self.watch.begun(file)
        try:
            came = self._from_somewhere(file)
        except TundishError as error:
            self.watch.ended(file, error)
            raise
        self.watch.ended(file, None)
        return came

    def _from_somewhere(self, file: Wanted) -> int:
        if file.found is not None:
            with suppress(UpstreamError, IntegrityError):
                _Transfer(file, file.found, self).attempt()
                return 0
        first: TundishError | None = None
        for root in self.roots:
            try:
                return _Transfer(file, join(root, file.path), self).persist()
            except (UpstreamError, IntegrityError) as error:
                first = first or error
        raise first or UpstreamError(f"{file.path}: there is no address to ask")


@dataclass(slots=True)
class _Transfer:
    """
    One file from one address, over as many attempts as it takes.
    """

    file: Wanted
    url: str
    carrier: Carrier
    came: int = 0  # bytes transferred, those that had to come again included
    shown: int = 0  # bytes held, as the watcher was told
    resumed: bool = False  # whether the last attempt went on from bytes it had not fetched itself

    def persist(self) -> int:
        """
        Returns the bytes that came.
        """
        try:
            persist(
                self.attempt,
                self.carrier.patience,
                sleep=self.carrier.pause,
                jitter=self.carrier.jitter,
                on_retry=lambda error, delay: self.carrier.watch.retried(self.file, error, delay),
                moved=lambda: self.shown,
            )
        except DigestMismatch as error:
            raise DigestMismatch(error.expected, error.actual, shown(self.url)) from error
        except SizeMismatch as error:
            raise SizeMismatch(error.expected, error.actual, shown(self.url)) from error
        return self.came

    def attempt(self) -> None:
        if self.carrier.is_over():
            raise Stopped
        try:
            self._attempt()
        except DigestMismatch:
            if not self.resumed:
                raise
            # The part of an earlier run may be of another file, or spoilt by a crash: once more from byte 0.
            self._tell(-self.shown)
            self._attempt()

    def _attempt(self) -> None:
        with self.carrier.store.ingest(self.file.digest, self.file.size) as ingest:
            self.resumed = ingest.size > 0
            self._tell(ingest.size - self.shown)
            if ingest.size < self.file.size or self.file.size == 0:
                self._receive(ingest)
            ingest.commit()

    def _receive(self, ingest: Ingest) -> None:
        with self._answer(ingest) as answer:
            if answer.length is not None and answer.offset + answer.length != self.file.size:
                raise SizeMismatch(self.file.size, answer.offset + answer.length)
            if answer.offset != ingest.size:
                ingest.restart()
                self.resumed = False
                self._tell(-self.shown)
            for chunk in answer.chunks():
                if self.carrier.is_over():
                    raise Stopped
                ingest.write(chunk)
                self.came += len(chunk)
                self._tell(len(chunk))

    @contextmanager
    def _answer(self, ingest: Ingest) -> Iterator[Answer]:
        """
        A transfer from where we are, or from byte 0 if the other side cannot count.
        """
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self.carrier.fetcher.open(self.url, offset=ingest.size))
            except BadStatus as error:
                if error.status != _PARTIAL or not ingest.size:
                    raise
                answer = stack.enter_context(self.carrier.fetcher.open(self.url))
            yield answer

    def _tell(self, count: int) -> None:
        if count:
            self.shown += count
            self.carrier.watch.moved(self.file, count)
