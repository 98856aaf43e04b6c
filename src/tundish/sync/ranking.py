"""
Which source an image is taken from, where several have it: that of the highest priority.

An image is the same if OS, series, architecture, kernel and label are. A selection that names its
source takes it from there all the same. A source that was not read keeps its rank for what is held whole
of it, or a bad day of it would swap images to and fro.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Selection
from tundish.stream.select import depth, kernel_of, plain_kernel
from tundish.sync.offer import Offer

Spec: TypeAlias = tuple[str, str, str, str, str]  # what makes two images the same


def spec_of(product: Product) -> Spec:
    kernel = plain_kernel(kernel_of(product))
    return (product.os, product.series, product.arch, kernel, product.label)


@dataclass(frozen=True, slots=True)
class Ranking:
    """
    The leading source of each image.
    """

    leaders: Mapping[Spec, SourceName]

    def hider(self, source: SourceName, product: Product) -> SourceName | None:
        """
        The source that an image is taken from instead of this one; None if it is taken from this one.
        """
        leader = self.leaders.get(spec_of(product), source)
        return None if leader == source else leader

    def depth(self, selections: Sequence[Selection], product: Product, source: SourceName) -> int:
        """
        How many versions of a product are wanted from this source.
        """
        if self.hider(source, product) is not None:
            selections = [each for each in selections if each.source == source]
        return depth(selections, product, source)


def ranking(
    offers: Iterable[Offer], holdings: Iterable[Holding], priorities: Mapping[SourceName, int]
) -> Ranking:
    """
    The order among sources; `priorities` are those of the sources in use, also of those that were not read.
    """
    read = list(offers)
    names = {offer.source.name for offer in read}
    claims = [
        *(
            (offer.source.priority, offer.source.name, product)
            for offer in read
            for product in offer.products
        ),
        *(
            (priorities[each.source], each.source, each.product)
            for each in holdings
            if each.source in priorities and each.source not in names and _is_whole(each)
        ),
    ]
    return Ranking(_leaders(claims))


def hidden(
    holdings: Sequence[Holding], priorities: Mapping[SourceName, int]
) -> Mapping[HoldingId, SourceName]:
    """
    Of what is held, the images that a source of higher priority has whole too, and which source that is.
    """
    known = [each for each in holdings if each.source in priorities and each.state is not State.RETIRED]
    claims = ((priorities[each.source], each.source, each.product) for each in known if _is_whole(each))
    whole = Ranking(_leaders(claims))
    found = {}
    for each in known:
        hider = whole.hider(each.source, each.product)
        if hider is not None and priorities[hider] >= priorities[each.source]:
            found[each.id] = hider
    return found


def _is_whole(holding: Holding) -> bool:
    return holding.state is State.COMPLETE


def _leaders(claims: Iterable[tuple[int, SourceName, Product]]) -> Mapping[Spec, SourceName]:
    best: dict[Spec, tuple[int, SourceName]] = {}
    for priority, source, product in claims:
        claim = (-priority, source)
        spec = spec_of(product)
        best[spec] = min(best.get(spec, claim), claim)
    return {spec: source for spec, (_, source) in best.items()}
