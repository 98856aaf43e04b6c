"""
A rule: one question asked of an image, as data and one small pure function.

The function yields what is wrong; yielding nothing means that the rule holds. Where it cannot be known it
raises `Unknown`, because not knowing never counts as holding.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tundish.check.subject import Subject
from tundish.core.errors import BadImage


class Severity(StrEnum):
    ERROR = "error"  # fails, or almost surely does not boot
    WARNING = "warning"  # works on some machines, or is a matter of safety or size
    INFO = "info"  # worth recording


class Status(StrEnum):
    PASS = "pass"  # noqa: S105 # a word of the contract, no secret
    FAIL = "fail"
    SKIPPED = "skipped"  # not of this kind of image
    UNKNOWN = "unknown"


class Unknown(Exception):
    """
    The rule cannot be decided from what is there; the message says why.
    """


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What was seen: a path or a field, and its value there.
    """

    where: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """
    One observation: a sentence that names the path or field. `severity`, `fix` and `repair` override the
    rule's.
    """

    what: str
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None
    fix: str = ""
    repair: str = ""


Judge = Callable[[Subject], Iterable[Found]]
Scope = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    `why` says what the operator would see; `fix` how to mend it; `repair` names the hygiene that mends it
    (words with spaces between where what was found differs; each finding then names one).
    """

    id: str
    severity: Severity
    title: str  # the rule as a sentence that is true of a good image
    scope: Scope
    scope_text: str
    why: str
    fix: str
    judge: Judge
    repair: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What became of one rule, or one of several things it found.
    """

    rule: str
    status: Status
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
    evidence: tuple[Evidence, ...] = ()
    repair: str = ""


def ask(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """
    Put one question; one finding at least comes back, whatever the answer.
    """
    try:
        if not rule.scope(subject):
            yield Finding(rule.id, Status.SKIPPED, rule.severity, f"not for this image: {rule.scope_text}")
            return
        found = tuple(rule.judge(subject))
    except (Unknown, BadImage) as why:
        yield Finding(rule.id, Status.UNKNOWN, rule.severity, f"{rule.title}: not known, {why}", rule.why)
        return
    if not found:
        yield Finding(rule.id, Status.PASS, rule.severity, rule.title)
    for one in found:
        yield Finding(
            rule.id,
            Status.FAIL,
            one.severity or rule.severity,
            one.what,
            rule.why,
            one.fix or rule.fix,
            one.evidence,
            one.repair or (rule.repair if " " not in rule.repair else ""),
        )
