"""
One sync from end to end: read the sources, plan, carry out, and leave a job and events behind.

One sync per catalog at a time. A source that cannot be read does not keep the others from syncing.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from tundish.catalog.opened import Catalog
from tundish.catalog.records import STOPPED
from tundish.core.digest import Digest
from tundish.core.errors import NotFound, Stopped, TundishError
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Remark
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Selection, Source
from tundish.fetch.brake import Brake, Stoppable
from tundish.fetch.carrier import may_have_moved_on
from tundish.fetch.fetcher import Fetcher
from tundish.store.blobs import BlobJanitor
from tundish.sync import conditions, rest, retention
from tundish.sync.guard import check_removal
from tundish.sync.ledger import Missed, Outcome
from tundish.sync.mirror import Gear, Watch, mirror
from tundish.sync.offer import Offer
from tundish.sync.plan import Action, Plan, plan
from tundish.sync.reading import read, roots
from tundish.sync.recording import Recorder, beating
from tundish.sync.report import outcome_json
from tundish.sync.status import KIND
from tundish.sync.verdict import verdict
from tundish.sync.ways import Line, Ways
from tundish.trust.protocols import Verifier


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
    line: Line | None = None  # the fetcher for a source's settings; None: `fetcher`, for all of them

    def ways(self, stop: Stoppable) -> Ways:
        """
        How the sources are reached in one run.
        """
        return Ways(self.line or (lambda _: self.fetcher), self.gear.sleep, self.gear.jitter, stop)


def prepare(
    desk: Desk,
    names: Sequence[SourceName] = (),
    *,
    allow_rollback: bool = False,
    stop: Stoppable | None = None,
    ways: Ways | None = None,
    heard: Callable[[Sequence[Offer], Sequence[Unreadable]], None] | None = None,
) -> Prepared:
    """
    Read the sources (all enabled ones, or those named) and plan. Writes nothing; `heard` is told what came
    of the reading, before anything is made of it.

    Raises:
        NotFound: there is no source, no selection, or none of a given name.
        Stopped: `stop` was set.
        TundishError: not one source could be read.
    """
    offers: list[Offer] = []
    unreadable: list[Unreadable] = []
    ways = ways or desk.ways(stop or threading.Event())
    for source in _sources(desk.catalog, names):
        try:
            offers.append(_read(desk, source, ways, allow_rollback=allow_rollback))
        except Stopped:
            raise
        except TundishError as error:
            unreadable.append(Unreadable(source.name, error))
    if heard is not None:
        heard(offers, unreadable)
    if not offers:
        raise unreadable[0].error
    return _planned(desk, offers, unreadable)


def _planned(desk: Desk, offers: Iterable[Offer], unreadable: Iterable[Unreadable]) -> Prepared:
    holdings, ties = desk.catalog.images.list(), desk.catalog.keeping.ties()
    selections = tuple(selection for _, selection in desk.catalog.selections.list())
    offers = [_judged(offer, holdings) for offer in offers]
    found = plan(
        offers,
        selections,
        holdings,
        held={blob.digest for blob in desk.store.walk()},
        unfinished={blob.digest: blob.size for blob in desk.store.unfinished()},
        ties=ties,
        priorities={each.name: each.priority for each in desk.catalog.sources.list() if each.enabled},
    )
    return Prepared(found, tuple(offers), tuple(unreadable), holdings, selections, ties)


def _sources(catalog: Catalog, names: Sequence[SourceName]) -> list[Source]:
    sources = [catalog.sources.get(name) for name in names] or [
        source for source in catalog.sources.list() if source.enabled
    ]
    if not sources:
        raise NotFound(
            "there is no source in use; add one: tundish source add NAME URL --keyring FILE, "
            "or take the public images: tundish source restore-default"
        )
    if not catalog.selections.list() and not _holds_anything(catalog):
        raise NotFound("nothing is selected yet; choose images: tundish select add OS/SERIES")
    return sources


def _holds_anything(catalog: Catalog) -> bool:
    """
    Whether there is anything that a sync could retire, which is another matter than having nothing to do.
    """
    return any(each.source != OWN and each.state is not State.RETIRED for each in catalog.images.list())


def _read(desk: Desk, source: Source, ways: Ways, *, allow_rollback: bool) -> Offer:
    return read(
        source,
        fetcher=ways.pages(source),
        verifier=desk.verifier,
        seen={} if allow_rollback else desk.catalog.sources.seen(source.name),
        at=desk.gear.now(),
        kept=desk.catalog.documents.of(source.name),
    )


def _judged(offer: Offer, holdings: Iterable[Holding]) -> Offer:
    """
    The offer; marked, and with a remark, if a source that gave us images suddenly offers nothing.
    """
    name = offer.source.name
    if (
        offer.products
        or offer.unread
        or not any(each.source == name and each.state is not State.RETIRED for each in holdings)
    ):
        return offer
    remark = Remark(f"source {name}", "suddenly offers nothing; what is held of it stays as it is")
    return replace(offer, emptied=True, remarks=(remark, *offer.remarks))


def _unheard(_outcome: Outcome, _error: TundishError) -> None: ...


def sync(
    desk: Desk,
    names: Sequence[SourceName] = (),
    *,
    watch: Watch,
    stop: Stoppable,
    planned: Callable[[Prepared], None],
    allow_rollback: bool = False,
    allow_mass_removal: bool = False,
    may_rest: bool = True,
    may_follow: bool = True,
    ended: Callable[[Outcome, TundishError], None] = _unheard,
) -> Outcome:
    """
    Bring the catalog to what is selected and offered. `planned` is shown the plan before it is begun, and
    may refuse it by raising an error. With `may_rest` there is none if nothing has changed; with `may_follow`
    there is a second one if a source published anew while its files were fetched. `ended` is told what came
    of a run that lacks something, before that is raised.

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
        brake = Brake(stop)
        recorder = Recorder(watch, catalog.transfers, job, now, brake.pull)
        ways = desk.ways(brake)
        try:
            if may_rest and not allow_rollback and _is_at_rest(desk, names, ways):
                catalog.jobs.end(job, "done", rest.NOTHING_DONE, now())
                return Outcome()
            catalog.choices.drop(rest.NOTE)
            with beating(recorder):
                heard = partial(_note_conditions, desk)
                prepared = prepare(desk, names, allow_rollback=allow_rollback, ways=ways, heard=heard)
                march = _March(desk, ways, recorder, brake, planned, allow_mass_removal)
                outcome = march.carry_out(prepared)
                if may_follow:
                    prepared, outcome = march.follow(prepared, outcome, allow_rollback=allow_rollback)
                outcome = replace(outcome, missed=_missed(prepared))
        except BaseException as error:
            _note_failure(catalog, job, error, desk, recorder)
            raise
        trouble = verdict(outcome, is_held=bool(prepared.plan.of(Action.KEEP)))
        note = None if trouble else rest.rest(_world(desk, names), prepared.offers)
        if note is not None:
            catalog.choices.set(rest.NOTE, note.text())
        detail = json.dumps({**outcome_json(outcome), **recorder.summary()})
        catalog.jobs.end(job, "partial" if trouble else "done", detail, now())
        if trouble:
            catalog.events.add("sync-partial", KIND, str(trouble), now())
            ended(outcome, trouble)
            raise trouble
        return outcome


def _is_at_rest(desk: Desk, names: Sequence[SourceName], ways: Ways) -> bool:
    """
    Whether there is nothing to do, by the note of the last run and the word of the sources.
    """
    catalog, at = desk.catalog, desk.gear.now()
    note = rest.parse(catalog.choices.get(rest.NOTE))
    if note is None or not note.lasts(_world(desk, names), at):
        return False
    sources = _sources(catalog, names)
    if not note.is_confirmed(sources, ways.pages):
        return False
    for source in sources:
        marks = catalog.sources.seen(source.name).values()
        catalog.sources.record_seen(source.name, [replace(mark, at=at) for mark in marks])
    return True


def _world(desk: Desk, names: Sequence[SourceName]) -> str:
    return rest.world(names, desk.catalog.pulse.now(), desk.store.stamp())


def _carry_out(desk: Desk, prepared: Prepared, ways: Ways, *, watch: Watch, stop: Stoppable) -> Outcome:
    for offer in prepared.offers:
        _note(desk, offer)
    dropped = retention.dropped(prepared.offers, prepared.holdings)
    desk.catalog.keeping.drop(dropped.gone, dropped.back, desk.gear.now())
    places = {offer.source.name: roots(offer.source) for offer in prepared.offers}
    gear = replace(
        desk.gear,
        roots={name: place[0] for name, place in places.items()},
        mirrors={name: place[1:] for name, place in places.items()},
        fetchers={offer.source.name: ways.to(offer.source) for offer in prepared.offers},
    )
    return mirror(prepared.plan, gear=gear, watch=watch, stop=stop)


def _note(desk: Desk, offer: Offer) -> None:
    """
    Remember what was accepted of a source, and what it offers; one that suddenly offers nothing keeps the
    catalogue that it had.
    """
    catalog, name = desk.catalog, offer.source.name
    catalog.sources.record_seen(name, offer.marks)
    if offer.emptied:
        catalog.events.add("source-emptied", name, offer.remarks[0].text, desk.gear.now())
    else:
        catalog.documents.keep(name, offer.documents, offer.listed)


def _note_conditions(desk: Desk, offers: Sequence[Offer], unreadable: Sequence[Unreadable]) -> None:
    at = desk.gear.now()
    for offer in offers:
        conditions.note_good(desk.catalog.choices, offer, at)
    for each in unreadable:
        conditions.note_bad(desk.catalog.choices, each.source, each.error, at)


def _note_failure(catalog: Catalog, job: int, error: BaseException, desk: Desk, recorder: Recorder) -> None:
    text = str(error) or type(error).__name__
    outcome = STOPPED if isinstance(error, Stopped) else "failed"
    catalog.jobs.end(job, outcome, json.dumps({"error": text, **recorder.summary()}), desk.gear.now())
    catalog.events.add(f"sync-{outcome}", KIND, text, desk.gear.now())


def _missed(prepared: Prepared) -> tuple[Missed, ...]:
    return (
        *(Missed(each.source, "", each.error) for each in prepared.unreadable),
        *(
            Missed(offer.source.name, each.content_id, each.error)
            for offer in prepared.offers
            for each in offer.unread
        ),
    )


@dataclass(frozen=True, slots=True)
class _March:
    """
    From a plan to its end, and once more if a source moved on meanwhile.
    """

    desk: Desk
    ways: Ways
    recorder: Recorder
    brake: Brake
    planned: Callable[[Prepared], None]
    allow_mass_removal: bool

    def carry_out(self, prepared: Prepared) -> Outcome:
        self.planned(prepared)
        if not self.allow_mass_removal:
            check_removal(prepared.plan, prepared.holdings)
        self.recorder.expect(prepared.plan)
        return _carry_out(self.desk, prepared, self.ways, watch=self.recorder, stop=self.brake)

    def follow(
        self, prepared: Prepared, outcome: Outcome, *, allow_rollback: bool
    ) -> tuple[Prepared, Outcome]:
        """
        Read the sources again whose files are not what they list; what they say now is planned and done. They
        are believed as much as the first time. Where nothing changed, it stays as it is.
        """
        names = {each.file.source for each in outcome.failures if may_have_moved_on(each.error)}
        offers, unreadable = list(prepared.offers), list(prepared.unreadable)
        for place, offer in enumerate(prepared.offers):
            if offer.source.name not in names:
                continue
            self.ways.renew(offer.source)
            try:
                later = _read(self.desk, offer.source, self.ways, allow_rollback=allow_rollback)
            except Stopped:
                raise
            except TundishError as error:
                unreadable.append(Unreadable(offer.source.name, error))
                continue
            if _said(later) != _said(offer):
                offers[place] = replace(later, remarks=(_moved_on(offer.source), *later.remarks))
        fresh = [later for later, offer in zip(offers, prepared.offers, strict=True) if later is not offer]
        _note_conditions(self.desk, fresh, unreadable[len(prepared.unreadable) :])
        if not fresh:
            return replace(prepared, unreadable=tuple(unreadable)), outcome
        again = _planned(self.desk, offers, unreadable)
        return again, outcome.then(self.carry_out(again))


def _said(offer: Offer) -> dict[str, Digest]:
    return {each.document: Digest.of(each.body) for each in offer.documents}


def _moved_on(source: Source) -> Remark:
    return Remark(f"source {source.name}", "published anew while its files were fetched; planned again")
