"""
A small region for tests: a catalog on disk, a store, and a stream simulator as its only way out.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.stream_simulator import StreamSimulator
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import TundishError
from tundish.core.names import source_name
from tundish.core.selection import Selection, Source
from tundish.fetch.fetcher import Fetcher
from tundish.store.blobs import BlobJanitor
from tundish.store.local import LocalStore
from tundish.sync import run
from tundish.sync.ledger import Outcome
from tundish.sync.mirror import Gear
from tundish.sync.plan import Plan, PlannedFile
from tundish.sync.run import Desk, Prepared
from tundish.tools.gpg import Gpgv

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = source_name("lab")


class Watch:
    """
    A watcher that remembers what it saw.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.bytes = 0
        self.retries: list[str] = []
        self.failed: dict[str, str] = {}

    def begun(self, file: PlannedFile) -> None: ...

    def moved(self, file: PlannedFile, count: int) -> None:
        with self.lock:
            self.bytes += count

    def retried(self, file: PlannedFile, error: TundishError, delay: float) -> None:
        self.retries.append(file.path)

    def ended(self, file: PlannedFile, error: TundishError | None) -> None:
        if error is not None:
            self.failed[file.path] = str(error)


@dataclass
class Region:
    """
    `sync` as a person would; the moment is `now`, which tests move on.
    """

    catalog: Catalog
    store: BlobJanitor
    fetcher: Fetcher
    folder: Path
    now: datetime = DAY
    watch: Watch = field(default_factory=Watch)
    stop: threading.Event = field(default_factory=threading.Event)
    pauses: list[float] = field(default_factory=list)
    parallel: int = 4

    def desk(self) -> Desk:
        gear = Gear(
            fetcher=self.fetcher,
            store=self.store,
            images=self.catalog.images,
            roots={},
            now=lambda: self.now,
            sleep=self.pauses.append,
            jitter=lambda: 0.5,
            parallel=self.parallel,
        )
        return Desk(self.catalog, self.store, self.fetcher, Gpgv(), gear, "a test")

    def add(self, stream: StreamSimulator, *, keyring: bytes | None = None) -> None:
        keys = stream.keyring if keyring is None else keyring
        self.catalog.sources.add(Source(SOURCE, stream.url, keys), self.now)

    def select(self, os: str = "*", series: str = "*", *, keep: int = 1) -> int:
        return self.catalog.selections.add(Selection(os=os, series=series, keep=keep), self.now)

    def plan(self) -> Plan:
        return run.prepare(self.desk()).plan

    def sync(self, *, allow_rollback: bool = False, allow_mass_removal: bool = False) -> Outcome:
        return run.sync(
            self.desk(),
            watch=self.watch,
            stop=self.stop,
            planned=_ignore,
            allow_rollback=allow_rollback,
            allow_mass_removal=allow_mass_removal,
        )

    def states(self) -> dict[str, str]:
        """
        The state of everything held, by ref.
        """
        return {each.ref: str(each.state) for each in self.catalog.images.list()}

    def blobs(self) -> set[str]:
        return {blob.digest.hex for blob in self.store.walk()}

    def tomorrow(self) -> datetime:
        self.now += timedelta(days=1)
        return self.now


def _ignore(_: Prepared) -> None: ...


@contextmanager
def region(folder: Path, fetcher: Fetcher, store: BlobJanitor | None = None) -> Iterator[Region]:
    """
    A region that keeps its state in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    catalog = Catalog.open(sqlite_url(folder / "catalog.sqlite"))
    try:
        yield Region(catalog, store or LocalStore(folder / "store"), fetcher, folder)
    finally:
        catalog.close()
