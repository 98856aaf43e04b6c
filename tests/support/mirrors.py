"""
A mirror for tests: a folder, a simulated source, and a clock that tests move on.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.core.errors import TundishError
from tundish.fetch.fetcher import Fetcher
from tundish.mirrors import run
from tundish.mirrors.desk import Desk, Outcome, Prepared
from tundish.mirrors.transfer import Wanted
from tundish.mirrors.wish import Wish
from tundish.tools.gpg import GpgSigner, Gpgv

OWN = ".tundish"


class Watch:
    """
    A watcher that remembers what it saw.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.bytes = 0
        self.begins: list[str] = []
        self.retries: list[str] = []

    def begun(self, file: Wanted) -> None:
        self.begins.append(file.path)

    def moved(self, file: Wanted, count: int) -> None:
        with self.lock:
            self.bytes += count

    def retried(self, file: Wanted, error: TundishError, delay: float) -> None:
        self.retries.append(file.path)

    def ended(self, file: Wanted, error: TundishError | None) -> None: ...


@dataclass
class Lab:
    """
    `mirror` as a person would; wishes are those of `tundish mirror`.
    """

    root: Path
    stream: StreamSimulator
    fetcher: Fetcher
    signer: GpgSigner | None = None
    now: datetime = DAY
    watch: Watch = field(default_factory=Watch)
    stop: threading.Event = field(default_factory=threading.Event)
    pauses: list[float] = field(default_factory=list)
    plans: list[Prepared] = field(default_factory=list)

    def desk(self) -> Desk:
        return Desk(
            fetcher=self.fetcher,
            verifier=Gpgv(),
            now=lambda: self.now,
            sleep=self.pauses.append,
            jitter=lambda: 0.5,
            holder="a test",
            signer=self.signer,
            parallel=4,
        )

    def wish(self, *filters: str, **words: Any) -> Wish:
        given = {"signed": True if self.signer else None, "keyring": self.stream.keyring, **words}
        return Wish(self.stream.url, filters=filters, **given)

    def mirror(self, *filters: str, **words: Any) -> Outcome:
        wish = self.wish(*filters, **words)
        return run.mirror(
            wish, self.root, self.desk(), watch=self.watch, stop=self.stop, planned=self.plans.append
        )

    def prepare(self, *filters: str, **words: Any) -> Prepared:
        return run.prepare(self.wish(*filters, **words), self.root, self.desk())

    def later(self, **span: float) -> datetime:
        """
        Move the clock on: days=1, hours=2.
        """
        self.now += timedelta(**span)
        return self.now

    def items(self) -> dict[str, bytes]:
        """
        The files of the tree that are no documents, by path.
        """
        return {path: data for path, data in tree(self.root).items() if not path.startswith("streams/")}

    def index(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "streams/v1/index.json").read_bytes())
        return found

    def listed(self) -> set[str]:
        """
        The paths of all items that our own catalogue lists.
        """
        return set(listed_paths(self.root))


def tree(root: Path) -> dict[str, bytes]:
    """
    Every file of a tree by path, our notes and those of the reference left out.
    """
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {OWN, ".data"}.intersection(path.relative_to(root).parts)
    }


def listed_paths(root: Path, index: str = "streams/v1/index.json") -> Iterator[str]:
    """
    The items that an unsigned index leads to, as a reader finds them.
    """
    for entry in json.loads((root / index).read_bytes())["index"].values():
        document = json.loads((root / entry["path"]).read_bytes())
        for product in document["products"].values():
            for version in product["versions"].values():
                yield from (item["path"] for item in version["items"].values())
