"""
One sync from end to end: read the sources, plan, carry out, and leave a job and events behind.

One sync per catalog at a time. A source that cannot be read does not keep the others from syncing.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tundish.catalog.opened import Catalog
from tundish.core.errors import NotFound, Partial, Stopped, TundishError
from tundish.core.holding import Holding, HoldingId
from tundish.core.names import SourceName
from tundish.core.selection import Selection, Source
from tundish.fetch.fetcher import Fetcher
from tundish.store.blobs import BlobJanitor
from tundish.sync import retention
from tundish.sync.guard import check_removal
from tundish.sync.ledger import Outcome, worst
from tundish.sync.mirror import Gear, Watch, mirror
from tundish.sync.offer import Offer
from tundish.sync.patient import PatientFetcher
from tundish.sync.plan import Plan, plan
from tundish.sync.reading import entry, read
from tundish.sync.report import outcome_json
from tundish.trust.protocols import Verifier

KIND = "sync"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """
    A source that could not be read, and why.
    """

    source: SourceName
    error: TundishError


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A plan, and what it was made from.
    """

    plan: Plan
    offers: tuple[Offer, ...]
    unreadable: tuple[Unreadable, ...]
    holdings: tuple[Holding, ...] = ()
    selections: tuple[Selection, ...] = ()
    ties: Mapping[HoldingId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What a sync works with. `gear` is made for each run, because it holds the sources' roots.
    """

    catalog: Catalog
    store: BlobJanitor
    fetcher: Fetcher
    verifier: Verifier
    gear: Gear
    holder: str  # who we are, for whoever finds the catalog taken


def prepare(
    desk: Desk,
    names: Sequence[SourceName] = (),
    *,
    allow_rollback: bool = False,
    stop: threading.Event | None = None,
) -> Prepared:
    """
    Read the sources (all enabled ones, or those named) and plan. Writes nothing.

    Raises:
        NotFound: there is no source, no selection, or none of a given name.
        Stopped: `stop` was set.
        TundishError: not one source could be read.
    """
    offers: list[Offer] = []
    unreadable: list[Unreadable] = []
    gear = desk.gear
    fetcher = PatientFetcher(desk.fetcher, gear.sleep, gear.jitter, stop or threading.Event())
    for source in _sources(desk.catalog, names):
        try:
            offers.append(_read(desk, source, fetcher, allow_rollback=allow_rollback))
        except Stopped:
            raise
        except TundishError as error:
            unreadable.append(Unreadable(source.name, error))
    if not offers:
        raise unreadable[0].error
    holdings, ties = desk.catalog.images.list(), desk.catalog.keeping.ties()
    selections = tuple(selection for _, selection in desk.catalog.selections.list())
    found = plan(
        offers,
        selections,
        holdings,
        held={blob.digest for blob in desk.store.walk()},
        unfinished={blob.digest: blob.size for blob in desk.store.unfinished()},
        ties=ties,
    )
    return Prepared(found, tuple(offers), tuple(unreadable), holdings, selections, ties)


def _sources(catalog: Catalog, names: Sequence[SourceName]) -> list[Source]:
    sources = [catalog.sources.get(name) for name in names] or [
        source for source in catalog.sources.list() if source.enabled
    ]
    if not sources:
        raise NotFound("there is no source yet; add one: tundish source add NAME URL --keyring FILE")
    if not catalog.selections.list():
        raise NotFound("nothing is selected yet; choose images: tundish select add OS/SERIES")
    return sources


def _read(desk: Desk, source: Source, fetcher: Fetcher, *, allow_rollback: bool) -> Offer:
    return read(
        source,
        fetcher=fetcher,
        verifier=desk.verifier,
        seen={} if allow_rollback else desk.catalog.sources.seen(source.name),
        at=desk.gear.now(),
    )


def sync(
    desk: Desk,
    names: Sequence[SourceName] = (),
    *,
    watch: Watch,
    stop: threading.Event,
    planned: Callable[[Prepared], None],
    allow_rollback: bool = False,
    allow_mass_removal: bool = False,
) -> Outcome:
    """
    Bring the catalog to what is selected and offered. `planned` is shown the plan before it is begun, and
    may refuse it by raising an error.

    Raises:
        Busy: another sync holds the catalog.
        Conflict: more than half of all images would be retired.
        Partial: some of it worked; the rest is named, and the next run goes on with it.
        TundishError: none of it worked.
    """
    catalog, now = desk.catalog, desk.gear.now
    with catalog.database.exclusive(KIND, desk.holder):
        catalog.jobs.lose(KIND, now())
        job = catalog.jobs.start(KIND, ", ".join(names) or "all sources", now())
        try:
            prepared = prepare(desk, names, allow_rollback=allow_rollback, stop=stop)
            planned(prepared)
            if not allow_mass_removal:
                check_removal(prepared.plan, prepared.holdings)
            outcome = _carry_out(desk, prepared, watch=watch, stop=stop)
        except BaseException as error:
            _note_failure(catalog, job, error, desk)
            raise
        verdict = _verdict(outcome, prepared)
        catalog.jobs.end(job, "partial" if verdict else "done", json.dumps(outcome_json(outcome)), now())
        if verdict:
            catalog.events.add("sync-partial", KIND, str(verdict), now())
            raise verdict
        return outcome


def _carry_out(desk: Desk, prepared: Prepared, *, watch: Watch, stop: threading.Event) -> Outcome:
    for offer in prepared.offers:
        desk.catalog.sources.record_seen(offer.source.name, offer.marks)
    dropped = retention.dropped(prepared.offers, prepared.holdings)
    desk.catalog.keeping.drop(dropped.gone, dropped.back, desk.gear.now())
    roots = {
        offer.source.name: entry(offer.source.url, signed=offer.source.is_signed).root
        for offer in prepared.offers
    }
    return mirror(prepared.plan, gear=replace(desk.gear, roots=roots), watch=watch, stop=stop)


def _note_failure(catalog: Catalog, job: int, error: BaseException, desk: Desk) -> None:
    text = str(error) or type(error).__name__
    catalog.jobs.end(job, "failed", json.dumps({"error": text}), desk.gear.now())
    catalog.events.add("sync-failed", KIND, text, desk.gear.now())


def _verdict(outcome: Outcome, prepared: Prepared) -> TundishError | None:
    """
    What to raise at the end: nothing, the one error if nothing came, or Partial.
    """
    troubles = [
        *(
            f"source {failure.file.source}, {failure.file.path}: {failure.error}"
            for failure in outcome.failures
        ),
        *(f"source {each.source}: {each.error}" for each in prepared.unreadable),
        *(
            f"source {offer.source.name}, {each.content_id}: {each.error}"
            for offer in prepared.offers
            for each in offer.unread
        ),
    ]
    if not troubles:
        return None
    if outcome.failures and not outcome.completed and not prepared.unreadable:
        return worst(outcome.failures)
    shown = "\n  ".join(troubles[:20]) + ("" if len(troubles) <= 20 else f"\n  and {len(troubles) - 20} more")
    return Partial(f"{len(troubles)} part(s) of the sync failed; the next run tries them again:\n  {shown}")
