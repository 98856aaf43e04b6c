"""
What a garbage collection did, as values and in the JSON form that front-ends may build on: fields are
added, never changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tundish.core.image import Json
from tundish.retain.policy import Leaving, Sweep
from tundish.store.blobs import Blob


@dataclass(frozen=True, slots=True)
class Collected:
    """
    What went or, in a dry run, would go; what waits, and what is left to people.
    """

    leaving: Leaving
    sweep: Sweep
    quarantined: tuple[Blob, ...]
    foreign: tuple[str, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Reclaimable:
    """
    Bytes that a garbage collection would free now, and further ones once their grace period is over.
    """

    now: int
    later: int


def collected_json(collected: Collected) -> dict[str, Json]:
    """
    All sizes are bytes.
    """
    leaving, sweep = collected.leaving, collected.sweep
    return {
        "dry_run": collected.dry_run,
        "versions": [each.ref for each in leaving.due],
        "versions_due": [{"version": each.ref, "source": each.source} for each in leaving.due],
        "versions_waiting": [each.ref for each in leaving.waiting],
        "versions_tied": [{"version": each.holding.ref, "why": each.why} for each in leaving.tied],
        "blobs": _blobs(sweep.blobs),
        "parts": _blobs(sweep.parts),
        "waiting": _blobs(sweep.waiting),
        "quarantined": _blobs(collected.quarantined),
        "foreign": list(collected.foreign),
        "bytes": sweep.size,
    }


def _blobs(blobs: Iterable[Blob]) -> Json:
    return [{"sha256": blob.digest.hex, "bytes": blob.size} for blob in blobs]
