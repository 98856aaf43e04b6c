"""
Deeds on images: what stays, what goes, and what is gone back to. An image is named by its ref, as people do,
or by its number where two sources have the same.
"""

from collections.abc import Callable
from typing import TypeAlias

from tundish.app.deeds.deed import deed
from tundish.app.finding import find
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.errors import Conflict
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.people import Actor, Kind, Power

Named: TypeAlias = str | HoldingId


def pin(app: App, actor: Actor, which: Named) -> Holding:
    """
    Let a version stay, whatever newer ones come.

    Raises:
        NotFound: there is no such image.
    """
    return _deed(app, actor, which, "image.pin", lambda it: app.catalog.keeping.pin(it.id, pinned=True))


def unpin(app: App, actor: Actor, which: Named) -> Holding:
    """
    Let a pinned version go with the others again.

    Raises:
        NotFound: there is no such image.
    """
    return _deed(app, actor, which, "image.unpin", lambda it: app.catalog.keeping.pin(it.id, pinned=False))


def hold(app: App, actor: Actor, which: Named) -> Holding:
    """
    Take nothing newer of an image, and let none of its versions go.

    Raises:
        NotFound: there is no such image.
    """
    return _deed(app, actor, which, "image.hold", lambda it: app.catalog.keeping.hold(it.id, on=True))


def unhold(app: App, actor: Actor, which: Named) -> Holding:
    """
    Take newer versions of an image again.

    Raises:
        NotFound: there is no such image.
    """
    return _deed(app, actor, which, "image.unhold", lambda it: app.catalog.keeping.hold(it.id, on=False))


def delete(app: App, actor: Actor, which: Named) -> Holding:
    """
    Retire a version: it is offered no more, and its bytes go once the grace period is over.

    Raises:
        NotFound: there is no such image.
        Conflict: something ties it, which the message names.
    """

    def retire(holding: Holding) -> None:
        tie = app.catalog.keeping.ties().get(holding.id)
        if tie:
            raise Conflict(f"{holding.ref} stays: {tie}; undo that first")
        app.catalog.images.move([holding.id], State.RETIRED, clock.now())

    return _deed(app, actor, which, "image.delete", retire)


def restore(app: App, actor: Actor, which: Named) -> Holding:
    """
    Take a retired version back, while all of its bytes are still held.

    Raises:
        NotFound: there is no such image.
        Conflict: it is not retired, or the store does not hold all of it any more.
    """

    def take_back(holding: Holding) -> None:
        if holding.state is not State.RETIRED:
            raise Conflict(f"{holding.ref} is {holding.state}, not retired; there is nothing to restore")
        missing = [item.path for item in holding.version.items if not app.store.has(item.digest)]
        if missing:
            raise Conflict(
                f"{holding.ref}: the store does not hold {missing[0]} any more; sync or upload it again"
            )
        app.catalog.images.move([holding.id], State.COMPLETE, clock.now())

    return _deed(app, actor, which, "image.restore", take_back)


def roll_back(app: App, actor: Actor, which: Named) -> Holding:
    """
    Go back to an older version: it is pinned, its image is on hold, and the newer versions are retired.

    Raises:
        NotFound: there is no such image.
        Conflict: it is not complete, or something ties a newer version.
    """

    def go_back(holding: Holding) -> None:
        if holding.state is not State.COMPLETE:
            raise Conflict(f"{holding.ref} is {holding.state}; only a complete version can be gone back to")
        newer = _newer(app, holding)
        ties = app.catalog.keeping.ties()
        tied = [f"{each.ref}: {ties[each.id]}" for each in newer if each.id in ties]
        if tied:
            raise Conflict(f"a newer version stays: {tied[0]}; undo that first")
        app.catalog.keeping.pin(holding.id, pinned=True)
        app.catalog.keeping.hold(holding.id, on=True)
        app.catalog.images.move([each.id for each in newer], State.RETIRED, clock.now())

    return _deed(app, actor, which, "image.roll-back", go_back)


def _newer(app: App, holding: Holding) -> list[Holding]:
    def image(each: Holding) -> tuple[str, ...]:
        return (each.source, each.product.content_id, each.product.name)

    return [
        each
        for each in app.catalog.images.list(states=[State.COMPLETE])
        if image(each) == image(holding) and each.version.name > holding.version.name
    ]


def _deed(app: App, actor: Actor, which: Named, verb: str, act: Callable[[Holding], None]) -> Holding:
    """
    Act on what is named, and answer how it is then.
    """
    found = find(app, actor, which) if isinstance(which, str) else app.catalog.images.get(which)
    with deed(app.catalog.audit, actor, Power.IMAGE_EDIT, verb, kind=Kind.IMAGE, name=found.ref) as account:
        account.before = _said(found)
        act(found)
        after = app.catalog.images.get(found.id)
        account.after = _said(after)
        return after


def _said(holding: Holding) -> dict[str, Json]:
    return {
        "state": str(holding.state),
        "source": holding.source,
        "pinned": holding.pinned,
        "on_hold": holding.on_hold,
    }
