"""
Products files in few words, for the pure parts of a mirror.
"""

from collections.abc import Iterable, Mapping

from tundish.core.digest import Digest
from tundish.core.image import Item, Product, Products, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.mirrors.plan import Held

ID = ContentId("com.example:download")


def item(version: str, name: str = "squashfs", path: str = "", data: str = "") -> Item:
    place = path or f"noble/{version}/{name}"
    return Item(ItemName(name), name, ItemPath(place), 100, Digest.of((data or place).encode()))


def version(name: str, *items: Item) -> Version:
    return Version(VersionName(name), items or (item(name),))


def product(name: str, versions: Iterable[Version]) -> Product:
    return Product(ProductName(name), ID, "ubuntu", "noble", "amd64", "stable", "ga", "", tuple(versions))


def products(content: Mapping[str, str], content_id: ContentId = ID) -> Products:
    """
    Products by name, their versions in one text: {"p": "1 2 3"}; each product's files are its own.
    """
    made = [
        product(name, [version(each, item(each, path=f"{name}/{each}")) for each in texts.split()])
        for name, texts in content.items()
    ]
    return Products(content_id, "image-ids", None, tuple(made))


def held(content: Mapping[str, str]) -> Held:
    return {ID: products(content)} if content else {}


def shown(what: Held) -> dict[str, str]:
    """
    The reverse of `held`.
    """
    return {
        each.name: " ".join(version.name for version in each.versions)
        for document in what.values()
        for each in document.products
    }
