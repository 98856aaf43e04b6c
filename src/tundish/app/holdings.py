"""
How full the store is, and what a garbage collection would take from it; nothing is written.
"""

from datetime import timedelta

from tundish.app.channels import every
from tundish.app.opened import App
from tundish.app.reporting import bounded, tidied_json
from tundish.core.image import Json
from tundish.publish import moving
from tundish.retain import run
from tundish.retain.report import collected_json

MOST = 10_000  # of each list of a plan


def held_json(app: App, grace: timedelta) -> dict[str, Json]:
    """
    What is held, on its way and free, and what would go after this grace period.
    """
    found, needed = app.usage(), app.catalog.images.digests()
    spare = [blob.size for blob in app.store.walk() if blob.digest not in needed]
    reclaimable = run.reclaimable(app.broom(), grace)
    return {
        "blobs": found.blobs,
        "bytes": found.bytes,
        "unfinished": found.unfinished,
        "unfinished_bytes": found.unfinished_bytes,
        "unreferenced": len(spare),
        "unreferenced_bytes": sum(spare),
        "reclaimable_bytes": reclaimable.now,
        "reclaimable_later_bytes": reclaimable.later,
        "free_bytes": found.free,
    }


def leaving_json(app: App, grace: timedelta) -> dict[str, Json]:
    """
    What a garbage collection with this grace period would delete, as `tundish store gc --dry-run` reports it.
    """
    tidied = every(
        app.catalog, app.keyed_office, lambda office, name: moving.tidy(office, name, grace, dry_run=True)
    )
    found = run.collect(app.broom(), grace=grace, dry_run=True)
    return bounded({**collected_json(found), "channels": tidied_json(tidied)}, MOST, MOST)
