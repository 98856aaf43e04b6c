"""
The deploy plan: what the installer of MAAS would do with an image, step by step, and where it would fail.

A pure function of the subject and of what the rules found. Each step names the rules that bear on it and
has the state that the worst of their findings gives it; nothing is judged here a second time.
"""

from collections.abc import Iterable, Iterator, Sequence

from tundish.check.plan_boot import firmware_of, minimum_disk, packages_of
from tundish.check.plan_steps import drafts
from tundish.check.plan_values import DeployPlan, Draft, State, Step
from tundish.check.rule import Finding, Severity, Status
from tundish.check.subject import Subject


def plan_of(subject: Subject, findings: Sequence[Finding]) -> DeployPlan:
    """
    What a deployment of this image would be.
    """
    steps = tuple(_steps(drafts(subject), findings))
    fails = next((place for place, step in enumerate(steps) if step.state is State.FAILS), None)
    return DeployPlan(
        steps,
        fails,
        tuple(packages_of(subject)),
        firmware_of(subject, findings),
        subject.facts.cloud_init.default_user,
        minimum_disk(subject),
    )


def _steps(found: Iterable[Draft], findings: Sequence[Finding]) -> Iterator[Step]:
    for draft in found:
        bearing = [one for one in findings if one.rule in draft.rules and _matters(one)]
        state = max((_state(one) for one in bearing), key=_WORSE.index, default=State.OK)
        yield Step(
            draft.stage,
            draft.where,
            draft.what,
            state,
            draft.command,
            tuple(dict.fromkeys(one.rule for one in bearing)),
            tuple(f"{one.rule}: {one.what}" for one in bearing),
            draft.notes,
        )


_WORSE = (State.OK, State.WARNS, State.UNKNOWN, State.FAILS)


def _matters(finding: Finding) -> bool:
    failed = finding.status is Status.FAIL and finding.severity is not Severity.INFO
    return failed or (finding.status is Status.UNKNOWN and finding.severity is Severity.ERROR)


def _state(finding: Finding) -> State:
    if finding.status is Status.UNKNOWN:
        return State.UNKNOWN
    return State.FAILS if finding.severity is Severity.ERROR else State.WARNS
