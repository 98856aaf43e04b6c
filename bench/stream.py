"""
A tree shaped like a MAAS source, of any size, the same bytes every time.

The content of an item is derived from its path, so nothing deduplicates or compresses, and two machines
measure the same work. A single large file is a hole on the disk: it is all zeros.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
ARCHES = ("amd64", "arm64", "ppc64el", "s390x")
ITEMS = ("boot-initrd", "boot-kernel", "manifest", "squashfs")
UPDATED = "Fri, 02 Jan 2026 03:04:05 +0000"
CONTENT_ID = "com.example.maas:stable:v3:download"
INDEX = "streams/v1/index"
PRODUCTS = f"streams/v1/{CONTENT_ID}"


@dataclass(frozen=True, slots=True)
class Shape:
    """
    How large a stream is, and how many versions of each product, the newest, are mirrored.
    """

    products: int
    versions: int
    item_size: int
    keep: int
    kinds: tuple[str, ...] = ITEMS
    is_hole: bool = False  # nothing but zeros, which take no room where they are served from

    @property
    def offered(self) -> int:
        return self.products * self.versions * len(self.kinds)

    @property
    def items(self) -> int:
        """
        How many files a mirror holds.
        """
        return self.products * min(self.keep, self.versions) * len(self.kinds)

    @property
    def bytes(self) -> int:
        return self.items * self.item_size


@dataclass(frozen=True, slots=True)
class Product:
    number: int

    @property
    def arch(self) -> str:
        return ARCHES[self.number % len(ARCHES)]

    @property
    def version(self) -> str:
        return f"{self.number // len(ARCHES):04d}"

    @property
    def release(self) -> str:
        return f"r{self.version}"

    @property
    def name(self) -> str:
        return f"com.example.maas.stable:v3:boot:{self.version}:{self.arch}:ga-{self.version}"

    def path(self, version: str, item: str) -> str:
        return f"{self.release}/{self.arch}/{version}/{item}"


def content(path: str, size: int) -> bytes:
    return hashlib.shake_128(path.encode()).digest(size)


def versions(shape: Shape) -> list[str]:
    return [str(20260101 + number) for number in range(shape.versions)]


def paths(shape: Shape) -> Iterator[str]:
    """
    The path of every item that is mirrored, in the order of the products document.
    """
    for number in range(shape.products):
        for version in versions(shape)[-shape.keep :]:
            yield from (Product(number).path(version, item) for item in shape.kinds)


def write(root: Path, shape: Shape, sign: Callable[[bytes], bytes]) -> None:
    """
    Write items, products and index below `root`, documents both bare and clearsigned by `sign`.
    """
    products = {
        product.name: _product(root, product, shape) for product in map(Product, range(shape.products))
    }
    document: dict[str, object] = {
        "content_id": CONTENT_ID,
        "datatype": "image-ids",
        "format": "products:1.0",
        "products": products,
        "updated": UPDATED,
    }
    (root / INDEX).parent.mkdir(parents=True)
    for suffix, rendered in ((".json", bytes), (".sjson", sign)):
        index = _index(PRODUCTS + suffix, sorted(products))
        (root / (PRODUCTS + suffix)).write_bytes(rendered(_text(document)))
        (root / (INDEX + suffix)).write_bytes(rendered(_text(index)))


def _text(document: dict[str, object]) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _index(path: str, names: list[str]) -> dict[str, object]:
    entry = {
        "datatype": "image-ids",
        "format": "products:1.0",
        "path": path,
        "products": names,
        "updated": UPDATED,
    }
    return {"format": "index:1.0", "index": {CONTENT_ID: entry}, "updated": UPDATED}


def _product(root: Path, product: Product, shape: Shape) -> dict[str, object]:
    return {
        "arch": product.arch,
        "kflavor": "generic",
        "krel": product.release,
        "label": "stable",
        "os": "example",
        "release": product.release,
        "release_codename": f"Release {product.version}",
        "release_title": f"{product.version} LTS",
        "subarch": f"ga-{product.version}",
        "subarches": f"generic,ga-{product.version}",
        "support_eol": "2031-01-01",
        "support_esm_eol": "2036-01-01",
        "version": product.version,
        "versions": {
            version: {
                "items": {item: _item(root, product.path(version, item), item, shape) for item in shape.kinds}
            }
            for version in versions(shape)
        },
    }


def _item(root: Path, path: str, ftype: str, shape: Shape) -> dict[str, object]:
    target, size = root / path, shape.item_size
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w+b") as file:
        if shape.is_hole:
            file.truncate(size)
        else:
            file.write(content(path, size))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"ftype": ftype, "path": path, "sha256": digest, "size": size}
