"""
Fetch blobs from whoever may have them, several at once: first from the places that are known, then from
those that the sources name when they are asked.

A blob is its hash, so it does not matter where it comes from; the store refuses any other bytes. What came
of an earlier attempt is gone on with, and begun anew if it turns out to be of other bytes.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from tundish.core.digest import Digest
from tundish.core.errors import (
    Busy,
    DigestMismatch,
    IntegrityError,
    NotFound,
    Stopped,
    StorageError,
    TundishError,
    UpstreamError,
)
from tundish.fetch.fetcher import Fetcher
from tundish.fetch.lanes import side_by_side
from tundish.fetch.retry import Patience, persist
from tundish.store.blobs import BlobSink, Ingest

_LONGEST = 500  # characters of what one place said


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where some bytes can be had, perhaps.
    """

    url: str
    fetcher: Fetcher


class Places(Protocol):
    """
    Who may have a blob.
    """

    def known(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The places that the catalog knows, without asking anybody.
        """

    def offered(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The places that the sources name when they are asked.
        """


@dataclass(frozen=True, slots=True)
class Lack:
    """
    A blob that is to come; `path` is what one of the images that lack it calls it.
    """

    digest: Digest
    size: int
    path: str
    held: int = 0  # of its bytes, those that came in an earlier run


@dataclass(frozen=True, slots=True)
class Lacks:
    files: tuple[Lack, ...]


class Watch(Protocol):
    """
    Who looks on; called from many threads.
    """

    def expect(self, plan: Lacks) -> None: ...

    def begun(self, file: Lack) -> None: ...

    def moved(self, file: Lack, count: int) -> None:
        """
        So many more bytes are in; negative when what came has to come again.
        """

    def retried(self, file: Lack, error: TundishError, delay: float) -> None: ...

    def ended(self, file: Lack, error: TundishError | None) -> None: ...


class Stoppable(Protocol):
    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Means:
    """
    What fetching takes. `sleep` ends soon after `stop` is set.
    """

    store: BlobSink
    places: Places
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    stop: Stoppable = field(default_factory=threading.Event)
    parallel: int = 8
    patience: Patience = field(default_factory=lambda: Patience(attempts=3))


@dataclass(slots=True)
class Fetched:
    """
    Where each blob came from, and why the places that did not help did not.
    """

    mended: dict[Digest, str] = field(default_factory=dict)
    reasons: dict[Digest, list[str]] = field(default_factory=dict)


def fetch_all(lacks: Sequence[Lack], means: Means, watch: Watch) -> Fetched:
    """
    Bring what can be had into the store. Once `means.stop` is set no more is begun, and what is under way
    ends with the next bytes.

    Raises:
        StorageError: this machine cannot keep it.
    """
    found, brake = Fetched(), _Brake(means.stop)
    watch.expect(Lacks(tuple(lacks)))
    for ask in (means.places.known, means.places.offered):
        left = [lack for lack in lacks if lack.digest not in found.mended]
        if not left or brake.is_set():
            break
        places = ask([lack.digest for lack in left])
        work = _Work(means, watch, brake, places, found)
        side_by_side(work.fetch, left, work.book, lanes=means.parallel, stop=brake)
    return found


class _Brake:
    """
    Whether all are to end: somebody says so, or something happened that ends it.
    """

    def __init__(self, stop: Stoppable) -> None:
        self._stop, self._own = stop, threading.Event()

    def pull(self) -> None:
        self._own.set()

    def is_set(self) -> bool:
        return self._stop.is_set() or self._own.is_set()


@dataclass(frozen=True, slots=True)
class _Work:
    """
    One round over all that is left, with the places of that round.
    """

    means: Means
    watch: Watch
    brake: _Brake
    places: Mapping[Digest, Sequence[Place]]
    found: Fetched

    def fetch(self, lack: Lack) -> tuple[str, list[str]]:
        """
        The place that gave the blob, empty if none did, and what the others said.
        """
        said: list[str] = []
        places = self.places.get(lack.digest, ())
        if not places:
            return "", said
        self.watch.begun(lack)
        transfer, error = _Transfer(lack, self), TundishError()
        for place in places:
            try:
                transfer.persist(place)
            except (UpstreamError, IntegrityError, NotFound, Busy) as failed:
                error = failed
                said.append(f"{place.url}: {failed}"[:_LONGEST])
            except TundishError as failed:
                self.watch.ended(lack, failed)
                raise
            else:
                self.watch.ended(lack, None)
                return place.url, said
        self.watch.ended(lack, error)
        return "", said

    def book(self, lack: Lack, result: tuple[str, list[str]] | TundishError) -> None:
        if isinstance(result, StorageError):
            raise result
        reasons = self.found.reasons.setdefault(lack.digest, [])
        if isinstance(result, TundishError):
            reasons.append(str(result))
            return
        url, said = result
        reasons += said
        if url:
            self.found.mended[lack.digest] = url


@dataclass(slots=True)
class _Transfer:
    """
    One blob under way, over as many places and attempts as it takes.
    """

    lack: Lack
    work: _Work
    shown: int = 0  # bytes held, as the watcher was told
    resumed: bool = False  # whether the last attempt went on from bytes that came elsewhere or earlier

    def persist(self, place: Place) -> None:
        means, lack = self.work.means, self.lack
        persist(
            partial(self._attempt, place),
            means.patience,
            sleep=means.sleep,
            jitter=means.jitter,
            on_retry=lambda error, delay: self.work.watch.retried(lack, error, delay),
            moved=lambda: self.shown,
        )

    def _attempt(self, place: Place) -> None:
        if self.work.brake.is_set():
            raise Stopped
        try:
            self._take(place)
        except DigestMismatch:
            self._tell(-self.shown)
            if not self.resumed:
                raise
            self._take(place)

    def _take(self, place: Place) -> None:
        with self.work.means.store.ingest(self.lack.digest, self.lack.size) as ingest:
            self.resumed = ingest.size > 0
            self._tell(ingest.size - self.shown)
            if ingest.size < self.lack.size or self.lack.size == 0:
                self._receive(place, ingest)
            ingest.commit()

    def _receive(self, place: Place, ingest: Ingest) -> None:
        with place.fetcher.open(place.url, offset=ingest.size) as answer:
            if answer.offset != ingest.size:
                ingest.restart()
                self.resumed = False
                self._tell(-self.shown)
            for chunk in answer.chunks():
                if self.work.brake.is_set():
                    raise Stopped
                ingest.write(chunk)
                self._tell(len(chunk))

    def _tell(self, count: int) -> None:
        if count:
            self.shown += count
            self.work.watch.moved(self.lack, count)
