"""
The questions of the pages, each answered by the catalog and as values that a template shows as they are.

What an actor may not see is left out, as if it were not there.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from tundish.app.noticing import shown
from tundish.app.opened import App
from tundish.app.viewing import CatalogViews
from tundish.core import clock
from tundish.core.errors import NotFound
from tundish.core.holding import Event, Holding, Job, Usage
from tundish.core.image import Extra
from tundish.core.lifecycle import State
from tundish.core.machine import Deployment
from tundish.core.notice import Notice
from tundish.core.people import Actor, Kind, Power
from tundish.core.progress import Running
from tundish.core.selection import Source
from tundish.sync.catalogue import Vouching, vouching
from tundish.sync.status import status
from tundish.web.rows import Booted, Row, rows_of

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
    found = app.catalog.images.find(ref)
    if not actor.may(Power.SEE, Kind.IMAGE, found.ref):
        raise NotFound(f"there is no image {ref}; see them all: tundish image list")
    return found


def versions(app: App, holding: Holding) -> Sequence[Holding]:
    """
    All versions of the image that this is one of, the newest first.
    """
    found = [each for each in app.catalog.images.list(source=holding.source) if line(each) == line(holding)]
    return sorted(found, key=lambda each: each.version.name, reverse=True)


def line(holding: Holding) -> tuple[str, str, str]:
    return (holding.source, holding.product.content_id, holding.product.name)


def checked(app: App, holding: Holding) -> Checked | None:
    """
    What the last check of a version found; None if it was never checked.
    """
    found = app.catalog.checks.get(holding.id)
    if found is None:
        return None
    return Checked(found.at, found.verdict, found.errors, found.warnings, json.loads(found.report))


def deployments(app: App, holding: Holding) -> Sequence[Deployment]:
    """
    The last boots of an image, of whatever version.
    """
    found = app.catalog.machines.deployments(limit=RECENT)
    return [each for each in found if each.image == holding.product.ref]


def events(app: App, holding: Holding) -> Sequence[Event]:
    """
    What happened to an image of late.
    """
    ref = holding.product.ref
    return [each for each in app.catalog.events.list(limit=RECENT) if each.subject.startswith(ref)]


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


def images(app: App, actor: Actor) -> Sequence[Row]:
    """
    Every image that the actor may see, one row each.
    """
    held = app.catalog.images.list()
    if not actor.may(Power.SEE, Kind.IMAGE, "*"):
        held = tuple(each for each in held if actor.may(Power.SEE, Kind.IMAGE, each.ref))
    return rows_of(held, booted(app))


def booted(app: App) -> Mapping[str, Booted]:
    """
    The last deployments, by image.
    """
    machines: defaultdict[str, set[str]] = defaultdict(set)
    last: dict[str, datetime] = {}
    for boot in app.catalog.machines.deployments(limit=RECENT):
        machines[boot.image].add(boot.mac)
        last.setdefault(boot.image, boot.started_at)
    return {ref: Booted(len(macs), last[ref]) for ref, macs in machines.items()}
