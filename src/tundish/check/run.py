"""
Ask every rule of an image, weigh what they find, and say what a deployment would do: one value for all doors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tundish.check.plan import plan_of
from tundish.check.plan_values import DeployPlan
from tundish.check.policy import Overrides, Policy, weigh
from tundish.check.rule import Finding, Rule, Severity, Status, ask
from tundish.check.rulebook import rulebook
from tundish.check.subject import Subject
from tundish.check.verdict import Verdict

_OF_THE_UPLOAD = frozenset(f"M{number:02}" for number in range(1, 13))


@dataclass(frozen=True, slots=True)
class Report:
    """
    Everything that was found out about an image. `assumed` says what of the upload was not given, and what
    was taken instead.
    """

    subject: Subject
    verdict: Verdict
    plan: DeployPlan
    assumed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.verdict.findings


def findings_of(subject: Subject, rules: Sequence[Rule] | None = None) -> tuple[Finding, ...]:
    """
    What became of every rule, in the order of their ids.
    """
    found = (finding for rule in rules or rulebook() for finding in ask(rule, subject))
    if subject.image.wrapping.fault:
        return tuple(_in_a_fragment(finding) for finding in found)
    return tuple(found)


def _in_a_fragment(finding: Finding) -> Finding:
    """
    Of an image that breaks off nobody knows what it lacks: beyond A, which tells that, and the upload, what
    fails is not known.
    """
    certain = finding.rule.startswith("A") or finding.rule in _OF_THE_UPLOAD
    if certain or finding.status is not Status.FAIL or finding.severity is Severity.INFO:
        return finding
    what = "not known, since the image is damaged; what was seen: " + finding.what
    return replace(finding, status=Status.UNKNOWN, what=what)


def report_of(
    subject: Subject,
    *,
    policy: Policy = Policy.DEFAULT,
    overrides: Overrides | None = None,
    today: date,
    assumed: tuple[str, ...] = (),
    further: tuple[Finding, ...] = (),
) -> Report:
    """
    Check an image. `further` are findings from before there were facts to ask.
    """
    findings = (*further, *findings_of(subject))
    verdict = weigh(policy, findings, overrides=overrides, today=today)
    return Report(subject, verdict, plan_of(subject, findings), assumed)
