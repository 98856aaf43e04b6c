"""
Which versions stay although no source offers them, or although newer ones took their place.

Of a selected product the newest ones stay, as many as the selection says: those offered first, then the
newest that are held. Beside them stays what is tied (pinned, deployed, released). Of an image on hold
nothing newer is taken, and so nothing has to go.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Product, Version
from tundish.core.lifecycle import State
from tundish.stream.select import newest
from tundish.sync.offer import Offer

Line: TypeAlias = tuple[str, str, str]  # source, content id, product: what the versions of an image share

_ONCE_WHOLE = {State.COMPLETE, State.DAMAGED}


@dataclass(frozen=True, slots=True)
class Dropped:
    """
    The holdings that their source no longer offers, and those that it offers again.
    """

    gone: tuple[HoldingId, ...]
    back: tuple[HoldingId, ...]


def line_of(source: str, product: Product) -> Line:
    return (source, product.content_id, product.name)


def frozen(holdings: Iterable[Holding]) -> Mapping[Line, frozenset[str]]:
    """
    The images on hold, each with its versions that are or were whole. One without any is not on hold yet.
    """
    found: defaultdict[Line, set[str]] = defaultdict(set)
    for each in holdings:
        if each.on_hold and each.state in _ONCE_WHOLE:
            found[line_of(each.source, each.product)].add(each.version.name)
    return {line: frozenset(names) for line, names in found.items()}


def takeable(product: Product, depth: int, held: Collection[str] | None) -> tuple[Version, ...]:
    """
    The versions to have, the newest first; of an image on hold (`held` are its versions) only these.
    """
    if held is None or depth == 0:
        return newest(product, depth)
    return tuple(version for version in newest(product, len(product.versions)) if version.name in held)


def staying(spare: Sequence[Holding], room: Mapping[Line, int]) -> frozenset[HoldingId]:
    """
    Those that still have a place beside the offered ones: the newest complete, then the newest damaged.
    """
    lines: defaultdict[Line, list[Holding]] = defaultdict(list)
    for each in spare:
        if each.state in _ONCE_WHOLE:
            lines[line_of(each.source, each.product)].append(each)
    return frozenset(
        each.id
        for line, held in lines.items()
        for each in sorted(held, key=_worth, reverse=True)[: max(room.get(line, 0), 0)]
    )


def _worth(holding: Holding) -> tuple[bool, str]:
    return (holding.state is State.COMPLETE, holding.version.name)


def dropped(offers: Sequence[Offer], holdings: Iterable[Holding]) -> Dropped:
    """
    What changed in what is offered of what we hold; what could not be read says nothing.
    """
    read = {
        offer.source.name: {unread.content_id for unread in offer.unread}
        for offer in offers
        if not offer.emptied  # a source that suddenly offers nothing is not believed
    }
    offered = {
        (*line_of(offer.source.name, product), version.name)
        for offer in offers
        for product in offer.products
        for version in product.versions
    }
    gone, back = [], []
    for each in holdings:
        unread = read.get(each.source)
        if each.source == OWN or unread is None or each.product.content_id in unread:
            continue
        is_offered = (*line_of(each.source, each.product), each.version.name) in offered
        if is_offered and each.dropped_at is not None:
            back.append(each.id)
        elif not is_offered and each.dropped_at is None:
            gone.append(each.id)
    return Dropped(tuple(gone), tuple(back))
