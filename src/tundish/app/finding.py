"""
Images as an actor may see them: nothing is said of the others, not even by a message that means to help.
"""

from collections.abc import Sequence
from dataclasses import replace

from tundish.app.opened import App
from tundish.core.errors import Forbidden, InputError, InvalidName, NotFound
from tundish.core.holding import Holding
from tundish.core.listing import Line, Lines, Wanted
from tundish.core.people import Actor, Kind, Power

_AT_ONCE = 1_000  # lines


def find(app: App, actor: Actor, ref: str) -> Holding:
    """
    The version that people mean by a ref: see `Images.find`.

    Raises:
        NotFound: there is none, or the actor may not see it; who sees all is told the nearest.
        InputError: not a reference, or it fits images with several kernels.
    """
    try:
        found = app.catalog.images.find(ref)
    except InvalidName:
        raise
    except (NotFound, InputError):
        if sees_all(actor):
            raise
        raise _unseen(ref) from None
    if not actor.may(Power.SEE, Kind.IMAGE, found.ref):
        raise _unseen(ref)
    return found


def listed(app: App, actor: Actor, wanted: Wanted) -> Lines:
    """
    One page of the images that the actor may see, and how many these are.

    Raises:
        InputError: they cannot be sorted by that.
    """
    if sees_all(actor):
        return app.catalog.listing.images(wanted)
    seen = seen_of(app, actor, wanted)
    return Lines(tuple(seen[wanted.offset : wanted.offset + wanted.limit]), len(seen))


def seen_of(app: App, actor: Actor, wanted: Wanted) -> list[Line]:
    """
    All images that are wanted and that the actor may see: their names are judged one by one.
    """
    seen: list[Line] = []
    offset, total = 0, 1
    while offset < total:
        found = app.catalog.listing.images(replace(wanted, offset=offset, limit=_AT_ONCE))
        seen += [line for line in found.lines if actor.may(Power.SEE, Kind.IMAGE, line.ref)]
        offset, total = offset + _AT_ONCE, found.total
    return seen


def sees_all(actor: Actor) -> bool:
    """
    Whether the actor may see every image.
    """
    return actor.may(Power.SEE, Kind.IMAGE, "*")


def offerable(app: App, actor: Actor, refs: Sequence[str]) -> list[str]:
    """
    What a publication may name: images that the actor may see. For who does not see all, as exactly these
    versions, so that a name means no other one by the time that it is published.

    Raises:
        NotFound: there is none, or the actor may not see it.
        Forbidden: none is named, which means all, and the actor does not see all.
    """
    if sees_all(actor):
        return list(refs)
    if not refs:
        raise Forbidden(f"{actor.name} does not see every image, so cannot publish all of them; name some")
    return [find(app, actor, ref).ref for ref in refs]


def must_see_release(app: App, actor: Actor, number: int) -> None:
    """
    Raises:
        Forbidden: it offers an image that the actor may not see, and so may not offer elsewhere.
    """
    if sees_all(actor):
        return
    offered = app.catalog.images.released(number)
    if not all(actor.may(Power.SEE, Kind.IMAGE, each.ref) for each in offered):
        raise Forbidden(
            f"release {number} offers images that {actor.name} may not see, so cannot offer; an admin can "
            f"grant it: tundish user grant {actor.name} viewer:image:PATTERN"
        )


def _unseen(ref: str) -> NotFound:
    return NotFound(f"there is no image {ref[:200]!r}, or it is not yours to see")
