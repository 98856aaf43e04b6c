"""
The images as MAAS sees them: resources of one name, architecture and type, with a set for each version.

Uploads on their way are sets too, called as they would be if they ended now, and newer than all that is held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial

from tundish.app.deeds import uploads as uploading
from tundish.app.opened import App
from tundish.check.subject import Filetype
from tundish.compat import shapes
from tundish.compat.shapes import SYNCED, UPLOADED, Identity
from tundish.core import clock
from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.people import Actor, Kind, Power
from tundish.core.upload import Upload
from tundish.intake.products import FILES
from tundish.intake.versions import next_version

KIND = "boot resource"
MODEL = "BootResource"
TYPES = {"all": (SYNCED, UPLOADED), "synced": (SYNCED,), "uploaded": (UPLOADED,)}
_HIDDEN = frozenset({State.RETIRED})
_ORDER = {SYNCED: 0, UPLOADED: 2}  # as MAAS numbers its types
_MOST_UPLOADS = 1_000


@dataclass(slots=True)
class Resource:
    """
    One line of images; versions from the oldest to the newest.
    """

    identity: Identity
    holdings: list[Holding] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)

    @property
    def newest(self) -> Holding | Upload:
        return self.holdings[-1] if self.holdings else self.uploads[-1]


def resources(
    app: App,
    actor: Actor,
    types: Sequence[str] = TYPES["all"],
    *,
    os: str = "",
    arch: str = "",
    bare: bool = False,
) -> tuple[Resource, ...]:
    """
    What an actor may see, in MAAS's order; `os` and `arch` narrow what is looked at; lists need but what is
    `bare`.
    """
    found: dict[Identity, Resource] = {}
    sees = cache(partial(_may_see, actor))
    shown = frozenset(State) - _HIDDEN
    images = app.catalog.images
    for holding in images.bare(shown) if bare else images.list(states=shown, os=os, arch=arch):
        identity = shapes.identity(holding)
        if identity.type in types and sees(f"{holding.product.os}/{holding.product.series}", holding.source):
            found.setdefault(identity, Resource(identity)).holdings.append(holding)
    if UPLOADED in types:
        for upload in reversed(uploading.list_(app, actor, running=True, limit=_MOST_UPLOADS)):
            identity = shapes.identity_of_upload(upload)
            found.setdefault(identity, Resource(identity)).uploads.append(upload)
    for each in found.values():
        each.holdings = _single(each.holdings)
    order = sorted(found, key=lambda each: (_ORDER[each.type], each.name, each.architecture))
    return tuple(found[identity] for identity in order)


def _may_see(actor: Actor, name: str, source: SourceName) -> bool:
    return actor.may(Power.SEE, Kind.IMAGE, name) or (
        source != OWN and actor.may(Power.SEE, Kind.SOURCE, source)
    )


def _single(holdings: Sequence[Holding]) -> list[Holding]:
    """
    One holding of each version, by version: of equals from several sources that which is further.
    """
    if len(holdings) == 1:
        return [*holdings]
    best: dict[str, Holding] = {}
    for each in holdings:
        had = best.get(each.version.name)
        if had is None or (each.state is State.COMPLETE and had.state is not State.COMPLETE):
            best[each.version.name] = each
    return [best[name] for name in sorted(best)]


def resource(app: App, actor: Actor, key: str) -> Resource | None:
    """
    The resource of a key, if there is one that the actor may see.
    """
    _, name, architecture = key.split(" ", 2)
    os, arch = name.partition("/")[0], architecture.partition("/")[0]
    found = resources(app, actor, os=os, arch=arch)
    return next((each for each in found if each.identity.key == key), None)


def numbered(app: App, listed: Sequence[Resource]) -> Mapping[str, int]:
    return app.catalog.numbers.of(KIND, [each.identity.key for each in listed])


def listed(number: int, resource: Resource, deployed: Mapping[str, datetime]) -> dict[str, Json]:
    """
    A resource as lists show it.
    """
    refs = (each.ref for each in resource.holdings) if deployed else ()
    at = max((deployed[ref] for ref in refs if ref in deployed), default=None)
    return shapes.resource(number, resource.identity, resource.newest, at)


def detailed(app: App, number: int, resource: Resource, deployed: Mapping[str, datetime]) -> dict[str, Json]:
    """
    A resource with its sets, the newest first.
    """
    sets: dict[str, Json] = {}
    for holding in resource.holdings:
        whole = holding.state is State.COMPLETE
        files = () if whole else holding.version.items
        held = {item.digest: item.size if app.store.has(item.digest) else 0 for item in files}
        sets[holding.version.name] = shapes.held_set(holding, held) | _judged(app, holding)
    now = clock.now()
    for upload in resource.uploads:
        ftype, filename = FILES[Filetype(upload.asked.filetype or "tgz")]
        version = _next(sets, now)
        sets[version] = shapes.upload_set(number, upload, version, filename, ftype)
    newest_first: dict[str, Json] = {name: sets[name] for name in sorted(sets, reverse=True)}
    return {**listed(number, resource, deployed), "sets": newest_first}


def _judged(app: App, holding: Holding) -> dict[str, Json]:
    """
    What MAAS has no field for: that an upload was found unfit, and what to do about it.
    """
    if holding.source != OWN or holding.state is not State.INCOMPLETE:
        return {}
    checked = app.catalog.checks.get(holding.id)
    if checked is None:
        return {}
    note = (
        f"{holding.ref} is here, but not offered. See why: tundish check {holding.ref}; "
        f"use it nevertheless: tundish image accept {holding.ref}"
    )
    return {"verdict": checked.verdict, "note": note}


def _next(taken: Mapping[str, Json], at: datetime) -> str:
    try:
        return next_version(taken, at)
    except Conflict:  # something from a day that has not come yet is held
        return f"{max(taken)}.01"


def deployed(app: App) -> Mapping[str, datetime]:
    """
    When each version was last reported to run, by ref; of the last deployments.
    """
    found: dict[str, datetime] = {}
    for each in app.catalog.machines.deployments():
        if each.reported_at is not None:
            found.setdefault(f"{each.image}@{each.version}", each.reported_at)
    return found
