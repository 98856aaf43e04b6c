"""
What of an offer an operator wants.
"""

from tundish.core.image import Product, Version
from tundish.core.names import SourceName
from tundish.core.selection import ANY, Selection


def matches(selection: Selection, product: Product, source: SourceName) -> bool:
    """
    Whether every field of a selection fits a product of this source.
    """
    return (
        selection.source in {None, source}
        and selection.os in {ANY, product.os}
        and selection.series in {ANY, product.series}
        and _fits(selection.arches, product.arch)
        and _fits(selection.kernels, product.kernel)
        and _fits(selection.labels, product.label)
    )


def newest(product: Product, keep: int) -> tuple[Version, ...]:
    """
    The `keep` newest versions, the newest first.
    """
    return tuple(sorted(product.versions, key=lambda version: version.name, reverse=True)[: max(keep, 0)])


def _fits(wanted: tuple[str, ...], value: str) -> bool:
    return ANY in wanted or value in wanted
