"""
What a bundle offers, as products files, and what its arrival changes. Decided here, done elsewhere.

Every bundle lists all that its origin offers; only the bytes are incremental. So what a reader holds of
an origin is, after each bundle, exactly what the origin held.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tundish.bundle.manifest import Listed, Manifest
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, InvalidName
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Product, Products, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, SourceName, source_name
from tundish.core.payload import Payload, unverified
from tundish.store.blobs import Blob
from tundish.stream import document
from tundish.stream import products as stream_products

DATATYPE = "image-downloads"


@dataclass(frozen=True, slots=True)
class Offered:
    """
    What a bundle offers of one source of its origin.
    """

    source: SourceName
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """
    A products file of a bundle, written down.
    """

    listed: Listed
    data: bytes


def written(holdings: Iterable[Holding], created: datetime) -> tuple[Text, ...]:
    """
    Holdings as products files, each proven to come back as what it was.

    Raises:
        Conflict: a holding would not.
    """
    return tuple(_written(source, products) for source, products in _grouped(holdings, created))


def _grouped(holdings: Iterable[Holding], created: datetime) -> Iterator[tuple[SourceName, Products]]:
    groups: dict[tuple[SourceName, ContentId], dict[str, list[Holding]]] = {}
    for holding in holdings:
        of = holding.product
        groups.setdefault((holding.source, of.content_id), {}).setdefault(of.name, []).append(holding)
    for (source, content_id), lines in sorted(groups.items()):
        products = tuple(_product(line) for _, line in sorted(lines.items()))
        yield source, Products(content_id, DATATYPE, created.replace(microsecond=0), products)


def _product(line: Sequence[Holding]) -> Product:
    versions = sorted((holding.version for holding in line), key=lambda version: version.name)
    return replace(line[0].product, versions=tuple(map(_ordered, versions)))


def _ordered(version: Version) -> Version:
    return replace(version, items=tuple(sorted(version.items, key=lambda item: item.name)))


def _written(source: SourceName, products: Products) -> Text:
    data = stream_products.render(products)
    found, remarks = stream_products.parse(
        unverified(data, "the bundle being written"),  # our own text, a moment old
        nameless=True,
    )
    if found.products != products.products:
        why = "; ".join(f"{remark.subject}: {remark.text}" for remark in remarks[:5]) or products.content_id
        raise Conflict(f"images of source {source} cannot be put into a bundle as they are: {why}")
    return Text(Listed(source, Digest.of(data), len(data), _count(products.products)), data)


def read(payload: Payload, listed: Listed) -> Offered:
    """
    Read a products file of a bundle.

    Raises:
        BadDocument: it is none, or parts of it cannot be used.
    """
    found, remarks = stream_products.parse(payload, nameless=True)
    if _count(found.products) != listed.versions:
        why = "; ".join(f"{remark.subject}: {remark.text}" for remark in remarks[:5])
        raise document.bad(
            payload, f"of {listed.versions} versions {_count(found.products)} can be used ({why})"
        )
    return Offered(listed.source, found.products)


def _count(products: Iterable[Product]) -> int:
    return sum(len(product.versions) for product in products)


def blobs(products: Iterable[Product]) -> tuple[Blob, ...]:
    """
    Every blob that products are made of, once, by digest.
    """
    found = {
        Blob(item.digest, item.size)
        for product in products
        for version in product.versions
        for item in version.items
    }
    return tuple(sorted(found, key=lambda blob: (blob.digest, blob.size)))


def judge(manifest: Manifest, offers: Sequence[Offered], payload: Payload) -> None:
    """
    Let a bundle pass if the blobs it names are those that what it offers is made of.

    Raises:
        BadDocument: they are not.
    """
    needed = blobs(product for offered in offers for product in offered.products)
    named = sorted((*manifest.blobs, *manifest.expected), key=lambda blob: blob.digest)
    if list(needed) != named:
        raise document.bad(payload, "the blobs it names are not those of the images it offers")


def bundle_name(value: str) -> SourceName:
    """
    What the bundles of one origin are called here: a word without a dot, which ends it in names of sources.

    Raises:
        InvalidName: it is not.
    """
    if "." in value or value == OWN:
        raise InvalidName("name for bundles", value, f"letters, digits and _+- only, and not {OWN!r}")
    return source_name(value)


def local_name(name: SourceName, source: SourceName) -> SourceName:
    """
    The source under which images are listed here that came in bundles called `name`.

    Raises:
        InvalidName: it is too long.
    """
    return source_name(f"{name}.{source}")


def is_of(holding: Holding, name: SourceName) -> bool:
    """
    Whether a holding came in bundles called `name`.
    """
    return holding.source.startswith(f"{name}.")


def renamed(offers: Iterable[Offered], name: SourceName) -> tuple[Offered, ...]:
    return tuple(replace(each, source=local_name(name, each.source)) for each in offers)


def retiring(
    holdings: Iterable[Holding], offers: Iterable[Offered], ties: Mapping[HoldingId, str]
) -> tuple[Holding, ...]:
    """
    Of what came before under the same name, that which is no longer offered and which nothing ties.
    """
    offered = {
        (each.source, product.content_id, product.name, version.name)
        for each in offers
        for product in each.products
        for version in product.versions
    }
    return tuple(
        each
        for each in holdings
        if each.state is not State.RETIRED
        and not each.on_hold
        and each.id not in ties
        and (each.source, each.product.content_id, each.product.name, each.version.name) not in offered
    )


def check_removal(leaving: Iterable[Holding], holdings: Iterable[Holding], offers: Iterable[Offered]) -> None:
    """
    Let a bundle pass unless it would do away with more than half of the images that came before it.

    Raises:
        Conflict: it would.
    """
    gone = {each.id for each in leaving}
    complete = [each for each in holdings if each.state is State.COMPLETE]
    before = {each.product.ref for each in complete}
    after = {each.product.ref for each in complete if each.id not in gone}
    after |= {product.ref for offered in offers for product in offered.products}
    gone_images = len(before - after)
    if 2 * gone_images > len(before):
        raise Conflict(
            f"this bundle would retire every version of {gone_images} of {len(before)} images; nothing was "
            "done. See what it offers: tundish bundle show FILE; if that is what you want, pass "
            "--allow-mass-removal"
        )
