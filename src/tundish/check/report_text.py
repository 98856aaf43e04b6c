"""
A report as lines for people: the verdict first, what is wrong, then what a deployment would do.

Lines have a tone, and who shows them knows what colours a terminal has.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tundish.anatomy.facts import Facts, Family
from tundish.check.plan_values import DeployPlan, State, Step
from tundish.check.rule import Finding, Rule, Severity, Status
from tundish.check.run import Report

WIDTH = 100
MAX_EVIDENCE = 6
_GB = 10**9


class Tone(StrEnum):
    PLAIN = "plain"
    HEAD = "head"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    DIM = "dim"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    tone: Tone = Tone.PLAIN


_GROUPS = (
    ("errors", Status.FAIL, Severity.ERROR, Tone.BAD),
    ("warnings", Status.FAIL, Severity.WARNING, Tone.WARN),
    ("information", Status.FAIL, Severity.INFO, Tone.DIM),
)
_PURPOSES = {"uefi": "for UEFI", "bios": "for BIOS", "kernel": "a kernel"}
_TONES = {State.OK: Tone.GOOD, State.WARNS: Tone.WARN, State.UNKNOWN: Tone.WARN, State.FAILS: Tone.BAD}


def lines(report: Report, *, all_: bool = False, width: int = WIDTH) -> Iterator[Line]:
    """
    The whole report; passed and skipped rules only if all are wanted.
    """
    yield from _verdict(report, width)
    for title, status, severity, tone in _GROUPS:
        held = [one for one in report.findings if one.status is status and one.severity is severity]
        yield from _group(title, held, tone, width, brief=severity is Severity.INFO)
    unknown = [one for one in report.findings if one.status is Status.UNKNOWN]
    yield from _group("unknown, which is not a pass", unknown, Tone.WARN, width, brief=True)
    if all_:
        for title, status in (("passed", Status.PASS), ("skipped", Status.SKIPPED)):
            held = [one for one in report.findings if one.status is status]
            yield from _group(title, held, Tone.DIM, width, brief=True)
    yield from _plan(report.plan, width)


def _verdict(report: Report, width: int) -> Iterator[Line]:
    request, subject = report.subject.request, report.subject
    title = system_of(subject.facts)
    as_ = " ".join(
        filter(None, (request.filetype, request.name, request.base_image and f"on {request.base_image}"))
    )
    mood = Tone.GOOD if report.verdict.fit else Tone.BAD
    yield Line(f"{report.verdict.word.upper()}  {shown(subject.image.name)}", mood)
    arch = subject.facts.arch or "unknown architecture"
    yield Line(shown(f"{title}, {arch}, as {as_}; policy {report.verdict.policy}"))
    for sentence in (*(f"assumed: {one}" for one in report.assumed), *report.verdict.told):
        yield from _wrapped(sentence, "  ", Tone.DIM, width)
    for one in report.verdict.excused:
        yield from _wrapped(
            f"excused: {one.finding.rule}: {one.finding.what} ({one.reason})", "  ", Tone.DIM, width
        )


def _group(title: str, held: list[Finding], tone: Tone, width: int, *, brief: bool) -> Iterator[Line]:
    if held:
        yield Line("")
        yield Line(f"{title} ({len(held)})", Tone.HEAD)
    for one in held:
        yield from _wrapped(one.what, f"  {one.rule}  ", tone, width)
        if not brief:
            yield from _details(one, width)
        elif one.status is Status.FAIL and (seen := _seen(one)):
            yield from _wrapped(seen, "       ", Tone.DIM, width)


def _seen(finding: Finding) -> str:
    """
    In one line the evidence that its sentence does not have already.
    """
    new = [one for one in finding.evidence if one.value and one.value not in finding.what]
    return "; ".join(f"{one.where}: {one.value}" for one in new[:MAX_EVIDENCE])


def _details(finding: Finding, width: int) -> Iterator[Line]:
    for word, text in (("why", finding.why), ("fix", finding.fix)):
        if text:
            yield from _wrapped(text, f"       {word}: ", Tone.PLAIN, width)
    if finding.repair:
        yield from _wrapped(
            f"`tundish image hygiene --only {finding.repair}` does it", "            ", Tone.PLAIN, width
        )
    for one in finding.evidence[:MAX_EVIDENCE]:
        yield from _wrapped(
            f"{one.where}: {one.value}" if one.value else one.where, "       saw: ", Tone.DIM, width
        )
    if len(finding.evidence) > MAX_EVIDENCE:
        yield Line(f"            and {len(finding.evidence) - MAX_EVIDENCE} more", Tone.DIM)


def _plan(plan: DeployPlan, width: int) -> Iterator[Line]:
    yield Line("")
    end = f", fails at step {plan.fails_at + 1}" if plan.fails_at is not None else ""
    yield Line(f"deploy plan{end}", Tone.HEAD)
    for number, step in enumerate(plan.steps, 1):
        yield from _step(number, step, width)
    yield Line("")
    for word, value in summary(plan):
        yield from _wrapped(value, f"{word:<22}", Tone.PLAIN, width)


def _step(number: int, step: Step, width: int) -> Iterator[Line]:
    tone = _TONES[step.state]
    yield from _wrapped(
        f"{step.what} [{step.where}]", f"  {number:>2} {step.state:<8}{step.stage}: ", tone, width, 13
    )
    if step.command:
        yield from _wrapped(f"$ {step.command}", " " * 13, Tone.DIM, width)
    for text in (*step.problems, *step.notes):
        yield from _wrapped(text, " " * 13, tone if text in step.problems else Tone.DIM, width)


def system_of(facts: Facts) -> str:
    """
    What the system calls itself.
    """
    family = "no known system" if facts.family is Family.NONE else facts.family.value
    return facts.os.pretty or facts.os.id or family


def summary(plan: DeployPlan) -> Iterator[tuple[str, str]]:
    """
    What a plan comes to, as words with their values.
    """
    yield "boots by", ", ".join(plan.firmware) or "not known"
    purposes = {one.name: _PURPOSES.get(one.purpose, one.purpose) for one in plan.packages}
    wanted = ", ".join(f"{name} ({purposes[name]})" for name in plan.from_network)
    yield "needs from a network", wanted or "nothing that is known"
    yield "default user", plan.default_user or "none"
    if plan.minimum_disk:
        yield "minimum disk", f"{plan.minimum_disk / _GB:.1f} GB"


def _wrapped(text: str, head: str, tone: Tone, width: int, hang: int | None = None) -> Iterator[Line]:
    """
    A text behind a head, its further lines set in as far; control characters of an image are shown, not sent.
    """
    rest = " " * (len(head) if hang is None else hang)
    width = max(width, len(head) + 24)
    wrapper = textwrap.TextWrapper(
        width, head, rest, break_on_hyphens=False, break_long_words=False, drop_whitespace=True
    )
    found = wrapper.wrap(shown(text))
    yield from (Line(one, tone) for one in found or [head.rstrip()])


def shown(text: str) -> str:
    """
    A text in one line, its control characters written out.
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in " ".join(text.split()))


def explained(rule: Rule) -> Iterator[Line]:
    """
    One rule, as `check --explain` shows it.
    """
    yield Line(f"{rule.id}  {rule.title}", Tone.HEAD)
    for word, text in (
        ("severity", rule.severity),
        ("asked of", rule.scope_text),
        ("why", rule.why),
        ("fix", rule.fix),
        ("repair", rule.repair and f"tundish image hygiene --only {rule.repair}"),
    ):
        if text:
            yield from _wrapped(text, f"  {word:<10}", Tone.PLAIN, WIDTH)


def listed(rules: Iterable[Rule]) -> Iterator[Line]:
    """
    All rules, one line each.
    """
    tones = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARN, Severity.INFO: Tone.DIM}
    for rule in rules:
        yield Line(f"{rule.id}  {rule.severity:<8}  {rule.title}", tones[rule.severity])
