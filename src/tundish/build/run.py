"""
One build from end to end: the image into the store, its versions into the catalog, an event behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tundish.build.builder import Progress, build
from tundish.build.built import Built
from tundish.build.products import products_of
from tundish.build.recipe import Recipe
from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.names import VersionName, version_name
from tundish.store.blobs import BlobSink

MOST_A_DAY = 99


@dataclass(frozen=True, slots=True)
class Bench:
    """
    What a build works with.
    """

    catalog: Catalog
    store: BlobSink
    cache: Path
    work: Path
    now: Callable[[], datetime]
    holder: str  # who we are, for whoever finds a build under way


@dataclass(frozen=True, slots=True)
class Made:
    """
    What a build brought: the blobs, and the holdings that name them.
    """

    built: Built
    holdings: tuple[Holding, ...]
    is_new: bool  # False: the very same bytes were held already


def make(
    recipe: Recipe, bench: Bench, *, progress: Progress, version: VersionName | None = None, label: str
) -> Made:
    """
    Build a recipe and hold the result as our own images. Without `version`, the day of the recipe's epoch
    names it, with `.01` and so on for further builds of that day.

    Raises:
        Conflict: the version named is held with other bytes; versions never change.
        Busy: another build is under way in this state.
        ToolFailed, InputError, StorageError: see `builder.build`.
    """
    with bench.catalog.database.exclusive("build", bench.holder):
        built = build(recipe, cache=bench.cache, work=bench.work, store=bench.store, progress=progress)
        held = bench.catalog.images.list(source=OWN)
        names = [version] if version else candidates(recipe.epoch)
        for name in names:
            products = products_of(built, recipe, name, label)
            known = _known(held, products)
            if not known:
                return Made(built, _hold(bench, products), is_new=True)
            if all(_same(holding, products) for holding in known):
                return Made(built, tuple(known), is_new=False)
    raise Conflict(
        f"{recipe.os}/{recipe.series}@{names[-1]} is held already with other bytes, and a version never "
        "changes; give another with --version"
    )


def candidates(epoch: int) -> list[VersionName]:
    """
    Version names of a day, in the order in which they are taken; string order is time order.
    """
    day = f"{datetime.fromtimestamp(epoch, UTC):%Y%m%d}"
    return [version_name(day), *(version_name(f"{day}.{number:02}") for number in range(1, MOST_A_DAY + 1))]


def _known(held: Sequence[Holding], products: Sequence[Product]) -> list[Holding]:
    wanted = {(product.name, product.versions[0].name) for product in products}
    return [each for each in held if (each.product.name, each.version.name) in wanted]


def _same(holding: Holding, products: Sequence[Product]) -> bool:
    return any(
        {item.digest for item in holding.version.items} == {item.digest for item in product.versions[0].items}
        for product in products
        if product.name == holding.product.name
    )


def _hold(bench: Bench, products: Sequence[Product]) -> tuple[Holding, ...]:
    at = bench.now()
    numbers: tuple[HoldingId, ...] = bench.catalog.images.record_many(OWN, products, State.COMPLETE, at)
    for product in products:
        bench.catalog.events.add("built", replace(product, versions=()).ref, product.versions[0].name, at)
    return tuple(bench.catalog.images.get(number) for number in numbers)
