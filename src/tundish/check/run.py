"""
Ask every rule of an image, weigh what they find, and say what a deployment would do: one value for all doors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tundish.check.plan import plan_of
from tundish.check.plan_values import DeployPlan
from tundish.check.policy import Overrides, Policy, weigh
from tundish.check.rule import Finding, Rule, ask
from tundish.check.rulebook import rulebook
from tundish.check.subject import Subject
from tundish.check.verdict import Verdict


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
    return tuple(finding for rule in rules or rulebook() for finding in ask(rule, subject))


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
