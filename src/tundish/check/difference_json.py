"""
A comparison for programs: everything, whatever is cut for people.
"""

from dataclasses import asdict

from tundish.anatomy.diff import Names
from tundish.check.difference import Comparison
from tundish.check.rule import Finding
from tundish.core.image import Json


def document(comparison: Comparison) -> Json:
    """
    The whole comparison. Sizes are bytes.
    """
    found, findings = comparison.difference, comparison.findings
    files: Json = {
        "added": list(found.files.added),
        "removed": list(found.files.removed),
        "changed": [asdict(one) for one in found.files.content],
        "metadata": [
            {"path": one.path, "what": [asdict(each) for each in one.what]} for one in found.files.metadata
        ],
        "moved": [
            {"sha256": one.name, "before": one.before, "after": one.after} for one in found.files.moved
        ],
        "unread": list(found.files.unread),
    }
    return {
        "before": asdict(comparison.before),
        "after": asdict(comparison.after),
        "same": not found and not findings.appeared and not findings.vanished,
        "system": [asdict(one) for one in found.system],
        "packages": _names(found.packages),
        "kernels": _names(found.kernels),
        "users": _names(found.users),
        "services": _names(found.services),
        "files": files,
        "sizes": [asdict(one) for one in found.sizes],
        "findings": {
            "appeared": [_finding(one) for one in findings.appeared],
            "vanished": [_finding(one) for one in findings.vanished],
        },
    }


def _names(names: Names) -> Json:
    changed: list[Json] = [asdict(one) for one in names.changed]
    return {"added": list(names.added), "removed": list(names.removed), "changed": changed}


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "status": str(finding.status),
        "severity": str(finding.severity),
        "what": finding.what,
    }
