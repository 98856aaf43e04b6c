"""
A region that publishes: images synced from a source, and one of our own making in both shapes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.keys import MADE_AT, key
from tests.support.region import Region, region
from tests.support.stream_simulator import StreamSimulator, content
from tundish.anatomy.packages import Package
from tundish.build.built import Built
from tundish.build.products import products_of
from tundish.build.recipe import Recipe
from tundish.core.holding import OWN
from tundish.core.image import Item
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName, channel_name, version_name
from tundish.publish import run
from tundish.publish.publisher import Press, Publication
from tundish.publish.run import DEFAULTS, Terms
from tundish.tools.gpg import Gpgv

STABLE = channel_name("stable")
CONTAINERS = channel_name("containers")  # in the dialect of Incus and LXD
CONTAINER_FILES = {"lxd.tar.xz": b"metadata", "squashfs": b"a root filesystem", "disk-kvm.img": b"a disk"}
RECIPE = Recipe(
    os="debian",
    series="bookworm",
    version="12",
    title="12 (bookworm)",
    arch="amd64",
    packages=("linux-image-cloud-amd64",),
    epoch=1_700_000_000,
    sources=("Types: deb",),
)
PACKAGE = Package("linux-image-6.1.0-1-cloud-amd64", "6.1.1-1")


class Foundry:
    """
    `publish` as a person would; every publication of a later day is dated that day.
    """

    def __init__(self, lab: Region, upstream: StreamSimulator) -> None:
        self.lab, self.upstream = lab, upstream
        self.root = lab.folder / "channels" / "stable"
        self.keyring = lab.folder / "published.gpg"
        self.keyring.write_bytes(key("ours").keyring)

    def publish(self, *refs: str, channel: ChannelName = STABLE, terms: Terms = DEFAULTS) -> Publication:
        return run.publish(
            self.lab.catalog,
            refs,
            channel,
            channels=self.lab.folder / "channels",
            press=Press(self.lab.store, key("ours").signer(at=MADE_AT), Gpgv(), lambda: self.lab.now),
            holder="a test",
            terms=terms,
        )

    def publish_containers(self) -> None:
        """
        An image with metadata appears upstream, is synced, and is offered in a channel of its own.
        """
        self.upstream.add(
            product_name="debian:bookworm:amd64:default",
            os="debian",
            series="bookworm",
            kernel="default",
            version="20260102_07:42",
            items=CONTAINER_FILES,
        )
        self.upstream.publish(self.lab.tomorrow())
        self.lab.sync()
        ref = "debian/bookworm/amd64/default@20260102_07:42"
        self.publish(ref, channel=CONTAINERS, terms=Terms("incus"))

    def build(self, version: str) -> None:
        """
        Hold an image of our own, as a build leaves it.
        """
        names = ("kernel", "initrd", "squashfs", "root_tgz", "manifest")
        blobs = {name: self.lab.store.add([content(f"{version}/{name}", 3_000)]) for name in names}
        built = Built(RECIPE.content_id, "6.1.0-1", PACKAGE, (PACKAGE,), steps=(), **blobs)
        products = products_of(built, RECIPE, version_name(version))
        self.lab.catalog.images.record_many(OWN, products, State.COMPLETE, self.lab.now)

    def sync(self, version: str) -> None:
        """
        A new version of every product appears upstream, and is synced.
        """
        offer(self.upstream, version)
        self.upstream.publish(self.lab.tomorrow())
        self.lab.sync()

    def entries(self, suffix: str = "json") -> dict[str, dict[str, Any]]:
        """
        The entries of an index, by content id; of the signed one, those that its text names.
        """
        found: dict[str, dict[str, Any]] = json.loads(self.text(f"streams/v1/index.{suffix}"))["index"]
        return found

    def text(self, path: str) -> str:
        """
        The JSON of a document, without what the signature added.
        """
        text = (self.root / path).read_text()
        return text[text.index("{") : text.rindex("}") + 1]

    def documents(self) -> dict[str, dict[str, Any]]:
        """
        The products files that are offered now, by content id.
        """
        return {name: json.loads(self.text(entry["path"])) for name, entry in self.entries().items()}

    def held(self) -> dict[tuple[str, str, str], Item]:
        """
        Every complete item by product, version and name.
        """
        return {
            (each.product.name, each.version.name, item.name): item
            for each in self.lab.catalog.images.list(states=[State.COMPLETE])
            for item in each.version.items
        }

    def items(self) -> dict[str, bytes]:
        """
        The bytes of every complete item, by path.
        """
        return {item.path: (self.root / item.path).read_bytes() for item in self.held().values()}


def offer(stream: StreamSimulator, version: str) -> None:
    for kernel in ("ga-24.04", "hwe-24.04"):  # two products that share a squashfs
        stream.add(kernel=kernel, version=version)
    stream.add(series="jammy", arch="arm64", kernel="ga-22.04", version=version)


@contextmanager
def foundry(folder: Path) -> Iterator[Foundry]:
    """
    A foundry that has published its first release.
    """
    upstream = StreamSimulator(key("upstream").signer(at=MADE_AT))
    with region(folder, upstream) as lab:
        made = Foundry(lab, upstream)
        offer(upstream, "20260101")
        upstream.publish(lab.now)
        lab.add(upstream)
        lab.select(keep=2)
        lab.sync()
        made.build("20260101")
        made.publish()
        yield made
