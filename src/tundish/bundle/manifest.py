"""
What a bundle says of itself: the signed text that comes first and names every byte behind it.

    bundle.sjson              this text, clearsigned
    products/1.json ...       one products file for each source and content id: everything that is offered
    blobs/<sha256> ...        sorted; only what a reader who has the base lacks
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tundish.bundle.ustar import BLOCK, END, padding
from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.names import SourceName, source_name
from tundish.core.payload import Payload
from tundish.store.blobs import Blob
from tundish.stream import dates, document
from tundish.stream.remarks import Remarks

FORMAT = "tundish-bundle:1.0"
OPENING = "bundle.sjson"
MAX_OPENING = document.MAX_BYTES + 64 * 1024  # bytes; the text and its signature
MAX_DOCUMENTS = 1000
MAX_NUMBER = 2**31 - 1
MAX_SIZE = 2**44  # bytes of one file, as in streams

_FINGERPRINT = re.compile(r"[0-9A-F]{40,64}")


class Since(StrEnum):
    """
    What the reader of an incremental bundle has already.
    """

    BUNDLE = "bundle"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Base:
    kind: Since
    number: int  # serial of a bundle, or number of a release, both of the origin

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One products file of the bundle, and of which source of the origin it is.
    """

    source: SourceName
    digest: Digest
    size: int
    versions: int


@dataclass(frozen=True, slots=True)
class Member:
    """
    One file of the tar: its name says where, its digest what.
    """

    name: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    origin: str  # fingerprint of the key that signs
    serial: int  # rises from bundle to bundle of one state
    base: Base | None  # None: nothing has to be there
    created: datetime
    listed: tuple[Listed, ...]
    blobs: tuple[Blob, ...]  # carried, by digest
    expected: tuple[Blob, ...]  # needed, not carried: the base has them

    @property
    def documents(self) -> tuple[Member, ...]:
        return tuple(
            Member(f"products/{place}.json", each.digest, each.size)
            for place, each in enumerate(self.listed, start=1)
        )

    @property
    def carried(self) -> tuple[Member, ...]:
        return tuple(Member(f"blobs/{each.digest.hex}", each.digest, each.size) for each in self.blobs)

    @property
    def size(self) -> int:
        """
        Bytes of all blobs carried.
        """
        return sum(blob.size for blob in self.blobs)


def length(manifest: Manifest, opening: int) -> int:
    """
    Bytes of the whole file, if its first member has so many.
    """
    sizes = [opening, *(member.size for member in (*manifest.documents, *manifest.carried))]
    return sum(BLOCK + size + padding(size) for size in sizes) + len(END)


def render(manifest: Manifest) -> bytes:
    """
    The text to be signed.
    """
    listed: list[Json] = [
        {
            "source": each.source,
            "sha256": each.digest.hex,
            "size": each.size,
            "versions": each.versions,
        }
        for each in manifest.listed
    ]
    base = manifest.base
    return document.render(
        {
            "format": FORMAT,
            "origin": manifest.origin,
            "serial": manifest.serial,
            "base": {str(base.kind): base.number} if base else None,
            "created": dates.render(manifest.created),
            "products": listed,
            "blobs": {blob.digest.hex: blob.size for blob in manifest.blobs},
            "expected": {blob.digest.hex: blob.size for blob in manifest.expected},
        }
    )


def parse(payload: Payload) -> Manifest:
    """
    Read a verified text.

    Raises:
        BadDocument: it is no manifest, or a bound is passed.
    """
    top = document.read(payload, FORMAT)
    try:
        manifest = Manifest(
            origin=_fingerprint(top.get("origin")),
            serial=_number("serial", top.get("serial"), 1, MAX_NUMBER),
            base=_base(top.get("base")),
            created=_created(top.get("created")),
            listed=tuple(_listed(top.get("products"))),
            blobs=tuple(_blobs("blobs", top.get("blobs"))),
            expected=tuple(_blobs("expected", top.get("expected"))),
        )
        _judge(manifest)
    except InputError as error:
        raise document.bad(payload, str(error)) from None
    return manifest


def _judge(manifest: Manifest) -> None:
    if {blob.digest for blob in manifest.blobs} & {blob.digest for blob in manifest.expected}:
        raise InputError("it both carries and expects a blob")
    base = manifest.base
    if base is None and manifest.expected:
        raise InputError("it expects blobs but names no base")
    if base and base.kind is Since.BUNDLE and base.number >= manifest.serial:
        raise InputError(f"bundle {manifest.serial} cannot build on bundle {base.number}")


def _fingerprint(value: Json) -> str:
    if not isinstance(value, str) or not _FINGERPRINT.fullmatch(value):
        raise InputError("its origin is not the fingerprint of a key")
    return value


def _number(what: str, value: Json, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"its {what} is not a whole number from {least} to {most}")
    return value


def _base(value: Json) -> Base | None:
    if value is None:
        return None
    if isinstance(value, dict) and len(value) == 1:
        ((kind, number),) = value.items()
        if kind in set(Since):
            return Base(Since(kind), _number("base", number, 1, MAX_NUMBER))
    raise InputError("its base is neither a bundle nor a release")


def _created(value: Json) -> datetime:
    found = dates.parse(value, OPENING, Remarks())
    if found is None:
        raise InputError("it does not say when it was made")
    return found


def _listed(value: Json) -> Iterator[Listed]:
    if not isinstance(value, list) or len(value) > MAX_DOCUMENTS:
        raise InputError(f"its products are not a list of at most {MAX_DOCUMENTS} products files")
    for each in value:
        if not isinstance(each, dict):
            raise InputError("a line of its products is not an object")
        yield Listed(
            source=source_name(each.get("source")),
            digest=_digest(each.get("sha256")),
            size=_number("products file's size", each.get("size"), 0, document.MAX_BYTES),
            versions=_number("products file's versions", each.get("versions"), 1, MAX_NUMBER),
        )


def _blobs(what: str, value: Json) -> list[Blob]:
    if not isinstance(value, dict):
        raise InputError(f"its {what} are not an object")
    sizes: Mapping[str, Json] = value
    return [
        Blob(_digest(name), _number(f"{what}' size", size, 0, MAX_SIZE))
        for name, size in sorted(sizes.items())
    ]


def _digest(value: Json) -> Digest:
    if not isinstance(value, str):
        raise InputError("a sha256 is not a text")
    return Digest(value)
