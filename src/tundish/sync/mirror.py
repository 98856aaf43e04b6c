"""
Carry out a plan: fetch its files side by side, mark versions complete as their last file lands, retire
what its replacement made needless.

One file that fails spoils only the versions that name it. A stop, a crash or a full disk leaves every
part where it is; the next run goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tundish.catalog.images import Images
from tundish.core.errors import (
    BadStatus,
    DigestMismatch,
    IntegrityError,
    NoSpace,
    SizeMismatch,
    Stopped,
    TundishError,
    UpstreamError,
    is_worth_retrying,
)
from tundish.core.names import SourceName
from tundish.fetch.fetcher import Answer, Fetcher
from tundish.fetch.lanes import side_by_side
from tundish.fetch.retry import Patience, persist
from tundish.fetch.routed import join
from tundish.store.blobs import BlobSink, Ingest
from tundish.sync.gate import Gate
from tundish.sync.ledger import Ledger, Outcome
from tundish.sync.patient import Brake, Stoppable, pauses
from tundish.sync.plan import Plan, PlannedFile

PARTIAL_CONTENT = 206  # as a refusal: the range that came is not the one asked for
_RESERVE = 64 * 1024 * 1024  # bytes left free beside what the plan needs


class Watch(Protocol):
    """
    Who looks on while files are fetched. Called from many threads.
    """

    def begun(self, file: PlannedFile) -> None: ...

    def moved(self, file: PlannedFile, count: int) -> None:
        """
        So many more bytes are in; negative when what came has to come again.
        """

    def retried(self, file: PlannedFile, error: TundishError, delay: float) -> None: ...

    def ended(self, file: PlannedFile, error: TundishError | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Gear:
    """
    What a mirror works with. `roots` are the sources' URLs, each with a trailing slash, `mirrors` further
    ones with the same files; `fetchers` are for sources that are not reached in the usual way. `parallel`
    files are under way at once, or up to twice as many while they are small.
    """

    fetcher: Fetcher
    store: BlobSink
    images: Images
    roots: Mapping[SourceName, str]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    patience: Patience = field(default_factory=Patience)
    parallel: int = 8
    mirrors: Mapping[SourceName, Sequence[str]] = field(default_factory=dict)
    fetchers: Mapping[SourceName, Fetcher] = field(default_factory=dict)


def mirror(plan: Plan, *, gear: Gear, watch: Watch, stop: Stoppable) -> Outcome:
    """
    Do what the plan says.

    Raises:
        NoSpace: the plan does not fit, or the disk filled up on the way.
        StorageError: the store cannot keep it.
        Stopped: `stop` was set.
    """
    _check_space(plan, gear.store)
    ledger, brake = Ledger(plan, gear.images, gear.store, gear.now), Brake(stop)
    gate = Gate(gear.parallel, brake)
    transport = _Transport(gear, watch, brake, gate)

    def book(file: PlannedFile, result: int | TundishError) -> None:
        if isinstance(result, TundishError):
            ledger.failed(file, result)
        else:
            ledger.arrived(file, result)
        if ledger.fatal:
            brake.pull()

    side_by_side(transport.fetch, gate.admitted(plan.files), book, lanes=gate.lanes, stop=brake)
    if brake.is_set() and ledger.fatal is None:
        ledger.fatal = Stopped()
    outcome = ledger.close()
    if ledger.fatal:
        raise ledger.fatal
    return outcome


def _check_space(plan: Plan, store: BlobSink) -> None:
    free = store.free()
    needed = plan.fetch_bytes + (_RESERVE if plan.fetch_bytes else 0)
    if free is not None and needed > free:
        raise NoSpace("the store", needed, free)


@dataclass(frozen=True, slots=True)
class _Transport:
    """
    What the files of one run have in common.
    """

    gear: Gear
    watch: Watch
    brake: Brake
    gate: Gate

    def fetch(self, file: PlannedFile) -> int:
        """
        Bring one file, which the gate has admitted, into the store. Returns the bytes that came over the
        network.
        """
        try:
            return self._fetch(file)
        finally:
            self.gate.leave(file)

    def _fetch(self, file: PlannedFile) -> int:
        transfer, watch = _Transfer(file, self.gear, self.watch, self.brake), self.watch
        watch.begun(file)
        try:
            persist(
                transfer.attempt,
                self.gear.patience,
                sleep=pauses(self.gear.sleep, self.brake),
                jitter=self.gear.jitter,
                on_retry=lambda error, delay: watch.retried(file, error, delay),
                moved=lambda: transfer.shown,
            )
        except TundishError as error:
            watch.ended(file, error)
            raise
        watch.ended(file, None)
        return transfer.came


def _named(error: TundishError, place: str) -> TundishError:
    """
    The error, with the place the bytes came from: a store knows them by their digest only.
    """
    if isinstance(error, DigestMismatch):
        return DigestMismatch(error.expected, error.actual, place)
    if isinstance(error, SizeMismatch):
        return SizeMismatch(error.expected, error.actual, place)
    return error


@dataclass(slots=True)
class _Transfer:
    """
    One file under way, over as many attempts as it takes.
    """

    file: PlannedFile
    gear: Gear
    watch: Watch
    brake: Brake
    came: int = 0  # bytes over the network, those that had to come again included
    shown: int = 0  # bytes held, as the watcher was told
    resumed: bool = False  # whether the last attempt went on from bytes it had not fetched itself
    root: str = ""  # where it is asked for now

    @property
    def url(self) -> str:
        return join(self.root or self.gear.roots[self.file.source], self.file.path)

    def attempt(self) -> None:
        """
        Try every root in turn. Raises the first error that another try may mend, else the first of all.
        """
        errors: list[TundishError] = []
        for root in (self.gear.roots[self.file.source], *self.gear.mirrors.get(self.file.source, ())):
            self.root = root
            try:
                self._attempt_here()
            except (UpstreamError, IntegrityError) as error:
                errors.append(_named(error, f"source {self.file.source}, {self.url}"))
            else:
                return
        raise next(filter(is_worth_retrying, errors), errors[0])

    def _attempt_here(self) -> None:
        if self.brake.is_set():
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
        with self.gear.store.ingest(self.file.digest, self.file.size) as ingest:
            self.resumed = ingest.size > 0
            self._tell(ingest.size - self.shown)
            if ingest.size < self.file.size or self.file.size == 0:
                self._receive(ingest)
            ingest.commit()

    def _receive(self, ingest: Ingest) -> None:
        with self._answer(self.url, ingest) as answer:
            if answer.length is not None and answer.offset + answer.length != self.file.size:
                raise SizeMismatch(self.file.size, answer.offset + answer.length)
            if answer.offset != ingest.size:
                ingest.restart()
                self.resumed = False
                self._tell(-self.shown)
            for chunk in answer.chunks():
                if self.brake.is_set():
                    raise Stopped
                ingest.write(chunk)
                self.came += len(chunk)
                self._tell(len(chunk))

    @contextmanager
    def _answer(self, url: str, ingest: Ingest) -> Iterator[Answer]:
        """
        A transfer from where we are, or from byte 0 if the other side cannot count.
        """
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self._fetcher.open(url, offset=ingest.size))
            except BadStatus as error:
                if error.status != PARTIAL_CONTENT or not ingest.size:
                    raise
                answer = stack.enter_context(self._fetcher.open(url))
            yield answer

    @property
    def _fetcher(self) -> Fetcher:
        return self.gear.fetchers.get(self.file.source, self.gear.fetcher)

    def _tell(self, count: int) -> None:
        if count:
            self.shown += count
            self.watch.moved(self.file, count)
