"""
What a run of a mirror did, in the JSON form that front-ends may build on: fields are added, never changed.
"""

from tundish.core.image import Json
from tundish.mirrors.desk import Outcome


def mirrored_json(outcome: Outcome) -> dict[str, Json]:
    totals = outcome.totals
    return {
        "changed": outcome.changed,
        "fetched_files": outcome.fetched_files,
        "fetched_bytes": outcome.fetched_bytes,
        "removed_files": outcome.removed,
        "held_files": totals.files,
        "held_bytes": totals.bytes,
        "listed_files": totals.listed,
        "lacking_files": totals.lacking,
        "lacking_bytes": totals.lacking_bytes,
        "signed_by": outcome.fingerprint or None,
        "failures": [{"subject": each.subject, "error": str(each.error)} for each in outcome.failures],
    }
