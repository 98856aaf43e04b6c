"""
A page of the list of images, as people look at it: lines of the catalog, and how far those are that come.

What an actor may not see is left out before pages are cut.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tundish.app.finding import seen_of, sees_all
from tundish.app.opened import App
from tundish.core.holding import HoldingId
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS, Line, Wanted
from tundish.core.people import Actor
from tundish.core.progress import Transfer

PER_PAGE = 100
RECENT = 200  # deployments that are looked through
_WAITING = (State.EXPECTED, State.FETCHING, State.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Which images, and in which order. Empty means any; without a state, all but retired ones.
    """

    text: str = ""
    os: str = ""
    arch: str = ""
    state: str = ""
    source: str = ""
    sort: str = "name"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Booted:
    """
    On how many machines an image was deployed of late, and when last.
    """

    machines: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Gallery:
    """
    `whole` is how many there are without the filter. `came`: of what is on its way, bytes that are here;
    `left`: seconds until the rest is, where something moves.
    """

    lines: tuple[Line, ...]
    total: int
    whole: int
    page: int
    last: int
    facets: Mapping[str, tuple[str, ...]]
    came: Mapping[int, int]
    left: Mapping[int, float]


def gallery(app: App, actor: Actor, asked: Asked, moving: Sequence[Transfer] = ()) -> Gallery:
    """
    The page that was asked for, or the last one; `moving` is what a running sync fetches.
    """
    wanted = _wanted(asked)
    is_whole = sees_all(actor)
    lines, total, page = (_cut if is_whole else _seen)(app, actor, wanted, asked.page)
    is_filtered = wanted != replace(wanted, text="", os="", arch="", states=(), source="")
    whole = _cut(app, actor, Wanted(limit=1), 1)[1] if is_filtered and is_whole else total
    came, left = _moved(app, lines, moving)
    return Gallery(
        lines=tuple(lines),
        total=total,
        whole=whole,
        page=page,
        last=_last(total),
        facets=app.catalog.listing.facets() if is_whole else _facets(seen_of(app, actor, Wanted())),
        came=came,
        left=left,
    )


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


def count_of(app: App, source: str) -> int:
    """
    How many images are held of a source.
    """
    return app.catalog.listing.images(Wanted(source=source, limit=1)).total


def _wanted(asked: Asked) -> Wanted:
    state = asked.state if asked.state in set(State) else ""
    return Wanted(
        os=asked.os,
        arch=asked.arch,
        source=asked.source,
        states=(State(state),) if state else (),
        text=asked.text,
        sort=asked.sort if asked.sort in SORTS else "name",
        descending=asked.descending,
    )


def _cut(app: App, _: Actor, wanted: Wanted, page: int) -> tuple[Sequence[Line], int, int]:
    found = app.catalog.listing.images(replace(wanted, offset=(page - 1) * PER_PAGE, limit=PER_PAGE))
    if not found.lines and found.total:
        page = _last(found.total)
        found = app.catalog.listing.images(replace(wanted, offset=(page - 1) * PER_PAGE, limit=PER_PAGE))
    return found.lines, found.total, min(page, _last(found.total))


def _seen(app: App, actor: Actor, wanted: Wanted, page: int) -> tuple[Sequence[Line], int, int]:
    """
    The same for an actor who sees some only.
    """
    seen = seen_of(app, actor, wanted)
    page = min(page, _last(len(seen)))
    return seen[(page - 1) * PER_PAGE : page * PER_PAGE], len(seen), page


def _facets(lines: Sequence[Line]) -> Mapping[str, tuple[str, ...]]:
    return {
        "os": tuple(sorted({each.os for each in lines})),
        "series": tuple(sorted({each.series for each in lines})),
        "arch": tuple(sorted({each.arch for each in lines})),
        "source": tuple(sorted({each.source for each in lines})),
    }


def _moved(
    app: App, lines: Sequence[Line], moving: Sequence[Transfer]
) -> tuple[Mapping[int, int], Mapping[int, float]]:
    files = {file.sha256: file for file in moving}
    came, left = dict[int, int](), dict[int, float]()
    for line in lines if moving else ():
        if line.state in _WAITING:
            version = app.catalog.images.get(HoldingId(line.id)).version
            items = {item.digest.hex: item.size for item in version.items}
            found = [(files[name], size) for name, size in items.items() if name in files]
            came[line.id] = sum(min(_held(file), size) for file, size in found)
            speed = sum(file.speed for file, _ in found if not file.ended)
            if speed:
                left[line.id] = (sum(items.values()) - came[line.id]) / speed
    return came, left


def _held(file: Transfer) -> int:
    return file.size if file.ended and not file.error else file.came


def _last(total: int) -> int:
    return max((total + PER_PAGE - 1) // PER_PAGE, 1)
