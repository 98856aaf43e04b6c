"""
Live progress on standard error: bars on a terminal, a plain line now and then elsewhere.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from tundish.cli.session import size_text
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.errors import Stopped, TundishError

if TYPE_CHECKING:  # it brings the catalog's library, which a mirror does without
    from tundish.sync.mirror import Watch

EVERY = 2.0  # seconds between two plain lines


class File(Protocol):
    """
    What is shown of a file under way.
    """

    @property
    def path(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> Digest: ...

    @property
    def held(self) -> int:
        """
        How many of its bytes came in an earlier run.
        """


class Files(Protocol):
    @property
    def files(self) -> Sequence[File]: ...


class _Earlier:
    """
    What of the files came in an earlier run: here from the start, it is no speed of this one.
    """

    def __init__(self, plan: Files) -> None:
        self._held = {file.digest.hex: file.held for file in plan.files}
        self.bytes = sum(self._held.values())

    def more(self, file: File, count: int) -> int:
        """
        How many bytes there are more; the first count of a file has those that were there.
        """
        return count - self._held.pop(file.digest.hex, 0)


class _Totals:
    """
    What is counted for plain lines; called from many threads.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.files = self.bytes = self.done = self.came = self.moved = 0
        self.since = clock.monotonic()

    def expect(self, plan: Files) -> None:
        self.files = len(plan.files)
        self.bytes = sum(file.size for file in plan.files)
        self.earlier = _Earlier(plan)
        self.came, self.done, self.moved = self.earlier.bytes, 0, 0
        self.since = clock.monotonic()

    def move(self, file: File, count: int) -> None:
        more = self.earlier.more(file, count)
        self.came += more
        self.moved += more

    def speed(self) -> float:
        return max(self.moved, 0) / max(clock.monotonic() - self.since, 0.001)

    def line(self) -> str:
        left = (self.bytes - self.came) / max(self.speed(), 1.0)
        return (
            f"{self.done} of {self.files} files, {size_text(self.came)} of {size_text(self.bytes)}, "
            f"{size_text(int(self.speed()))}/s, {left:.0f} s left"
        )


class Lines:
    """
    A plain line every few seconds, and one for each retry and failure.
    """

    def __init__(self) -> None:
        self._totals, self._next = _Totals(), 0.0

    def expect(self, plan: Files) -> None:
        self._totals.expect(plan)
        self._next = clock.monotonic() + EVERY

    def begun(self, file: File) -> None:
        pass

    def moved(self, file: File, count: int) -> None:
        with self._totals.lock:
            self._totals.move(file, count)
            if clock.monotonic() < self._next:
                return
            self._next = clock.monotonic() + EVERY
            line = self._totals.line()
        click.echo(line, err=True)

    def retried(self, file: File, error: TundishError, delay: float) -> None:
        click.echo(f"again in {delay:.1f} s: {file.path}: {error}", err=True)

    def ended(self, file: File, error: TundishError | None) -> None:
        with self._totals.lock:
            self._totals.done += error is None
        if error is not None:
            click.echo(f"failed: {file.path}: {error}", err=True)

    def finish(self) -> None:
        if self._totals.moved:
            click.echo(self._totals.line(), err=True)


class Bars:
    """
    One bar for everything and one for each file under way.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._files: dict[str, TaskID] = {}
        self._total: TaskID | None = None
        self._lock = threading.Lock()

    def expect(self, plan: Files) -> None:
        if plan.files:
            size = sum(file.size for file in plan.files)
            self._earlier = _Earlier(plan)
            self._total = self._progress.add_task(
                f"{len(plan.files)} files", total=size, completed=self._earlier.bytes
            )
            self._progress.start()

    def begun(self, file: File) -> None:
        name = file.path if len(file.path) <= 48 else "..." + file.path[-45:]
        with self._lock:
            task = self._progress.add_task(name, total=file.size, completed=file.held)
            self._files[file.digest.hex] = task

    def moved(self, file: File, count: int) -> None:
        with self._lock:
            more = self._earlier.more(file, count)
        if self._total is not None:
            self._progress.advance(self._total, more)
        self._progress.advance(self._files[file.digest.hex], more)

    def retried(self, file: File, error: TundishError, delay: float) -> None:
        self._progress.console.print(f"again in {delay:.1f} s: {file.path}: {error}", markup=False)

    def ended(self, file: File, error: TundishError | None) -> None:
        with self._lock:
            self._progress.remove_task(self._files.pop(file.digest.hex))
        if error is not None:
            self._progress.console.print(f"failed: {file.path}: {error}", markup=False)

    def finish(self) -> None:
        self._progress.stop()


class Steps:
    """
    A gauge: a plain line every few seconds, and the end once `stop` is set.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._files = self._size = self._passed = self._came = 0
        self._next = clock.monotonic() + EVERY

    def more(self, files: int, size: int) -> None:
        self._files, self._size = self._files + files, self._size + size

    def moved(self, count: int) -> None:
        """
        Raises:
            Stopped: somebody wants it to end.
        """
        self._came += count
        if clock.monotonic() >= self._next:
            self._next = clock.monotonic() + EVERY
            size = f", {size_text(self._came)} of {size_text(self._size)}" if self._size else ""
            click.echo(f"{self._passed} of {self._files} files{size}", err=True)
        if self._stop.is_set():
            raise Stopped

    def passed(self, size: int) -> None:
        """
        Raises:
            Stopped: somebody wants it to end.
        """
        self._passed += 1
        self.moved(size)


@contextmanager
def stepping() -> Iterator[Steps]:
    """
    A gauge that Ctrl-C and SIGTERM end where all is whole.
    """
    from tundish.cli.sync import stoppable

    with stoppable() as stop:
        yield Steps(stop)


@contextmanager
def shown() -> Iterator["Lines | Bars"]:
    """
    A watcher that suits where standard error goes.
    """
    watch: Lines | Bars = Bars() if sys.stderr.isatty() else Lines()
    _promise(watch)
    try:
        yield watch
    finally:
        watch.finish()


def _promise(_: "Watch") -> None:
    """
    Holds the type checker to it that both are watchers.
    """
