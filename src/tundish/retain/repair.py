"""
Bring back the blobs that images lack or have damaged: from any place that offers their hash.

A blob is its hash, so it does not matter which source, path or mirror it comes from; the store refuses any
other bytes. An image is complete again only when every blob of it is there and, if it was damaged, hashed.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.opened import Catalog
from tundish.catalog.records import STOPPED
from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.names import SourceName
from tundish.core.selection import Source
from tundish.retain.refetch import Fetched, Lack, Means, Watch, fetch_all
from tundish.store.audit import examined, set_aside
from tundish.store.blobs import Blob, BlobJanitor

KIND = "repair"
_REASONS = 5  # places that one message names


@dataclass(frozen=True, slots=True)
class Toolbox:
    """
    What a repair works with.
    """

    catalog: Catalog
    store: BlobJanitor
    means: Means
    now: Callable[[], datetime]
    holder: str  # who we are, for whoever finds the state taken


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
    hints: tuple[str, ...] = ()  # what a person can do about it


@dataclass(frozen=True, slots=True)
class Repaired:
    mended: tuple[Mended, ...]
    unmended: tuple[Unmended, ...]
    versions: tuple[str, ...]  # complete again
    stopped: bool = False  # before everything was tried


def repair(box: Toolbox, watch: Watch) -> Repaired:
    """
    Fetch what complete and damaged images lack. Whoever stopped it finds what came by then in its place.

    Raises:
        Busy: a sync is under way.
        StorageError: this machine cannot keep it.
    """
    with box.catalog.database.exclusive("sync", f"store repair, {box.holder}"):
        jobs = box.catalog.jobs
        jobs.lose(KIND, box.now())
        job = jobs.start(KIND, "the store", box.now())
        try:
            done = _repair(box, watch)
        except BaseException as error:
            text = str(error) or type(error).__name__
            jobs.end(job, "failed", json.dumps({"error": text}), box.now())
            raise
        outcome = STOPPED if done.stopped else "partial" if done.unmended else "done"
        jobs.end(job, outcome, json.dumps(repaired_json(done)), box.now())
        return done


def _repair(box: Toolbox, watch: Watch) -> Repaired:
    images = box.catalog.images
    _doubt(box, images.list(states=[State.DAMAGED]))
    hurt = images.list(states=[State.COMPLETE, State.DAMAGED])
    found = {lack.digest: lack for holding in hurt for lack in _lacking(holding, box.store)}
    lacking = dict(sorted(found.items()))
    touched = [each for each in hurt if each.state is State.DAMAGED or _names(each, lacking)]
    images.move([each.id for each in touched], State.DAMAGED, box.now())
    fetched = fetch_all(tuple(lacking.values()), box.means, watch) if lacking else Fetched()
    box.store.sync()  # the catalog may not promise what a power cut could take back
    left = lacking.keys() - fetched.mended.keys()
    whole = [each for each in touched if not _names(each, left)]
    images.move([each.id for each in whole], State.COMPLETE, box.now())
    sources = {each.name: each for each in box.catalog.sources.list()}
    return Repaired(
        tuple(Mended(_blob(lacking[digest]), url) for digest, url in sorted(fetched.mended.items())),
        tuple(
            _unmended(lacking[digest], [each for each in touched if _names(each, {digest})], fetched, sources)
            for digest in sorted(left)
        ),
        tuple(each.ref for each in whole),
        stopped=bool(left) and box.means.stop.is_set(),
    )


def _unmended(
    lack: Lack, holdings: Sequence[Holding], fetched: Fetched, sources: Mapping[SourceName, Source]
) -> Unmended:
    reasons = tuple(fetched.reasons.get(lack.digest, ())[-_REASONS:])
    return Unmended(
        _blob(lack),
        tuple(each.ref for each in holdings),
        reasons or ("no source offers it",),
        tuple(hint_for(each, sources) for each in holdings),
    )


def hint_for(holding: Holding, sources: Mapping[SourceName, Source]) -> str:
    """
    What a person can do for an image that lacks a blob which nobody offers.
    """
    source = sources.get(holding.source)
    if holding.source == OWN:
        return (
            f"{holding.ref} is of your own: build it again (the same recipe and SOURCE_DATE_EPOCH give the "
            "same bytes), or take the file from a backup of the store; then run this again"
        )
    if source is None:
        return (
            f"{holding.ref} came from {holding.source}, which is no source here: if a bundle brought it, "
            "import that bundle again (tundish bundle import), else add the source again"
        )
    if not source.enabled:
        return f"{holding.ref} is of source {source.name}, which is off: tundish source enable {source.name}"
    return (
        f"{holding.ref} is of source {source.name}: run this again when that has it, or give it a mirror "
        f"that does (tundish source set {source.name} --mirror URL)"
    )


def _blob(lack: Lack) -> Blob:
    return Blob(lack.digest, lack.size)


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


def _lacking(holding: Holding, store: BlobJanitor) -> Iterable[Lack]:
    """
    What is not there, or not as long as it must be; the latter is set aside.
    """
    for item in holding.version.items:
        if not store.has(item.digest):
            yield Lack(item.digest, item.size, item.path)
        elif store.size(item.digest) != item.size:
            store.quarantine(item.digest)
            yield Lack(item.digest, item.size, item.path)


def _names(holding: Holding, digests: Collection[Digest]) -> bool:
    return any(item.digest in digests for item in holding.version.items)


def repaired_json(done: Repaired) -> dict[str, Json]:
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
                "hints": list(each.hints),
            }
            for each in done.unmended
        ],
        "versions": list(done.versions),
        "stopped": done.stopped,
    }
