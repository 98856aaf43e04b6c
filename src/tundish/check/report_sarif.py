"""
A report in the Static Analysis Results Interchange Format, SARIF 2.1.0, as code hosts and CI take it.

What could not be decided is an open result, an excused finding a suppressed one; nothing of it is lost.
"""

from collections.abc import Sequence
from urllib.parse import quote

from tundish import __version__
from tundish.check.rule import Finding, Rule, Severity, Status
from tundish.check.run import Report
from tundish.core.digest import Digest
from tundish.core.image import Json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_KINDS = {Status.UNKNOWN: "open", Status.PASS: "pass", Status.SKIPPED: "notApplicable"}


def document(report: Report, rules: Sequence[Rule], *, all_: bool = False) -> dict[str, Json]:
    """
    The log of one run; passed and skipped rules only if all are wanted.
    """
    shown = {Status.FAIL, Status.UNKNOWN, *(_KINDS if all_ else ())}
    places, name = {rule.id: place for place, rule in enumerate(rules)}, report.subject.image.name
    held = [_result(one, places, name) for one in report.findings if one.status in shown]
    for one in report.verdict.excused:
        if one.ignored:
            reason: Json = [{"kind": "external", "justification": one.reason}]
            held.append({**_result(one.finding, places, name), "suppressions": reason})
    run: dict[str, Json] = {
        "tool": {"driver": _driver(rules)},
        "artifacts": [_artifact(report)],
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if report.verdict.fit else 1}],
        "results": [*held],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(rules: Sequence[Rule]) -> dict[str, Json]:
    return {
        "name": "tundish check",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why or rule.title},
                "help": {"text": rule.fix or rule.why or rule.title},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            }
            for rule in rules
        ],
    }


def _artifact(report: Report) -> dict[str, Json]:
    image = report.subject.image
    found: dict[str, Json] = {"location": {"uri": quote(image.name)}, "length": image.wrapping.size}
    if image.wrapping.sha256:
        found["hashes"] = {"sha-256": image.wrapping.sha256.hex}
    return found


def _result(finding: Finding, places: dict[str, int], name: str) -> dict[str, Json]:
    failed = finding.status is Status.FAIL
    mend = f". To mend it: {finding.fix}" if failed and finding.fix else ""
    seen = dict.fromkeys(one.where for one in finding.evidence)  # the schema wants each once
    location: dict[str, Json] = {"physicalLocation": {"artifactLocation": {"uri": quote(name), "index": 0}}}
    if seen:
        location["logicalLocations"] = [{"fullyQualifiedName": where} for where in seen]
    found: dict[str, Json] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity] if failed else "none",
        "kind": "fail" if failed else _KINDS[finding.status],
        "message": {"text": finding.what + mend},
        "locations": [location],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }
    if finding.rule in places:
        found["ruleIndex"] = places[finding.rule]
    return found


def _fingerprint(finding: Finding) -> str:
    words = [finding.rule, *(one.where for one in finding.evidence)] if finding.evidence else [finding.what]
    return Digest.of("\n".join((finding.rule, *words)).encode()).hex[:32]
