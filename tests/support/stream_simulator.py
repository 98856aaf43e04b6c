"""
A complete stream in memory, in the MAAS dialect, that *is* a Fetcher.

Its documents are written here by hand, not by `tundish.stream`, so that reader and writer cannot agree
on the same mistake. `files` is the truth: change it to lie, copy it and put it back to replay.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tundish.core.errors import BadStatus, CutShort, Gone, TooLong, TundishError, Unreachable
from tundish.fetch.fetcher import Fetched
from tundish.trust.protocols import Signer

CONTENT_ID = "com.example.maas:stable:v3:download"
_SIZES = {"boot-kernel": 2_000, "boot-initrd": 5_000, "squashfs": 9_000, "manifest": 200}


def content(path: str, size: int) -> bytes:
    """
    Bytes that look random and depend on nothing but path and size.
    """
    return hashlib.shake_128(path.encode()).digest(size)


@dataclass(frozen=True, slots=True)
class _Open:
    """
    One transfer: an Answer. With `cut`, it breaks off after so many bytes.
    """

    data: bytes
    offset: int
    validator: str
    cut: int | None

    @property
    def length(self) -> int:
        return len(self.data) - self.offset

    def chunks(self) -> Iterator[bytes]:
        end = len(self.data) if self.cut is None else min(self.offset + self.cut, len(self.data))
        for start in range(self.offset, end, 1000):
            yield self.data[start : min(start + 1000, end)]
        if end < len(self.data):
            raise CutShort(f"the transfer ended {len(self.data) - end} bytes early")


class StreamSimulator:
    """
    `add` products, `publish`, and hand it to whoever wants a Fetcher. Without a signer there is no `.sjson`.

    `requests` are the paths asked for, `resumed` those asked for from an offset, `unchanged` the documents
    that had not changed; `failures` and `cuts` hold, by path, what the next requests run into; without
    `ranges` offsets are ignored, and without `validates` nothing can be said to be unchanged.
    """

    def __init__(
        self,
        signer: Signer | None = None,
        *,
        url: str = "http://stream.test/maas/",
        content_id: str = CONTENT_ID,
    ) -> None:
        self.signer, self.url, self.content_id = signer, url, content_id
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.resumed: list[str] = []
        self.unchanged: list[str] = []
        self.failures: dict[str, list[TundishError]] = {}
        self.cuts: dict[str, list[int]] = {}
        self.ranges = self.validates = True
        self.products: dict[str, dict[str, Any]] = {}

    @property
    def keyring(self) -> bytes:
        return self.signer.keyring() if self.signer else b""

    @property
    def suffix(self) -> str:
        return "sjson" if self.signer else "json"

    @property
    def index_path(self) -> str:
        return f"streams/v1/index.{self.suffix}"

    @property
    def products_path(self) -> str:
        return f"streams/v1/{self.content_id}.{self.suffix}"

    def add(
        self,
        *,
        product_name: str | None = None,
        os: str = "ubuntu",
        series: str = "noble",
        arch: str = "amd64",
        kernel: str = "ga-24.04",
        label: str = "stable",
        version: str = "20260101",
        items: Mapping[str, bytes] | None = None,
    ) -> str:
        """
        Add a version, and its product if it is new; `items` are bytes by ftype. Returns the product's name.
        """
        name = product_name or f"com.example.maas.stable:v3:boot:{series}:{arch}:{kernel}"
        product = self.products.setdefault(
            name,
            {
                "os": os,
                "release": series,
                "release_title": f"{series} LTS",
                "release_codename": series.title(),
                "version": "24.04",
                "arch": arch,
                "subarch": kernel,
                "subarches": f"generic,{kernel}",
                "kflavor": "generic",
                "krel": series,
                "label": label,
                "support_eol": "2029-05-31",
                "versions": {},
            },
        )
        listed: dict[str, Any] = {}
        for ftype in items if items is not None else _SIZES:
            shared = ftype in {"squashfs", "manifest"}
            path = f"{series}/{arch}/{version}/" + (ftype if shared else f"{kernel}/generic/{ftype}")
            data = items[ftype] if items is not None else content(path, _SIZES[ftype])
            self.files[path] = data
            digest = hashlib.sha256(data).hexdigest()
            listed[ftype] = {"ftype": ftype, "path": path, "size": len(data), "sha256": digest}
        product["versions"][version] = {"items": listed}
        return name

    def drop(self, product_name: str, version: str | None = None) -> None:
        """
        Take a version, or the whole product, out of the next publication; its files stay.
        """
        if version is None:
            del self.products[product_name]
        else:
            del self.products[product_name]["versions"][version]

    def publish(self, updated: datetime) -> None:
        """
        Write index and products file in both renderings, dated `updated`.
        """
        date = format_datetime(updated)
        products = {
            "format": "products:1.0",
            "content_id": self.content_id,
            "datatype": "image-ids",
            "updated": date,
            "products": self.products,
        }
        entry = {
            "format": "products:1.0",
            "datatype": "image-ids",
            "path": f"streams/v1/{self.content_id}.json",
            "products": sorted(self.products),
            "updated": date,
        }
        index = {"format": "index:1.0", "updated": date, "index": {self.content_id: entry}}
        with self._session():
            self.put(f"streams/v1/{self.content_id}", products)
            self.put("streams/v1/index", index)

    def put(self, stem: str, document: object) -> None:
        """
        Put any document, however hostile, in place: `stem`.json and, signed, `stem`.sjson.
        """
        bare = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
        self.files[f"{stem}.json"] = bare
        if self.signer:
            self.files[f"{stem}.sjson"] = self.signer.clearsign(
                bare.replace(b'.json"', b'.sjson"') if stem.endswith("index") else bare
            )

    def write_to(self, folder: Path) -> None:
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[_Open]:
        path = self._asked(url)
        data = self.files[path]
        tag = hashlib.sha256(data).hexdigest()
        if not self.ranges or (validator is not None and validator != tag):
            offset = 0
        if offset:
            self.resumed.append(path)
        if offset > len(data) or (offset and offset == len(data)):
            raise BadStatus(f"{url}: HTTP 416", url=url, status=416)
        cuts = self.cuts.get(path)
        return nullcontext(_Open(data, offset, tag, cuts.pop(0) if cuts else None))

    def document(self, url: str, *, limit: int) -> bytes:
        data = self.files[self._asked(url)]
        if len(data) > limit:
            raise TooLong(f"{url} is longer than {limit} bytes", url=url)
        return data

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        data = self.document(url, limit=limit)
        tag = hashlib.sha256(data).hexdigest()
        if self.validates and validator == tag:
            self.unchanged.append(url.removeprefix(self.url))
            return None
        return Fetched(data, tag if self.validates else None)

    def _asked(self, url: str) -> str:
        """
        The path of a URL, after noting the request and meeting what was planned for it.
        """
        if not url.startswith(self.url):
            raise Unreachable(f"{url}: no such host", url=url)
        path = url.removeprefix(self.url)
        self.requests.append(path)
        if planned := self.failures.get(path):
            raise planned.pop(0)
        if path not in self.files:
            raise Gone(f"{url}: HTTP 404", url=url, status=404)
        return path

    def _session(self) -> AbstractContextManager[object]:
        return self.signer.session() if self.signer else nullcontext()
