"""
Events as an actor may see them: each is about one source, channel, image or machine, or about everything.
"""

from collections.abc import Mapping
from datetime import datetime

from tundish.catalog.opened import Catalog
from tundish.core.holding import Event
from tundish.core.people import Actor, Kind, Power

_LOOKS, _AT_ONCE = 40, 500  # how many events are looked through for a page of those that may be seen
_ABOUT: Mapping[str, Kind] = {
    "unsigned-source": Kind.SOURCE,
    "source-unreadable": Kind.SOURCE,
    "source-emptied": Kind.SOURCE,
    "published": Kind.CHANNEL,
    "promoted": Kind.CHANNEL,
    "rolled-back": Kind.CHANNEL,
    "resigned": Kind.CHANNEL,
    "tidied": Kind.CHANNEL,
    "mended": Kind.CHANNEL,
    "accepted": Kind.IMAGE,
    "built": Kind.IMAGE,
    "damaged": Kind.IMAGE,
    "uploaded": Kind.IMAGE,
    "deployed": Kind.MACHINE,
    "boot-refused": Kind.MACHINE,
}


def scope_of(event: Event) -> tuple[Kind, str]:
    """
    What an event is about; a kind that is not known here is about everything.
    """
    kind = _ABOUT.get(event.kind, Kind.ALL)
    return (kind, event.subject) if kind is not Kind.ALL else (kind, "")


def is_visible(actor: Actor, event: Event) -> bool:
    return actor.may(Power.SEE, *scope_of(event))


def happened(
    catalog: Catalog,
    actor: Actor,
    *,
    kind: str = "",
    since: datetime | None = None,
    before: int = 0,
    limit: int = 100,
) -> tuple[Event, ...]:
    """
    The last events that the actor may see, the newest first; with `before`, those older than the event of
    this number.
    """
    seen: list[Event] = []
    at_once = limit if actor.may(Power.SEE) else _AT_ONCE
    for _ in range(_LOOKS):
        rows = catalog.events.list(limit=at_once, before=before, kind=kind, since=since)
        seen += [event for event in rows if is_visible(actor, event)]
        if len(rows) < at_once or len(seen) >= limit:
            break
        before = rows[-1].id
    return tuple(seen[:limit])
