"""
What findings come to: fit or unfit, and why.
"""

from dataclasses import dataclass

from tundish.check.rule import Finding


@dataclass(frozen=True, slots=True)
class Excused:
    """
    A finding that somebody has taken upon himself, and the reason he gave. One that is not `ignored` only
    weighs otherwise, and is among the findings of the verdict.
    """

    finding: Finding
    reason: str
    ignored: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    `why` says in sentences what decided; `told` what is to be known of the policy itself: an exception that
    has expired, one of a rule that does not exist. `findings` are as the policy weighs them.
    """

    fit: bool
    policy: str
    why: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    excused: tuple[Excused, ...] = ()

    @property
    def word(self) -> str:
        return "fit" if self.fit else "unfit"
