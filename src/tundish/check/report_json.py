"""
A report as JSON. Its shape is stable: fields are added, never renamed; docs/how-to/check-an-image.md has it.
"""

from tundish.check.plan_values import DeployPlan, Step
from tundish.check.rule import Finding
from tundish.check.run import Report
from tundish.check.subject import Subject
from tundish.core.image import Json

FORMAT, VERSION = "tundish-check", 1


def document(report: Report) -> dict[str, Json]:
    """
    Everything that a report says.
    """
    subject, verdict = report.subject, report.verdict
    return {
        "format": FORMAT,
        "version": VERSION,
        "verdict": {
            "fit": verdict.fit,
            "policy": verdict.policy,
            "why": list(verdict.why),
            "told": list(verdict.told),
            "excused": [
                {"id": one.finding.rule, "what": one.finding.what, "reason": one.reason}
                for one in verdict.excused
            ],
        },
        "image": _image(subject),
        "request": _request(subject),
        "assumed": list(report.assumed),
        "target": _target(subject),
        "facts": _facts(subject),
        "findings": [finding_json(one) for one in report.findings],
        "plan": _plan(report.plan),
    }


def finding_json(finding: Finding) -> dict[str, Json]:
    """
    One finding, as it stands in the report.
    """
    return {
        "id": finding.rule,
        "status": finding.status,
        "severity": finding.severity,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "repair": finding.repair or None,
        "evidence": [{"where": one.where, "value": one.value} for one in finding.evidence],
    }


def _image(subject: Subject) -> dict[str, Json]:
    image, wrapping = subject.image, subject.image.wrapping
    return {
        "name": image.name,
        "size": wrapping.size,
        "sha256": wrapping.sha256.hex if wrapping.sha256 else None,
        "compression": wrapping.compression,
        "expanded": wrapping.expanded,
        "form": image.form,
        "paths": len(image.root) if image.root is not None else None,
    }


def _request(subject: Subject) -> dict[str, Json]:
    request = subject.request
    return {
        "filetype": request.filetype,
        "declared": request.declared,
        "name": request.name,
        "architecture": request.arch,
        "base_image": request.base_image,
    }


def _target(subject: Subject) -> dict[str, Json]:
    target = subject.target
    return {
        "maas": ".".join(map(str, target.maas)),
        "curtin": target.curtin.isoformat(),
        "ephemeral": target.ephemeral,
        "firmware": [*sorted(target.firmware)],
        "both": target.both,
        "secure_boot": target.secure_boot,
        "offline": target.offline,
        "in_memory": target.in_memory,
    }


def _facts(subject: Subject) -> dict[str, Json]:
    facts = subject.facts
    return {
        "family": facts.family,
        "os": facts.os.id,
        "version": facts.os.version_id,
        "title": facts.os.pretty,
        "arch": facts.arch,
        "packages": len(facts.packages),
        "kernels": [one.version for one in facts.kernels],
        "cloud_init": facts.cloud_init.version,
        "default_user": facts.cloud_init.default_user,
        "hooks": bool(facts.hooks),
        "loaders": [one.path for one in facts.loaders],
    }


def _plan(plan: DeployPlan) -> dict[str, Json]:
    return {
        "steps": [_step(number, step) for number, step in enumerate(plan.steps, 1)],
        "fails_at": None if plan.fails_at is None else plan.fails_at + 1,
        "packages": [
            {"name": one.name, "purpose": one.purpose, "present": one.present} for one in plan.packages
        ],
        "from_network": list(plan.from_network),
        "firmware": list(plan.firmware),
        "default_user": plan.default_user or None,
        "minimum_disk": plan.minimum_disk or None,
    }


def _step(number: int, step: Step) -> dict[str, Json]:
    return {
        "number": number,
        "stage": step.stage,
        "where": step.where,
        "what": step.what,
        "command": step.command or None,
        "state": step.state,
        "rules": list(step.rules),
        "problems": list(step.problems),
        "notes": list(step.notes),
    }
