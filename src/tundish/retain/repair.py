"""
Bring back the blobs that images lack or have damaged: from any place that offers their hash.

A blob is its hash, so it does not matter which source, path or mirror it comes from; the store refuses any
other bytes. An image is complete again only when every blob of it is there and, if it was damaged, hashed.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import IntegrityError, NotFound, UpstreamError
from tundish.core.holding import Holding
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.fetch.fetcher import Fetcher
from tundish.fetch.retry import Patience, persist
from tundish.store.audit import examined, set_aside
from tundish.store.blobs import Blob, BlobJanitor

KIND = "repair"
_REASONS = 5  # places that one message names


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where some bytes can be had, perhaps.
    """

    url: str
    fetcher: Fetcher


class Places(Protocol):
    """
    Who may have a blob.
    """

    def known(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The places that the catalog knows, without asking anybody.
        """

    def offered(self, digests: Collection[Digest]) -> Mapping[Digest, Sequence[Place]]:
        """
        The places that the sources name when they are asked.
        """


@dataclass(frozen=True, slots=True)
class Toolbox:
    """
    What a repair works with.
    """

    catalog: Catalog
    store: BlobJanitor
    places: Places
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    holder: str  # who we are, for whoever finds the state taken
    patience: Patience = field(default_factory=lambda: Patience(attempts=3))


@dataclass(frozen=True, slots=True)
class Mended:
    blob: Blob
    url: str  # where it came from


@dataclass(frozen=True, slots=True)
class Unmended:
    """
    A blob that could not be had, which images lack it, and what each place said.
    """

    blob: Blob
    versions: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repaired:
    mended: tuple[Mended, ...]
    unmended: tuple[Unmended, ...]
    versions: tuple[str, ...]  # complete again


def repair(box: Toolbox) -> Repaired:
    """
    Fetch what complete and damaged images lack.

    Raises:
        Busy: a sync is under way.
        StorageError: this machine cannot keep it.
    """
    with box.catalog.database.exclusive("sync", f"store repair, {box.holder}"):
        jobs = box.catalog.jobs
        jobs.lose(KIND, box.now())
        job = jobs.start(KIND, "the store", box.now())
        try:
            done = _repair(box)
        except BaseException as error:
            text = str(error) or type(error).__name__
            jobs.end(job, "failed", json.dumps({"error": text}), box.now())
            raise
        outcome = "partial" if done.unmended else "done"
        jobs.end(job, outcome, json.dumps(repaired_json(done)), box.now())
        return done


def _repair(box: Toolbox) -> Repaired:
    images = box.catalog.images
    _doubt(box, images.list(states=[State.DAMAGED]))
    hurt = images.list(states=[State.COMPLETE, State.DAMAGED])
    lacking = {blob.digest: blob for holding in hurt for blob in _lacking(holding, box.store)}
    touched = [each for each in hurt if each.state is State.DAMAGED or _names(each, lacking)]
    images.move([each.id for each in touched], State.DAMAGED, box.now())
    mended, reasons = _fetch_all(box, lacking)
    box.store.sync()  # the catalog may not promise what a power cut could take back
    left = lacking.keys() - mended.keys()
    whole = [each for each in touched if not _names(each, left)]
    images.move([each.id for each in whole], State.COMPLETE, box.now())
    return Repaired(
        tuple(Mended(lacking[digest], url) for digest, url in sorted(mended.items())),
        tuple(
            Unmended(
                lacking[digest],
                tuple(each.ref for each in touched if _names(each, {digest})),
                tuple(reasons.get(digest, ())[-_REASONS:]) or ("no source offers it",),
            )
            for digest in sorted(left)
        ),
        tuple(each.ref for each in whole),
    )


def _doubt(box: Toolbox, holdings: Iterable[Holding]) -> None:
    """
    Hash what damaged images still have; what is bad is set aside, and so lacks.
    """
    blobs = {Blob(item.digest, item.size) for each in holdings for item in each.version.items}
    for blob in sorted(blobs, key=lambda each: each.digest):
        if box.store.has(blob.digest):
            damage = examined(box.store, blob)
            if damage is not None:
                set_aside(box.store, damage)


def _lacking(holding: Holding, store: BlobJanitor) -> Iterable[Blob]:
    """
    What is not there, or not as long as it must be; the latter is set aside.
    """
    for item in holding.version.items:
        if not store.has(item.digest):
            yield Blob(item.digest, item.size)
        elif store.size(item.digest) != item.size:
            store.quarantine(item.digest)
            yield Blob(item.digest, item.size)


def _names(holding: Holding, digests: Collection[Digest]) -> bool:
    return any(item.digest in digests for item in holding.version.items)


def _fetch_all(
    box: Toolbox, lacking: Mapping[Digest, Blob]
) -> tuple[dict[Digest, str], dict[Digest, list[str]]]:
    """
    First from the places that are known, then from those that the sources name. The answer is where each
    blob came from, and why the places that did not help did not.
    """
    mended: dict[Digest, str] = {}
    reasons: dict[Digest, list[str]] = {}
    for ask in (box.places.known, box.places.offered):
        left = [blob for digest, blob in sorted(lacking.items()) if digest not in mended]
        found = ask([blob.digest for blob in left]) if left else {}
        for blob in left:
            said = reasons.setdefault(blob.digest, [])
            for place in found.get(blob.digest, ()):
                try:
                    _fetch(box, blob, place)
                except (UpstreamError, IntegrityError, NotFound) as error:
                    said.append(f"{place.url}: {error}"[:500])
                else:
                    mended[blob.digest] = place.url
                    break
    return mended, reasons


def _fetch(box: Toolbox, blob: Blob, place: Place) -> None:
    box.store.discard(blob.digest)  # what came from elsewhere may be of other bytes

    def attempt() -> None:
        with box.store.ingest(blob.digest, blob.size) as ingest:
            if ingest.size < blob.size:
                with place.fetcher.open(place.url, offset=ingest.size) as answer:
                    if answer.offset != ingest.size:
                        ingest.restart()
                    for chunk in answer.chunks():
                        ingest.write(chunk)
            ingest.commit()

    persist(attempt, box.patience, sleep=box.sleep, jitter=box.jitter, on_retry=lambda _error, _delay: None)


def repaired_json(done: Repaired) -> Json:
    """
    Fields are added, never changed. All sizes are bytes.
    """
    return {
        "mended": [
            {"sha256": each.blob.digest.hex, "bytes": each.blob.size, "url": each.url} for each in done.mended
        ],
        "unmended": [
            {
                "sha256": each.blob.digest.hex,
                "bytes": each.blob.size,
                "versions": list(each.versions),
                "reasons": list(each.reasons),
            }
            for each in done.unmended
        ],
        "versions": list(done.versions),
    }
