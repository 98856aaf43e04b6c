"""
A region that offers channels: images synced from a source, and what a person does with channels.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.region import Region, region
from tests.support.seal import Seal
from tests.support.stream_simulator import StreamSimulator
from tundish.core.names import ChannelName, channel_name
from tundish.core.release import Channel
from tundish.publish import moving, run
from tundish.publish.publisher import Press, Publication
from tundish.publish.run import Office, Terms
from tundish.publish.tidying import GRACE, Tidied
from tundish.store.blobs import BlobSource

STABLE, CANDIDATE = channel_name("stable"), channel_name("candidate")
FILES = ("boot-kernel", "boot-initrd", "squashfs")


class Counter:
    """
    `lab.now` is the moment, which tests move on.
    """

    def __init__(self, lab: Region, stream: StreamSimulator) -> None:
        self.lab, self.stream = lab, stream
        self.seal = Seal(lambda: self.lab.now)
        self.store: BlobSource = lab.store
        self.channels = lab.folder / "channels"

    def office(self) -> Office:
        press = Press(self.store, self.seal, self.seal, lambda: self.lab.now)
        return Office(self.lab.catalog, self.channels, press, "a test")

    def offer(self, version: str, *, packages: str = "", series: str = "noble") -> None:
        """
        A version appears upstream, with a manifest of these packages, and is synced.
        """
        data = {name: f"{series}/{version}/{name}".encode() for name in FILES}
        self.stream.add(series=series, version=version, items={**data, "manifest": packages.encode()})
        self.stream.publish(self.lab.tomorrow())
        self.lab.sync()

    def publish(
        self,
        *refs: str,
        channel: ChannelName = STABLE,
        dialect: str | None = None,
        expires: int | None = None,
    ) -> Publication:
        return run.publish(
            self.lab.catalog,
            refs,
            channel,
            channels=self.channels,
            press=self.office().press,
            holder="a test",
            terms=Terms(dialect, expires),
        )

    def promote(self) -> Publication:
        plan = moving.plan_promotion(self.lab.catalog, self.store, CANDIDATE, STABLE)
        return moving.promote(self.office(), plan)

    def roll_back(self, to: int | None = None) -> Publication:
        return moving.roll_back(self.office(), STABLE, to)

    def resign(self, expires: int | None = None) -> Publication:
        return moving.resign(self.office(), STABLE, expires)

    def tidy(self, grace: timedelta = GRACE) -> Tidied:
        return moving.tidy(self.office(), STABLE, grace)

    def later(self, by: timedelta) -> datetime:
        self.lab.now += by
        return self.lab.now

    @property
    def root(self) -> Path:
        return self.channels / STABLE

    def channel(self) -> Channel:
        return self.lab.catalog.channels.get(STABLE)

    def documents(self, channel: ChannelName = STABLE) -> list[dict[str, Any]]:
        """
        The products files that the unsigned index names.
        """
        root = self.channels / channel
        index = json.loads((root / "streams/v1/index.json").read_bytes())
        return [json.loads((root / entry["path"]).read_bytes()) for entry in index["index"].values()]

    def versions(self, channel: ChannelName = STABLE) -> set[str]:
        """
        The versions that readers of a channel find.
        """
        return {
            version
            for document in self.documents(channel)
            for product in document["products"].values()
            for version in product["versions"]
        }

    def missing(self) -> list[str]:
        """
        What is named to readers of stable and is not there.
        """
        return [path for path in items(self.documents()) if not (self.root / path).is_file()]


def items(documents: list[dict[str, Any]]) -> set[str]:
    """
    Every item path of products files.
    """
    return {
        item["path"]
        for document in documents
        for product in document["products"].values()
        for version in product["versions"].values()
        for item in version["items"].values()
    }


@contextmanager
def counter(folder: Path) -> Iterator[Counter]:
    """
    A region that has synced version 20260101, and keeps three.
    """
    stream = StreamSimulator()
    with region(folder, stream) as lab:
        lab.add(stream)
        lab.select(keep=3)
        made = Counter(lab, stream)
        made.offer("20260101", packages="bash\t5.1\nold\t1\n")
        yield made
