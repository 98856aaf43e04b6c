"""
Files that people carry: bundles and their manifests, plan files.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from fuzz import documents
from fuzz.counted import Counted
from fuzz.mutation import of_json
from fuzz.target import KIB, target
from fuzz.targets.trusted import Believer
from tundish.bundle import manifest, ustar
from tundish.bundle.reader import Reader
from tundish.core.errors import BadDocument, InputError, IntegrityError, TrustError, UpstreamError
from tundish.core.payload import unverified
from tundish.sync import planfile

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


@target(BadDocument, seeds=documents.manifests, mutation=of_json)
def manifest_of_a_bundle(data: bytes) -> None:
    """
    A manifest is read or refused, and what was read is written and read again as the same.
    """
    found = manifest.parse(unverified(data, "fuzz"))
    assert found == manifest.parse(unverified(manifest.render(found), "fuzz"))


@target(
    seeds=lambda: (ustar.header("blobs/" + "a" * 64, 12), ustar.header("blobs/" + "a" * 64, 8**12)),
    longest=KIB,
    words=(b"ustar\x0000", b"0000644\0"),
)
def header_of_a_bundle(data: bytes) -> None:
    """
    A header is exactly ours or none.
    """
    size = ustar.size_in(data, "blobs/" + "a" * 64)
    assert size is None or data == ustar.header("blobs/" + "a" * 64, size)


@target(
    UpstreamError,
    TrustError,
    IntegrityError,
    seeds=lambda: (documents.bundle(),),
    longest=128 * KIB,
)
def bundles(data: bytes) -> None:
    """
    A bundle is what its signed text says, from its first byte to its last, or is refused.
    """
    stream = Counted(data)
    reader = Reader(stream, "fuzz")
    opened = reader.open(keyring=b"", verifier=Believer(), now=_NOW)
    reader.offers(opened)
    for member in opened.manifest.carried:
        reader.check(member, lambda _count: None)
    reader.close()
    assert stream.bytes_read == manifest.length(opened.manifest, int(data[124:135], 8))


def _plans() -> Iterator[bytes]:
    version = {"source": "lab", "product": "a", "version": "1", "action": "fetch", "reason": "new"}
    yield json.dumps(
        {
            "format": planfile.FORMAT,
            "version": planfile.VERSION,
            "made_at": "2026-01-01T00:00:00+00:00",
            "sources": ["lab"],
            "world": {"documents": {"a": "b"}, "selections": {}, "images": {"x": "complete"}},
            "versions": [version],
            "files": [{"sha256": "a" * 64, "size": 1}],
        }
    ).encode()


@target(InputError, seeds=lambda: (*_plans(), *documents.hostile()), mutation=of_json)
def plan_files(data: bytes) -> None:
    """
    A plan file is read or refused.
    """
    planfile.parse(data, "fuzz")
