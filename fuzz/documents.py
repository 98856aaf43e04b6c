"""
Real inputs to begin with, made by code: documents of streams, a bundle, archives, keys, answers.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from tests.support.stream_simulator import StreamSimulator

from tundish.bundle import contents, manifest, ustar
from tundish.bundle.contents import Text
from tundish.bundle.manifest import Listed, Manifest
from tundish.core.digest import Digest
from tundish.core.names import SourceName
from tundish.core.payload import unverified
from tundish.store.blobs import Blob
from tundish.stream import products

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SIGNER = "A" * 40  # whom the fuzzed verifier takes for the signer
HEADER = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
FOOTER = b"\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
GOOD = (
    "NEWSIG",
    "GOODSIG AAAAAAAAAAAAAAAA somebody",
    f"VALIDSIG {SIGNER} 2026-01-01 1767225600 0 4 0 22 10 00 {SIGNER}",
    "PLAINTEXT 62 0",
)


@cache
def stream() -> StreamSimulator:
    made = StreamSimulator()
    made.add()
    made.add(version="20260102")
    made.add(series="jammy", kernel="hwe-22.04-edge", arch="arm64", items={"squashfs": b"root"})
    made.publish(DAY)
    return made


def indexes() -> Iterator[bytes]:
    yield stream().files["streams/v1/index.json"]
    yield json.dumps({"format": "index:1.0", "index": {}}).encode()
    entry = {"format": "index:1.0", "path": "streams/v1/index.json", "sha256": "a" * 64, "x": ["y"]}
    yield json.dumps({"format": "index:1.0", "index": {"a:b": entry}, "updated": "2026-01-01"}).encode()


def products_files() -> Iterator[bytes]:
    yield stream().files[stream().products_path]
    item = {"ftype": "squashfs", "path": "a/b", "sha256": "A" * 64, "size": "12", "md5": "c" * 32}
    product = {"os": "debian", "arch": "amd64", "release": 12, "versions": {"1": {"items": {"a": item}}}}
    news = {"ftype": "notifications", "release_notification": {"maas_version": "4", "message": "out"}}
    yield json.dumps(
        {
            "format": "products:1.0",
            "content_id": "a:b",
            "sha256": "b" * 64,
            "_aliases": {"release": {"12": {"release_title": "12 (bookworm)"}}},
            "products": {"x:y": product, "z": {"versions": {"1": {"items": {"n": news}}}}},
        }
    ).encode()


def hostile() -> Iterator[bytes]:
    """
    Forms that a mutation does not come upon by itself.
    """
    yield b"[" * 5_000
    yield b'{"format": "index:1.0", "index": ' + b'{"a": ' * 1_000 + b"1" + b"}" * 1_001
    yield b'{"format": "products:1.0", "format": "products:1.0"}'
    yield b'{"a": "\\ud800", "b": ' + b"9" * 400 + b"}"
    yield b"\xff\xfe{\x00}\x00"


@cache
def bundle_parts() -> tuple[Manifest, tuple[Text, ...], dict[Digest, bytes]]:
    """
    A manifest, its products file, and the bytes of its blobs.
    """
    source = stream()
    found, _ = products.parse(unverified(source.files[source.products_path], "a seed"))
    data = products.render(found)
    versions = sum(len(product.versions) for product in found.products)
    text = Text(Listed(SourceName("own"), Digest.of(data), len(data), versions), data)
    bytes_of = {
        Digest.of(each): each for path, each in source.files.items() if not path.startswith("streams/")
    }
    blobs = contents.blobs(found.products)
    made = Manifest(SIGNER, 1, None, DAY, (text.listed,), blobs, ())
    return made, (text,), bytes_of


def manifests() -> Iterator[bytes]:
    full, _, _ = bundle_parts()
    yield manifest.render(full)
    base = manifest.Base(manifest.Since.BUNDLE, 1)
    blob = Blob(Digest("c" * 64), 5)
    yield manifest.render(Manifest(SIGNER, 2, base, DAY, full.listed, (), (blob,)))


def bundle() -> bytes:
    """
    A bundle whose signature the fuzzed verifier believes.
    """
    full, texts, blobs = bundle_parts()
    opening = HEADER + manifest.render(full) + FOOTER
    parts = [(manifest.OPENING, opening)]
    parts += [(member.name, text.data) for member, text in zip(full.documents, texts, strict=True)]
    parts += [(member.name, blobs[member.digest]) for member in full.carried]
    framed = (ustar.header(name, len(data)) + data + bytes(ustar.padding(len(data))) for name, data in parts)
    return b"".join(framed) + ustar.END
