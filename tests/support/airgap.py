"""
Two states with nothing between them but bundles: one that holds images, and one that takes them in.
"""

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY
from tundish.bundle import run, taking
from tundish.bundle.manifest import Manifest
from tundish.bundle.run import Desk, Known
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.holding import OWN, HoldingId
from tundish.core.image import BOOT_FTYPES, Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.payload import Inspection
from tundish.store.blobs import BlobJanitor
from tundish.store.local import LocalStore
from tundish.tools.gpg import Gpgv
from tundish.trust.protocols import Signer, Verifier

_FTYPES = sorted(BOOT_FTYPES)


def content(name: str, size: int) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


def product(series: str) -> Product:
    return Product(
        name=ProductName(f"com.example:v3:{series}"),
        content_id=ContentId("stable"),
        os="debian",
        series=series,
        arch="amd64",
        label="stable",
        kernel="generic",
        title=f"Debian {series}",
        versions=(),
        extra={
            "subarches": "generic",
            "kflavor": "generic",
            "version": "12",
            "support_eol": "2028-06-10",
            "unknown": {"deep": [1, "two"]},
        },
    )


class Watch:
    """
    A watcher that counts, and that may end it after so many bytes.
    """

    def __init__(self, stop: threading.Event) -> None:
        self.stop, self.size, self.bytes, self.limit = stop, 0, 0, -1

    def expect(self, files: int, size: int) -> None:
        self.size = size

    def moved(self, count: int) -> None:
        self.bytes += count
        if 0 <= self.limit <= self.bytes:
            self.stop.set()


@dataclass
class Side:
    """
    One state.
    """

    catalog: Catalog
    store: BlobJanitor
    now: datetime = DAY
    stop: threading.Event = field(default_factory=threading.Event)
    verifier: Verifier = field(default_factory=Gpgv)

    def __post_init__(self) -> None:
        self.watch = Watch(self.stop)

    def desk(self) -> Desk:
        return Desk(
            self.catalog, self.store, self.verifier, lambda: self.now, "a test", self.watch, self.stop
        )

    def hold(
        self, series: str, version: str, *, sizes: Sequence[int] = (3_000, 512, 0), source: SourceName = OWN
    ) -> HoldingId:
        """
        Hold a version of as many files as there are sizes; the last one depends on its size only.
        """
        names = [f"{series}/{version}/{place}" for place in range(len(sizes) - 1)]
        names.append(f"{series}/shared-{sizes[-1]}")
        items = []
        for place, (name, size) in enumerate(zip(names, sizes, strict=True)):
            data = content(name, size)
            self.store.add([data])
            items.append(
                Item(
                    ItemName(_FTYPES[place]),
                    _FTYPES[place],
                    ItemPath(name),
                    size,
                    Digest.of(data),
                    {"kernel": "6.1"},
                )
            )
        held = Version(VersionName(version), tuple(items), {"note": "ä"})
        (number,) = self.catalog.images.record(source, product(series), [held], State.COMPLETE, self.now)
        return number

    def export(self, known: Known | None = None) -> bytes:
        output = io.BytesIO()
        run.export(self.desk(), output, signer=signer(), known=known or Known())
        return output.getvalue()

    def since(self, bundle: bytes) -> Known:
        return run.since_bundle(io.BytesIO(bundle), "earlier", self.desk(), keyring=signer().keyring())

    def take_in(
        self,
        bundle: bytes | BinaryIO,
        *,
        keyring: bytes | None = None,
        name: str | None = "hq",
        allow_mass_removal: bool = False,
    ) -> taking.Taken:
        return taking.take_in(
            self.desk(),
            io.BytesIO(bundle) if isinstance(bundle, bytes) else bundle,
            "usb.bundle",
            keyring=key().keyring if keyring is None else keyring,
            name=None if name is None else SourceName(name),
            allow_mass_removal=allow_mass_removal,
        )

    def states(self) -> dict[str, str]:
        """
        The state of everything held, by source and ref.
        """
        return {f"{each.source} {each.ref}": str(each.state) for each in self.catalog.images.list()}

    def blobs(self) -> set[str]:
        return {blob.digest.hex for blob in self.store.walk()}


@cache
def signer() -> Signer:
    return key().signer(at=MADE_AT)


@contextmanager
def side(folder: Path, store: BlobJanitor | None = None) -> Iterator[Side]:
    """
    A state that is kept in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    catalog = Catalog.open(sqlite_url(folder / "catalog.sqlite"))
    try:
        yield Side(catalog, store or LocalStore(folder / "store"))
    finally:
        catalog.close()


class Pipe(io.BytesIO):
    """
    Bytes that come once and cannot be sought in.
    """

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0, /) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


@dataclass(frozen=True, slots=True)
class OneMessage:
    """
    A Verifier that knows one good message by heart, and believes nothing else.
    """

    message: bytes
    inspection: Inspection

    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        if document == self.message:
            return self.inspection
        return Inspection(b"", ("NEWSIG", "PLAINTEXT 62 0", "BADSIG 0 nobody"))


def manifest_of(bundle: bytes, held: Side) -> Manifest:
    return run.show(held.desk(), io.BytesIO(bundle), "usb.bundle", keyring=key().keyring).opened.manifest
