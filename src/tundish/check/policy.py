"""
What findings mean: `strict`, `default` or `lenient`, with exceptions that each have a reason and an end.

Rules say what is so, and never change; a policy weighs it. What is unknown never counts as holding: every
policy names it, and for `strict` a rule of errors that cannot be decided makes an image unfit.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from tundish.check.rule import Finding, Severity, Status
from tundish.check.verdict import Excused, Verdict
from tundish.core.errors import InputError

MAX_FILE = 1024 * 1024
MAX_OVERRIDES = 1000
_HARDENED = frozenset({"B15"})  # warnings of the contract that are errors where one is strict
_ALLOWED = frozenset({"rule", "severity", "ignore", "reason", "expires"})


class Policy(StrEnum):
    STRICT = "strict"  # nothing unknown that could stop a deployment, no baked-in password
    DEFAULT = "default"  # no errors
    LENIENT = "lenient"  # no errors but those of how the image is uploaded


@dataclass(frozen=True, slots=True)
class Override:
    """
    An exception: this rule weighs `severity`, or nothing where that is None.
    """

    rule: str
    severity: Severity | None
    reason: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """
    The exceptions of a file, and what is wrong with those that do not count.
    """

    held: tuple[Override, ...] = ()
    faults: tuple[str, ...] = ()

    def of(self, rule: str, today: date) -> Override | None:
        found = [one for one in self.held if one.rule == rule and not _is_over(one, today)]
        return found[-1] if found else None

    def told(self, today: date) -> tuple[str, ...]:
        """
        What does not count, in sentences.
        """
        over = (one for one in self.held if _is_over(one, today))
        return (
            *self.faults,
            *(f"the exception for {one.rule} expired on {one.expires} and does not count" for one in over),
        )


def _is_over(override: Override, today: date) -> bool:
    return override.expires is not None and override.expires < today


def parse(text: bytes, origin: str, rules: Collection[str]) -> Overrides:
    """
    Read a file of exceptions. One that cannot count is a fault, and the others count all the same.

    Raises:
        InputError: it is no TOML, or has no `[[override]]` tables; `origin` names it.
    """
    if len(text) > MAX_FILE:
        raise InputError(f"{origin} is longer than {MAX_FILE} bytes")
    try:
        document = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{origin} is not TOML: {error}") from error
    rows = document.get("override", [])
    unknown = sorted(set(document) - {"override"})
    if unknown or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            f"{origin}: {', '.join(unknown) or 'override'} is not understood; write [[override]] tables with "
            "rule, severity or ignore, reason, and expires"
        )
    if len(rows) > MAX_OVERRIDES:
        raise InputError(f"{origin} has more than {MAX_OVERRIDES} exceptions")
    read = [_override(row, f"{origin}, override {number}", rules) for number, row in enumerate(rows, 1)]
    return Overrides(
        tuple(one for one in read if isinstance(one, Override)),
        tuple(one for one in read if isinstance(one, str)),
    )


def _override(row: dict[str, object], place: str, rules: Collection[str]) -> Override | str:
    """
    One table as an exception, or what is wrong with it.
    """
    name, reason = str(row.get("rule", "")).upper(), row.get("reason", "")
    if fault := _fault(row, name, rules):
        return f"{place}: {fault}, so it does not count"
    severity, expires = row.get("severity"), _day(row.get("expires"))
    weight = Severity(severity) if isinstance(severity, str) else None
    return Override(name, weight, str(reason).strip(), expires)


def _fault(row: dict[str, object], name: str, rules: Collection[str]) -> str:
    severity, ignore, reason = row.get("severity"), row.get("ignore"), row.get("reason")
    if unknown := sorted(set(row) - _ALLOWED):
        return f"{', '.join(unknown)} is not understood"
    if name not in rules:
        return f"there is no rule {name or '(none given)'}"
    if not isinstance(reason, str) or not reason.strip():
        return f"{name} has no reason"
    if "expires" in row and _day(row["expires"]) is None:
        return f"the end of {name} is no day such as 2027-01-31"
    by_severity = isinstance(severity, str) and severity in set(Severity) and ignore is None
    if not by_severity and not (ignore is True and severity is None):
        return f"{name} needs either ignore = true, or a severity of error, warning or info"
    return ""


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def weigh(
    policy: Policy, findings: Iterable[Finding], *, overrides: Overrides | None = None, today: date
) -> Verdict:
    """
    The verdict of a policy on findings, on a day.
    """
    overrides = overrides or Overrides()
    kept: list[Finding] = []
    excused: list[Excused] = []
    for finding in findings:
        override = overrides.of(finding.rule, today)
        matters = finding.status in {Status.FAIL, Status.UNKNOWN}
        if override is None or not matters:
            kept.append(_weighed(policy, finding))
        elif override.severity is None:
            excused.append(Excused(finding, override.reason, ignored=True))
        else:
            kept.append(replace(finding, severity=override.severity))
            excused.append(Excused(finding, override.reason, ignored=False))
    why = _reasons(policy, kept)
    told = (*overrides.told(today), *_unknowns(policy, kept))
    return Verdict(not why, policy, why, told, tuple(kept), tuple(excused))


def _weighed(policy: Policy, finding: Finding) -> Finding:
    if policy is Policy.STRICT and finding.rule in _HARDENED and finding.severity is Severity.WARNING:
        return replace(finding, severity=Severity.ERROR)
    return finding


def _counts(policy: Policy, finding: Finding) -> bool:
    if finding.severity is not Severity.ERROR:
        return False
    if finding.status is Status.UNKNOWN:
        return policy is Policy.STRICT
    # the upload can still be put right when it is made; the image cannot
    about_upload = finding.rule.startswith("M0") or finding.rule in {"M10", "M11", "E03", "M13"}
    return finding.status is Status.FAIL and not (policy is Policy.LENIENT and about_upload)


def _reasons(policy: Policy, findings: Sequence[Finding]) -> tuple[str, ...]:
    counted = [one for one in findings if _counts(policy, one)]
    return tuple(f"{one.rule}: {one.what}" for one in counted)


def _unknowns(policy: Policy, findings: Sequence[Finding]) -> tuple[str, ...]:
    if policy is Policy.STRICT:
        return ()
    names = sorted(
        {one.rule for one in findings if one.status is Status.UNKNOWN and one.severity is Severity.ERROR}
    )
    return (f"{', '.join(names)} could not be decided, which is not a pass",) if names else ()
