"""
Digests of one blob followed by another, which Incus and LXD know an image by.

Each is computed once from the store and noted beside the trees: blobs never change, so it stays true.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import InvalidName
from tundish.core.progress import UNWATCHED, Gauge
from tundish.publish import files
from tundish.publish.dialect import Pair
from tundish.store.blobs import BlobSource

MOST = 20_000  # notes kept
_CHUNK = 1024 * 1024  # bytes
_NOTES = ".combined.json"


def combined(
    pairs: Collection[Pair], store: BlobSource, folder: Path, gauge: Gauge = UNWATCHED
) -> Mapping[Pair, Digest]:
    """
    The digest of each pair's bytes; those not noted in `folder` yet are read, streaming.

    Raises:
        BlobMissing: the store lacks one of them.
        NoSpace, StorageError: the disk refuses.
        Stopped: `gauge` wants it to end; what was computed by then is noted.
    """
    if not pairs:
        return {}
    notes = files.noted(folder / _NOTES)
    found = {pair: digest for pair in pairs if (digest := _parsed(notes.get(_key(pair)))) is not None}
    lacking: defaultdict[Digest, list[Digest]] = defaultdict(list)
    for first, second in sorted(set(pairs) - set(found)):
        lacking[second].append(first)
    try:
        for second, firsts in lacking.items():
            for first, digest in zip(firsts, _digests(firsts, second, store, gauge), strict=True):
                found[first, second] = digest
    finally:
        if lacking:
            _note(folder / _NOTES, notes, found)
    return found


def _note(place: Path, notes: Mapping[str, str], found: Mapping[Pair, Digest]) -> None:
    kept = {_key(pair): digest.hex for pair, digest in found.items()}
    others = [(key, value) for key, value in notes.items() if key not in kept]
    files.note(place, dict(others[: max(MOST - len(kept), 0)]) | kept)


def _digests(firsts: Collection[Digest], second: Digest, store: BlobSource, gauge: Gauge) -> list[Digest]:
    """
    The second blob, which is the large one, is read once for all.
    """
    sums = [hashlib.sha256() for _ in firsts]
    for first, each in zip(firsts, sums, strict=True):
        with store.open(first) as stream:
            while chunk := stream.read(_CHUNK):
                each.update(chunk)
    with store.open(second) as stream:
        while chunk := stream.read(_CHUNK):
            for each in sums:
                each.update(chunk)
            gauge.moved(0)  # what is counted is files put in place
    return [Digest(each.hexdigest()) for each in sums]


def _key(pair: Pair) -> str:
    return f"{pair[0].hex}:{pair[1].hex}"


def _parsed(text: str | None) -> Digest | None:
    with suppress(InvalidName):
        return Digest(text or "")
    return None
