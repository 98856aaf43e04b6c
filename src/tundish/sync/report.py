"""
Plans and outcomes in their JSON form, which front-ends may build on: fields are added, never changed.
"""

from tundish.core.image import Json
from tundish.sync.ledger import Outcome
from tundish.sync.plan import Action, Plan, PlannedVersion


def plan_json(plan: Plan) -> Json:
    """
    A plan. All sizes are bytes.
    """
    return {
        "versions": [_version(planned) for planned in plan.versions],
        "files": [
            {
                "sha256": file.digest.hex,
                "size": file.size,
                "held": file.held,
                "source": file.source,
                "path": file.path,
            }
            for file in plan.files
        ],
        "total": {
            "fetch_files": len(plan.files),
            "fetch_bytes": plan.fetch_bytes,
            "keep_bytes": plan.bytes_of(Action.KEEP),
            "retire_bytes": plan.bytes_of(Action.RETIRE),
            **{f"{action}_versions": len(plan.of(action)) for action in Action},
        },
    }


def _version(planned: PlannedVersion) -> Json:
    return {
        "action": str(planned.action),
        "image": planned.product.ref,
        "version": planned.version.name,
        "source": planned.source,
        "product": planned.product.name,
        "bytes": planned.size,
        "reason": planned.reason,
    }


def outcome_json(outcome: Outcome) -> dict[str, Json]:
    return {
        "fetched_files": outcome.fetched_files,
        "fetched_bytes": outcome.fetched_bytes,
        "completed": list(outcome.completed),
        "retired": list(outcome.retired),
        "incomplete": list(outcome.incomplete),
        "failures": [
            {"path": each.file.path, "source": each.file.source, "error": str(each.error)}
            for each in outcome.failures
        ],
        "unread": [
            {"source": each.source, "document": each.document or None, "error": str(each.error)}
            for each in outcome.missed
        ],
    }
