"""
Bring files into a store side by side, each from the first of its addresses that has it whole, as patiently
as it needs.

A file that fails spoils no other. A stop or a full disk leaves every part where it is. A store is known
here by what it takes in; what the bytes are, it judges.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tundish.core.digest import Digest
from tundish.core.errors import (
    BadStatus,
    DigestMismatch,
    Gone,
    IntegrityError,
    SizeMismatch,
    Stopped,
    TundishError,
    UpstreamError,
    is_worth_retrying,
)
from tundish.core.names import ItemPath
from tundish.fetch.brake import Brake, pauses
from tundish.fetch.fetcher import Answer, Fetcher
from tundish.fetch.gate import Gate
from tundish.fetch.headers import shown
from tundish.fetch.lanes import side_by_side
from tundish.fetch.retry import Patience, persist
from tundish.fetch.routed import join

PARTIAL_CONTENT = 206  # as a refusal: the range that came is not the one asked for


def may_have_moved_on(error: TundishError) -> bool:
    """
    Whether a source may have published anew since its index was read: a file is gone, or another one now.
    """
    return isinstance(error, Gone | DigestMismatch | SizeMismatch)


class File(Protocol):
    """
    One file to bring.
    """

    @property
    def path(self) -> ItemPath: ...

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> Digest: ...


F = TypeVar("F", bound=File)
F_contra = TypeVar("F_contra", bound=File, contravariant=True)


class Ingest(Protocol):
    """
    One file on its way in; see `store.blobs.Ingest`.
    """

    @property
    def size(self) -> int: ...

    def write(self, chunk: bytes) -> None: ...

    def restart(self) -> None: ...

    def commit(self) -> None: ...


class Sink(Protocol):
    def ingest(self, expected: Digest, size: int) -> AbstractContextManager[Ingest]: ...


class Watch(Protocol[F_contra]):
    """
    Who looks on while files are fetched. Called from many threads.
    """

    def begun(self, file: F_contra) -> None: ...

    def moved(self, file: F_contra, count: int) -> None:
        """
        So many more bytes are in; negative when what came has to come again.
        """

    def retried(self, file: F_contra, error: TundishError, delay: float) -> None: ...

    def ended(self, file: F_contra, error: TundishError | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a file is: below each of these roots, the first one preferred, or perhaps where another program left
    it (`found`). `name` is said before an address.
    """

    fetcher: Fetcher
    roots: Sequence[str]
    name: str = ""
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Carrier(Generic[F]):
    """
    What the files of one run have in common. `parallel` of them are under way at once, or up to twice as many
    while they are small.
    """

    store: Sink
    watch: Watch[F]
    brake: Brake
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    patience: Patience
    parallel: int

    def bring_all(
        self,
        files: Iterable[F],
        place: Callable[[F], Place],
        book: Callable[[F, int | TundishError], None],
    ) -> None:
        """
        Bring them in, in order. `book` is told on this thread of each that ended: how many bytes came over
        the network for it, or why it did not come.
        """
        gate = Gate[F](self.parallel, self.brake)

        def bring(file: F) -> int:
            transfer = _Transfer(file, self, place(file), gate)
            try:
                return self._bring(file, transfer)
            finally:
                transfer.leave()

        side_by_side(bring, gate.admitted(files), book, lanes=gate.lanes, stop=self.brake)

    def _bring(self, file: F, transfer: "_Transfer[F]") -> int:
        watch, found = self.watch, transfer.place.found
        watch.begun(file)
        try:
            if found is None or not transfer.is_taken(found):
                persist(
                    transfer.attempt,
                    self.patience,
                    sleep=pauses(self.sleep, self.brake),
                    jitter=self.jitter,
                    on_retry=lambda error, delay: watch.retried(file, error, delay),
                    moved=lambda: transfer.shown,
                )
        except TundishError as error:
            watch.ended(file, error)
            raise
        watch.ended(file, None)
        return transfer.came


@dataclass(slots=True)
class _Transfer(Generic[F]):
    """
    One file under way, over as many attempts as it takes.
    """

    file: F
    carrier: Carrier[F]
    place: Place
    gate: Gate[F]
    is_inside: bool = True  # it has its room among those that are fetched
    came: int = 0  # bytes over the network, those that had to come again included
    shown: int = 0  # bytes held, as the watcher was told
    resumed: bool = False  # whether the last attempt went on from bytes it had not fetched itself

    def leave(self) -> None:
        if self.is_inside:
            self.is_inside = False
            self.gate.leave(self.file)

    def is_taken(self, found: str) -> bool:
        """
        Take in what is here already, if it is the file.
        """
        try:
            self._attempt_at(found)
        except (UpstreamError, IntegrityError):
            return False
        finally:
            self.came = 0
        return True

    def attempt(self) -> None:
        """
        Try every root in turn. Raises the first error that another try may mend, else the first of all.
        """
        errors: list[TundishError] = []
        for root in self.place.roots:
            url = join(root, self.file.path)
            try:
                self._attempt_at(url)
            except (UpstreamError, IntegrityError) as error:
                errors.append(_named(error, f"{self.place.name}{shown(url)}"))
            else:
                return
        raise next(filter(is_worth_retrying, errors), errors[0])

    def _attempt_at(self, url: str) -> None:
        if self.carrier.brake.is_set():
            raise Stopped
        try:
            self._attempt(url)
        except DigestMismatch:
            if not self.resumed:
                raise
            # The part of an earlier run may be of another file, or spoilt by a crash: once more from byte 0.
            self._tell(-self.shown)
            self._attempt(url)

    def _attempt(self, url: str) -> None:
        with self.carrier.store.ingest(self.file.digest, self.file.size) as ingest:
            self.resumed = ingest.size > 0
            self._tell(ingest.size - self.shown)
            if ingest.size < self.file.size or self.file.size == 0:
                self._receive(url, ingest)
            self.leave()  # while the disk works, the network may
            ingest.commit()

    def _receive(self, url: str, ingest: Ingest) -> None:
        with self._answer(url, ingest.size) as answer:
            if answer.length is not None and answer.offset + answer.length != self.file.size:
                raise SizeMismatch(self.file.size, answer.offset + answer.length)
            if answer.offset != ingest.size:
                ingest.restart()
                self.resumed = False
                self._tell(-self.shown)
            for chunk in answer.chunks():
                if self.carrier.brake.is_set():
                    raise Stopped
                ingest.write(chunk)
                self.came += len(chunk)
                self._tell(len(chunk))

    def _answer(self, url: str, offset: int) -> AbstractContextManager[Answer]:
        return self._resumed(url, offset) if offset else self.place.fetcher.open(url)

    @contextmanager
    def _resumed(self, url: str, offset: int) -> Iterator[Answer]:
        """
        A transfer from where we are, or from byte 0 if the other side cannot count.
        """
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self.place.fetcher.open(url, offset=offset))
            except BadStatus as error:
                if error.status != PARTIAL_CONTENT:
                    raise
                answer = stack.enter_context(self.place.fetcher.open(url))
            yield answer

    def _tell(self, count: int) -> None:
        if count:
            self.shown += count
            self.carrier.watch.moved(self.file, count)


def _named(error: TundishError, place: str) -> TundishError:
    """
    The error, with the place the bytes came from: a store knows them by their digest only.
    """
    if isinstance(error, DigestMismatch):
        return DigestMismatch(error.expected, error.actual, place)
    if isinstance(error, SizeMismatch):
        return SizeMismatch(error.expected, error.actual, place)
    return error
