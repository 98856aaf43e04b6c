"""
How the rules' tests ask: one rule of one subject, and what it answered.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.support.images import Tree
from tests.support.systems import SYSTEMS, subject
from tundish.anatomy.facts import CloudInit, Hooks
from tundish.check.rule import Severity, Status, ask
from tundish.check.rulebook import rule
from tundish.check.subject import Request, Subject, Target

UNITS = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")
CLOUD = CloudInit("24.1", "ubuntu", tuple(f"{unit}.service" for unit in UNITS), (), maas=True, oauth=True)
HOOK = "curtin/curtin-hooks"
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

Make = Callable[[], Subject]


@dataclass(frozen=True)
class Bad:
    """
    A spoiled image: the rule that must find it, how it weighs it, and a word of what it says.
    """

    rule: str
    fact: str
    make: Make
    severity: Severity
    says: str


@dataclass(frozen=True)
class Good:
    rule: str
    fact: str
    make: Make


def named(case: Bad | Good) -> str:
    return f"{case.rule} {case.fact}"


def system(
    name: str = "ubuntu",
    changes: Tree | None = None,
    *,
    without: tuple[str, ...] = (),
    cloud: CloudInit = CLOUD,
    request: Request | None = None,
    target: Target | None = None,
) -> Subject:
    """
    A good system, spoiled; its cloud-init as given, its hooks as its tree has them.
    """
    made = subject(name, changes, without=without, target=target)
    root = made.root
    hooks = Hooks(
        folder=root is not None and root.is_folder("curtin"),
        curtin_hooks=root is not None and root.is_file(HOOK),
        finalize=root is not None and root.is_file("curtin/finalize"),
    )
    facts = replace(made.facts, cloud_init=cloud, hooks=hooks)
    return replace(made, facts=facts, request=request or SYSTEMS[name].request)


def worst(name: str, asked: Subject) -> tuple[Status, Severity | None, str]:
    """
    The gravest answer to one rule, and all that was said.
    """
    answers = list(ask(rule(name), asked))
    order = [Severity.INFO, Severity.WARNING, Severity.ERROR]
    gravest = max(answers, key=lambda one: order.index(one.severity))
    failed = gravest.status is Status.FAIL
    return gravest.status, gravest.severity if failed else None, " | ".join(one.what for one in answers)


def found(case: Bad) -> tuple[Severity | None, bool]:
    """
    How a case was weighed, and whether its word was said.
    """
    _, severity, said = worst(case.rule, case.make())
    return severity, case.says in said


def spoils(case: Good) -> str:
    """
    What is said against a good one; nothing if it passes, or if only something worth recording was found.
    """
    status, severity, said = worst(case.rule, case.make())
    harmless = status is Status.PASS or severity is Severity.INFO
    return "" if harmless else f"{status}: {said}"
