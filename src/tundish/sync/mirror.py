"""
Carry out a plan: fetch its files side by side, mark versions complete as their last file lands, retire
what its replacement made needless.

One file that fails spoils only the versions that name it. A stop, a crash or a full disk leaves every
part where it is; the next run goes on from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeAlias

from tundish.catalog.images import Images
from tundish.core.errors import NoSpace, Stopped, TundishError
from tundish.core.names import SourceName
from tundish.fetch import carrier
from tundish.fetch.brake import Brake, Stoppable
from tundish.fetch.carrier import Carrier, Place
from tundish.fetch.fetcher import Fetcher
from tundish.fetch.retry import Patience
from tundish.store.blobs import BlobSink
from tundish.sync.ledger import Ledger, Outcome
from tundish.sync.plan import Plan, PlannedFile

_RESERVE = 64 * 1024 * 1024  # bytes left free beside what the plan needs


Watch: TypeAlias = carrier.Watch[PlannedFile]


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

    def book(file: PlannedFile, result: int | TundishError) -> None:
        if isinstance(result, TundishError):
            ledger.failed(file, result)
        else:
            ledger.arrived(file, result)
        if ledger.fatal:
            brake.pull()

    carriage = Carrier(gear.store, watch, brake, gear.sleep, gear.jitter, gear.patience, gear.parallel)
    carriage.bring_all(plan.files, partial(_place, gear), book)
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


def _place(gear: Gear, file: PlannedFile) -> Place:
    source = file.source
    roots = (gear.roots[source], *gear.mirrors.get(source, ()))
    return Place(gear.fetchers.get(source, gear.fetcher), roots, f"source {source}, ")
