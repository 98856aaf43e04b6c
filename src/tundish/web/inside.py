"""
What is inside an image that the store holds: packages, space, and what is different between two versions.

It takes seconds to read and a core while it does, so it is done when somebody asks, one image at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tundish.app.comparing import compare
from tundish.app.inspecting import Form, bill, facts_within
from tundish.app.looking import Shelf, look_at
from tundish.app.opened import App
from tundish.check.difference import Comparison
from tundish.check.report_treemap import treemap
from tundish.check.treemap import Area, areas_of
from tundish.core import clock
from tundish.core.errors import Busy
from tundish.core.holding import Holding

MOST_PACKAGES = 5_000
MOST_FOLDERS = 14
PATIENCE = 20.0  # seconds to wait for who looks into another image
WIDE, HIGH = 1000, 460

_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    arch: str
    licence: str
    size: int


@dataclass(frozen=True, slots=True)
class Inside:
    title: str
    kernels: tuple[str, ...]
    packages: tuple[Package, ...]
    count: int
    size: int  # of all files, unpacked
    drawing: str  # SVG, of our own making, all names in it escaped
    folders: tuple[Area, ...]


def inside(app: App, holding: Holding) -> Inside:
    """
    Look into a version.

    Raises:
        NotFound: it has no system in it, or the store does not hold it.
        BadImage: it is damaged.
        Busy: somebody else has looked into one for too long.
    """
    with _in_turn(), look_at(holding, app.store) as image:
        facts = facts_within(image, holding.product.arch)
        whole = areas_of(image.root) if image.root is not None else Area("", 0)
        found = sorted(facts.packages)
        return Inside(
            title=facts.os.pretty or facts.os.id,
            kernels=tuple(one.version for one in facts.kernels),
            packages=tuple(
                Package(one.name, one.version, one.arch, one.licence, one.size)
                for one in found[:MOST_PACKAGES]
            ),
            count=len(found),
            size=whole.size,
            drawing=treemap(whole, WIDE, HIGH, "wide") if whole.size else "",
            folders=_largest(whole),
        )


def materials(app: App, holding: Holding, form: Form) -> bytes:
    """
    The bill of materials of a version.

    Raises:
        NotFound, BadImage, Busy: as `inside`.
    """
    with _in_turn(), look_at(holding, app.store) as image:
        return bill(image, form, holding.ref)


def difference(app: App, before: Holding, after: Holding) -> Comparison:
    """
    What is different in a newer version.

    Raises:
        NotFound, BadImage, Busy: as `inside`.
    """
    with _in_turn():
        shelf = Shelf(app.catalog.images, app.store)
        return compare(before.ref, after.ref, lambda: shelf, today=clock.now().date())


def _largest(whole: Area) -> tuple[Area, ...]:
    found, todo = [], list(whole.within)
    while todo:
        area = todo.pop()
        found.append(area)
        todo += area.within
    return tuple(sorted(found, key=lambda area: (-area.size, area.path))[:MOST_FOLDERS])


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=PATIENCE):
        raise Busy("somebody else has an image looked into; try again in a minute")
    try:
        yield
    finally:
        _turn.release()
