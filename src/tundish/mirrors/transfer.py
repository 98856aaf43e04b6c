"""
Bring files into the store of a mirror, and say what came.

A file that lies in the tree already, put there by another program, is taken in instead of fetched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tundish.core.digest import Digest
from tundish.core.errors import Stopped, StorageError, TundishError
from tundish.core.names import ItemPath
from tundish.fetch import carrier
from tundish.fetch.carrier import Carrier, Place
from tundish.store.blobs import BlobSink


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    One file to bring into the store. `found` is where another program may have left it.
    """

    path: ItemPath
    digest: Digest
    size: int
    found: str | None = None
    held: int = 0  # of its bytes, those that came in an earlier run


Watch: TypeAlias = carrier.Watch[Wanted]


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

    def book(self, file: Wanted, result: int | TundishError) -> None:
        if isinstance(result, StorageError | Stopped):
            self.fatal = self.fatal or result
        elif isinstance(result, TundishError):
            self.failures.append(Failure(file, result))
        else:
            self.bytes += result
            self.files += 1


def bring(files: Sequence[Wanted], *, carriage: Carrier[Wanted], place: Place, store: BlobSink) -> Arrivals:
    """
    Bring them all in. What failed is in the answer.

    Raises:
        StorageError: the disk is full or refuses.
        Stopped: a person said so.
    """
    arrivals = Arrivals()

    def book(file: Wanted, result: int | TundishError) -> None:
        arrivals.book(file, result)
        if arrivals.fatal:
            carriage.brake.pull()

    carriage.bring_all(files, lambda file: replace(place, found=file.found), book)
    if arrivals.fatal:
        raise arrivals.fatal
    if carriage.brake.is_set():
        raise Stopped
    store.sync()
    return arrivals
