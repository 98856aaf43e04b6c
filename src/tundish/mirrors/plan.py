"""
Decide what a mirror will hold, before anything is done.

Per product, as the reference does it: the newest versions of the source, and with `keep` older ones
while there is room. Products that left the source or no longer match stay, unless pruned. What cannot
be fetched changes nothing: `settled` leaves its product as it was.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.image import Item, Product, Products, Remark, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName

OWN = ".tundish"  # the folder of a mirror's own notes
_DOCUMENTS = "streams/v1/"
Held: TypeAlias = Mapping[ContentId, Products]
_Place: TypeAlias = tuple[ContentId, ProductName, VersionName, ItemName]


@dataclass(frozen=True, slots=True)
class Rule:
    most: int | None = None
    keep: bool = False
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """
    One item that comes (`+`) or goes (`-`).
    """

    sign: str
    product: ProductName
    version: VersionName
    item: Item


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is held before and after.
    """

    before: Held
    after: Held

    def changes(self) -> tuple[Change, ...]:
        """
        Item by item, sorted by product, version and item.
        """
        old, new = dict(_items(self.before)), dict(_items(self.after))
        come = [("+", place, item) for place, item in new.items() if not _same(old.get(place), item)]
        go = [("-", place, item) for place, item in old.items() if not _same(new.get(place), item)]
        ordered = sorted([*come, *go], key=lambda each: (each[1], each[0]))
        return tuple(Change(sign, place[1], place[2], item) for sign, place, item in ordered)

    def growth(self) -> int:
        """
        Bytes that the mirror grows by; a file of several items counts once.
        """
        return _size(self.after) - _size(self.before)


def present(held: Held, stands: Callable[[Item], bool]) -> Held:
    """
    What is held and still there.
    """
    left = {}
    for name, document in held.items():
        products = [_present(product, stands) for product in document.products]
        left[name] = replace(document, products=tuple(each for each in products if each.versions))
    return _speaking(left)


def _present(product: Product, stands: Callable[[Item], bool]) -> Product:
    versions = [replace(each, items=tuple(filter(stands, each.items))) for each in product.versions]
    return replace(product, versions=tuple(each for each in versions if each.items))


def plan(offered: Iterable[Products], held: Held, rule: Rule, *, gone: Collection[ContentId] = ()) -> Plan:
    """
    What to hold of what is offered. `gone` are products files that the source has no longer.
    """
    after = {name: each for name, each in held.items() if not (rule.prune and name in gone)}
    for offer in offered:
        after[offer.content_id] = _merged(offer, held.get(offer.content_id), rule)
    return Plan(held, _speaking(after))


def _speaking(held: Held) -> Held:
    """
    Without documents that neither list nor announce anything.
    """
    return {name: each for name, each in held.items() if each.products or each.announced}


def _merged(offer: Products, held: Products | None, rule: Rule) -> Products:
    standing = {product.name: product for product in held.products} if held else {}
    found = {} if rule.prune else dict(standing)
    for product in offer.products:
        versions = _versions(product, standing.get(product.name), rule)
        found[product.name] = replace(product, versions=versions)
    return replace(offer, products=tuple(found[name] for name in sorted(found) if found[name].versions))


def _versions(offered: Product, held: Product | None, rule: Rule) -> tuple[Version, ...]:
    source = {version.name: version for version in offered.versions}
    standing = {version.name: version for version in held.versions} if held else {}
    newest = sorted(source, reverse=True)[: rule.most]
    chosen = {name: _joined(source[name], standing.get(name), rule) for name in newest}
    if rule.keep and rule.most:
        spare = sorted(standing.keys() - source.keys(), reverse=True)[: rule.most - len(chosen)]
        chosen |= {name: standing[name] for name in spare}
    return tuple(chosen[name] for name in sorted(chosen))


def _joined(offered: Version, held: Version | None, rule: Rule) -> Version:
    """
    A version with the items that an earlier run with other filters has brought.
    """
    if held is None or rule.prune:
        return offered
    items = {item.name: item for item in (*held.items, *offered.items)}
    return replace(offered, items=tuple(items[name] for name in sorted(items)))


def settled(planned: Plan, lost: Collection[Digest]) -> Held:
    """
    What is held in the end, if these files did not come: their products keep what they had.
    """
    if not lost:
        return planned.after
    after = {name: _without(each, planned.before.get(name), lost) for name, each in planned.after.items()}
    return _speaking(after)


def _without(after: Products, before: Products | None, lost: Collection[Digest]) -> Products:
    standing = {product.name: product for product in before.products} if before else {}
    products = [_whole(product, standing.get(product.name), lost) for product in after.products]
    return replace(after, products=tuple(product for product in products if product.versions))


def _whole(product: Product, before: Product | None, lost: Collection[Digest]) -> Product:
    sound = {each.name: each for each in product.versions if not _lacks(each, lost)}
    if len(sound) == len(product.versions):
        return product
    kept = {each.name: each for each in before.versions if not _lacks(each, lost)} if before else {}
    versions = {**kept, **sound}
    return replace(product, versions=tuple(versions[name] for name in sorted(versions)))


def _lacks(version: Version, lost: Collection[Digest]) -> bool:
    return any(item.digest in lost for item in version.items)


def safe(document: Products) -> tuple[Products, tuple[Remark, ...]]:
    """
    A products file without versions whose files would stand where a mirror keeps documents and notes.
    """
    unsafe = [
        Remark(f"{product.name}/{version.name}", "left out: a file of it would replace a document")
        for product in document.products
        for version in product.versions
        if not _is_safe(version)
    ]
    if not unsafe:
        return document, ()
    products = [replace(each, versions=tuple(filter(_is_safe, each.versions))) for each in document.products]
    return replace(document, products=tuple(each for each in products if each.versions)), tuple(unsafe)


def _is_safe(version: Version) -> bool:
    return not any(
        item.path.startswith(_DOCUMENTS) or item.path.split("/", 1)[0] == OWN for item in version.items
    )


def files(held: Held) -> dict[ItemPath, Item]:
    """
    Every file once, by path.

    Raises:
        Conflict: two items want the same path for different bytes.
    """
    found: dict[ItemPath, Item] = {}
    for place, item in _items(held):
        if found.setdefault(item.path, item).digest != item.digest:
            raise Conflict(
                f"{'/'.join(place[1:])}: {item.path} is held with other bytes from another products file; "
                "mirror the two sources into two folders"
            )
    return found


def listed(held: Held) -> dict[ItemPath, Item]:
    """
    Every path once, whatever is wanted there.
    """
    return {item.path: item for _, item in _items(held)}


def _items(held: Held) -> Iterator[tuple[_Place, Item]]:
    for name, document in sorted(held.items()):
        for product in document.products:
            for version in product.versions:
                for item in version.items:
                    yield (name, product.name, version.name, item.name), item


def _same(one: Item | None, other: Item) -> bool:
    return one is not None and (one.path, one.digest) == (other.path, other.digest)


def _size(held: Held) -> int:
    return sum({item.path: item.size for _, item in _items(held)}.values())
