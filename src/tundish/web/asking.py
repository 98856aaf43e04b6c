"""
The questions of the pages, each answered by the catalog and as values that a template shows as they are.

What an actor may not see is left out, as if it were not there.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from tundish.app.finding import find
from tundish.app.noticing import shown
from tundish.app.opened import App
from tundish.app.viewing import CatalogViews
from tundish.core import clock
from tundish.core.errors import NotFound
from tundish.core.holding import Event, Holding, Job, Usage
from tundish.core.image import Extra, Json, Remark
from tundish.core.lifecycle import State
from tundish.core.machine import Deployment
from tundish.core.names import SourceName
from tundish.core.notice import Notice
from tundish.core.people import Actor, Kind, Power
from tundish.core.progress import Progress, Running
from tundish.core.selection import Selection, Source
from tundish.sync.catalogue import Vouching, all_known, vouching
from tundish.sync.offer import Offer
from tundish.sync.plan import Plan, plan
from tundish.sync.progress import read as progress_of
from tundish.sync.sources import narrow
from tundish.sync.status import status
from tundish.web.matrix import Offering

MOST_REMARKS = 50
RECENT = 200  # deployments and events that are looked through


@dataclass(frozen=True, slots=True)
class Checked:
    """
    `report` is the document of `tundish check --json`.
    """

    at: datetime
    verdict: str  # fit, unfit
    errors: int
    warnings: int
    report: Extra


def usage(app: App) -> Usage:
    return CatalogViews(app.catalog, app.store).usage()


def notices(app: App, actor: Actor) -> Sequence[Notice]:
    found = shown(app.catalog.notices.list(), clock.now())
    return found if actor.may(Power.SEE) else ()


def running(app: App, actor: Actor) -> Running | None:
    """
    The running sync, else the last one.
    """
    return status(app.catalog) if actor.may(Power.SEE) else None


def sources(app: App, actor: Actor) -> Sequence[Source]:
    return [each for each in app.catalog.sources.list() if actor.may(Power.SEE, Kind.SOURCE, each.name)]


def read_at(app: App, source: Source) -> datetime | None:
    """
    When a source was last asked and vouched for.
    """
    marks = [mark.at for mark in app.catalog.sources.seen(source.name).values()]
    kept = [each.read_at for each in app.catalog.documents.of(source.name).values()]
    return max([*marks, *kept], default=None)


def trust(app: App, source: Source) -> Vouching:
    return vouching(app.desk(), source)


def jobs(app: App, actor: Actor, *, limit: int, before: int = 0) -> Sequence[Job]:
    found = app.catalog.jobs.list(limit=limit, before=before)
    return [job for job in found if may_see(actor, job)]


def job(app: App, actor: Actor, number: int) -> Job:
    """
    Raises:
        NotFound: there is none, or it is not for this actor.
    """
    found = app.catalog.jobs.get(number)
    if not may_see(actor, found):
        raise NotFound(f"there is no job {number}; see the last ones: tundish job list")
    return found


def may_see(actor: Actor, job: Job) -> bool:
    return actor.may(Power.SEE) or job.actor == actor.name


def image(app: App, actor: Actor, ref: str) -> Holding:
    """
    The version that a ref names.

    Raises:
        NotFound: there is none, or it is not for this actor.
        InputError: it is no ref.
    """
    return find(app, actor, ref)


def versions(app: App, holding: Holding) -> Sequence[Holding]:
    """
    All versions of the image that this is one of, the newest first.
    """
    return app.catalog.images.versions(holding.id)


def checked(app: App, holding: Holding) -> Checked | None:
    """
    What the last check of a version found; None if it was never checked.
    """
    found = app.catalog.checks.get(holding.id)
    if found is None:
        return None
    return Checked(found.at, found.verdict, found.errors, found.warnings, json.loads(found.report))


def deployments(app: App, actor: Actor, holding: Holding) -> Sequence[Deployment]:
    """
    The last boots of an image, of whatever version, by machines that the actor may see.
    """
    found = app.catalog.machines.deployments(limit=RECENT)
    return [
        each
        for each in found
        if each.image == holding.product.ref and actor.may(Power.SEE, Kind.MACHINE, each.mac)
    ]


def events(app: App, holding: Holding) -> Sequence[Event]:
    """
    What happened to an image of late.
    """
    ref = holding.product.ref
    return [each for each in app.catalog.events.list(limit=RECENT) if each.subject.partition("@")[0] == ref]


def progress(app: App, holdings: Iterable[Holding]) -> Mapping[int, tuple[int, int]]:
    """
    Of those that a sync is fetching right now: bytes that came, of how many; by the number of the holding.
    """
    seen = status(app.catalog)
    if seen is None or not seen.is_running:
        return MappingProxyType({})
    came = {file.sha256: file.size if file.ended and not file.error else file.came for file in seen.transfers}
    found = {}
    for holding in holdings:
        if holding.state in (State.EXPECTED, State.FETCHING, State.INCOMPLETE):
            items = {item.digest.hex: item.size for item in holding.version.items}
            found[int(holding.id)] = (
                sum(min(came.get(hex_, 0), size) for hex_, size in items.items()),
                sum(items.values()),
            )
    return found


@dataclass(frozen=True, slots=True)
class Offered:
    """
    What a source offers, in numbers, and what of it was skipped and why.
    """

    products: int
    versions: int
    size: int  # of the newest version of each
    oses: tuple[tuple[str, int], ...]
    signer: str
    until: datetime | None
    remarks: tuple[Remark, ...]


def offered(offer: Offer) -> Offered:
    newest = [max(each.versions, key=lambda one: one.name) for each in offer.products if each.versions]
    sizes = {item.digest: item.size for version in newest for item in version.items}
    return Offered(
        products=len(offer.products),
        versions=sum(len(each.versions) for each in offer.products),
        size=sum(sizes.values()),
        oses=tuple(sorted(Counter(each.os for each in offer.products).items())),
        signer=offer.signature.fingerprint if offer.signature else "",
        until=offer.good_until,
        remarks=offer.remarks[:MOST_REMARKS],
    )


def known_offer(app: App, source: Source) -> Offered | None:
    """
    What a source offered when it was last read; None if it never was, or nobody vouches for it any more.
    """
    found = all_known(app.desk(), source.name)
    return offered(found[0]) if found else None


def offerings(app: App, actor: Actor, only: str = "") -> Sequence[Offering]:
    """
    What the enabled sources, or one of them, were last known to offer; those of higher priority first.
    """
    seen = {each.name for each in sources(app, actor)}
    offers = [
        offer
        for offer in all_known(app.desk(), SourceName(only) if only else None)
        if offer.source.name in seen
    ]
    wanted = [selection for _, selection in app.catalog.selections.list()]
    found = []
    for offer in sorted(offers, key=lambda each: (-each.source.priority, each.source.name)):
        chosen = {each.name for one in wanted for each in narrow(offer, one).products}
        found += [Offering(each, offer.source.name, each.name in chosen) for each in offer.products]
    return found


def preview(
    app: App, further: Sequence[Selection], instead: Mapping[int, Selection] = MappingProxyType({})
) -> Plan:
    """
    What a sync would do if these were selected, too, or `instead` of those with such numbers, as far as it
    is known what the sources offer.
    """
    catalog, store = app.catalog, app.store
    return plan(
        all_known(app.desk()),
        [*(instead.get(number, each) for number, each in catalog.selections.list()), *further],
        catalog.images.list(),
        held={blob.digest for blob in store.walk()},
        unfinished={blob.digest: blob.size for blob in store.unfinished()},
        ties=catalog.keeping.ties(),
        priorities={each.name: each.priority for each in catalog.sources.list() if each.enabled},
    )


def detail(job: Job) -> Mapping[str, Json]:
    """
    What a job notes of itself; nothing where that is no mapping.
    """
    try:
        found = json.loads(job.detail or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def total(job: Job) -> Progress | None:
    """
    How far a job is that counts files; None for others.
    """
    found = progress_of(job.detail).progress
    return found if found.files else None
