"""
The books of one run: which versions still lack which files, and what the catalog is told of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tundish.catalog.images import Images
from tundish.core.digest import Digest
from tundish.core.errors import IntegrityError, Stopped, StorageError, TundishError
from tundish.core.holding import HoldingId
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.store.blobs import BlobSink
from tundish.sync.plan import Action, Plan, PlannedFile, PlannedVersion

K = TypeVar("K")
BATCH = 1_000  # versions marked complete in one transaction: each syncs up to 256 folders before it


@dataclass(frozen=True, slots=True)
class Failure:
    file: PlannedFile
    error: TundishError


@dataclass(frozen=True, slots=True)
class Missed:
    """
    A source that could not be read, or one document of it.
    """

    source: SourceName
    document: str  # its content id; empty: the source as a whole
    error: TundishError


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a run did. `fetched_bytes` came over the network; the tuples of text are refs.
    """

    fetched_files: int = 0
    fetched_bytes: int = 0
    completed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    missed: tuple[Missed, ...] = ()

    def then(self, later: "Outcome") -> "Outcome":
        """
        What both of two runs did; the later one tried again what the first one lacked.
        """
        return replace(
            later,
            fetched_files=self.fetched_files + later.fetched_files,
            fetched_bytes=self.fetched_bytes + later.fetched_bytes,
            completed=(*self.completed, *later.completed),
            retired=(*self.retired, *later.retired),
        )


class Ledger:
    """
    Books each file as it ends. Used from one thread. `fatal` is what ended the run early, if anything.
    """

    def __init__(self, plan: Plan, images: Images, store: BlobSink, now: Callable[[], datetime]) -> None:
        self._images, self._store, self._now, self._plan = images, store, now, plan
        self._versions = plan.of(Action.FETCH)
        coming = {file.digest for file in plan.files}
        self._lacking = [{item.digest for item in each.version.items} & coming for each in self._versions]
        self._users: dict[Digest, list[int]] = {}
        for place, lacking in enumerate(self._lacking):
            for digest in lacking:
                self._users.setdefault(digest, []).append(place)
        self._ids = self._announce()
        self._done: list[int] = []
        self._completed: list[int] = []
        self._failures: list[Failure] = []
        self._files = self._bytes = 0
        self.fatal: TundishError | None = None
        for place, lacking in enumerate(self._lacking):
            if not lacking:
                self._complete(place)

    def _announce(self) -> list[HoldingId]:
        """
        Write the versions into the catalog as on their way; their ids by place.
        """
        at = self._now()
        damaged = [each.holding for each in self._versions if each.damaged and each.holding is not None]
        self._images.move(damaged, State.DAMAGED, at)
        ids: dict[int, HoldingId] = {}
        for source, places in self._grouped(range(len(self._versions)), _source_of).items():
            lines = self._grouped(places, _line_of).values()
            products = [
                replace(
                    self._versions[line[0]].product,
                    versions=tuple(self._versions[place].version for place in line),
                )
                for line in lines
            ]
            numbers = self._images.record_many(source, products, State.FETCHING, at)
            ids.update(zip((place for line in lines for place in line), numbers, strict=True))
        self._images.move(ids.values(), State.FETCHING, at)
        return [ids[place] for place in range(len(self._versions))]

    def _grouped(self, places: Iterable[int], key: Callable[[PlannedVersion], K]) -> dict[K, list[int]]:
        groups: dict[K, list[int]] = {}
        for place in places:
            groups.setdefault(key(self._versions[place]), []).append(place)
        return groups

    def arrived(self, file: PlannedFile, came: int) -> None:
        """
        A file is in the store; `came` of its bytes came over the network.
        """
        self._files += 1
        self._bytes += came
        for place in self._users.get(file.digest, ()):
            self._lacking[place].discard(file.digest)
            if not self._lacking[place]:
                self._complete(place)

    def failed(self, file: PlannedFile, error: TundishError) -> None:
        """
        A file will not come in this run. Errors of our own disk, and a stop, end the run.
        """
        if isinstance(error, StorageError | Stopped):
            self.fatal = self.fatal or error
        else:
            self._failures.append(Failure(file, error))

    def _complete(self, place: int) -> None:
        self._done.append(place)
        if len(self._done) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        self._store.sync()  # the catalog may not promise what a power cut could take back
        self._images.move([self._ids[place] for place in self._done], State.COMPLETE, self._now())
        self._completed.extend(self._done)
        self._done.clear()

    def close(self) -> Outcome:
        """
        Bring the catalog up to what happened.
        """
        self._flush()
        lacking = [place for place, digests in enumerate(self._lacking) if digests]
        self._images.move([self._ids[place] for place in lacking], State.INCOMPLETE, self._now())
        incomplete = [self._versions[place] for place in lacking]
        return Outcome(
            fetched_files=self._files,
            fetched_bytes=self._bytes,
            completed=_refs(self._versions[place] for place in self._completed),
            retired=_refs(self._retire(incomplete)),
            incomplete=_refs(incomplete),
            failures=tuple(self._failures),
        )

    def _retire(self, incomplete: Sequence[PlannedVersion]) -> list[PlannedVersion]:
        """
        Retire what the plan retires, but nothing whose replacement, from whatever source, is not whole yet.
        """
        lines, images = {each.line for each in incomplete}, {each.product.ref for each in incomplete}
        leaving = [
            each
            for each in self._plan.of(Action.RETIRE)
            if each.line not in lines and each.product.ref not in images
        ]
        ids = [each.holding for each in leaving if each.holding is not None]
        self._images.move(ids, State.RETIRED, self._now())
        return leaving


def _source_of(planned: PlannedVersion) -> SourceName:
    return planned.source


def _line_of(planned: PlannedVersion) -> tuple[str, str, str]:
    return planned.line


def _refs(versions: Iterable[PlannedVersion]) -> tuple[str, ...]:
    return tuple(planned.ref for planned in versions)


def worst(failures: Sequence[Failure]) -> TundishError:
    """
    The failure to show when nothing at all came: one that will not heal by itself before one that may.
    """
    return next(
        (each.error for each in failures if isinstance(each.error, IntegrityError)), failures[0].error
    )
