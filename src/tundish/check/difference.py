"""
Two images compared: what is in them, and what the rules find in one and not in the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tundish.anatomy.diff import Difference
from tundish.check.rule import Finding, Status

_TOLD = frozenset({Status.FAIL, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class FindingsDifference:
    appeared: tuple[Finding, ...] = ()
    vanished: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """
    One of two images: the name of its file, how big it is, and whether it is fit.
    """

    name: str
    size: int
    fit: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    before: Compared
    after: Compared
    difference: Difference
    findings: FindingsDifference


def findings_between(before: Iterable[Finding], after: Iterable[Finding]) -> FindingsDifference:
    """
    What fails, or is not decided, in one of two images only; a finding is known by rule and sentence.
    """
    old, new = _told(before), _told(after)
    return FindingsDifference(
        tuple(one for key, one in new.items() if key not in old),
        tuple(one for key, one in old.items() if key not in new),
    )


def _told(findings: Iterable[Finding]) -> dict[tuple[str, Status, str], Finding]:
    return {(one.rule, one.status, one.what): one for one in findings if one.status in _TOLD}
