"""
A report as one page that stands alone: no script, nothing loaded, light and dark, wide and narrow.

Whatever comes from an image is escaped by `text`, and nowhere is it trusted.
"""

from collections.abc import Iterable, Iterator

from tundish.check.plan_values import DeployPlan, Step
from tundish.check.report_style import STYLE
from tundish.check.report_text import summary, system_of
from tundish.check.report_treemap import folders, treemap
from tundish.check.report_words import count, sentence, size, text
from tundish.check.rule import Evidence, Finding, Severity, Status
from tundish.check.run import Report
from tundish.check.treemap import areas_of
from tundish.core.image import Json

MAX_EVIDENCE = 20
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_GROUPS = (
    ("Errors", "error", Status.FAIL, Severity.ERROR),
    ("Warnings", "warning", Status.FAIL, Severity.WARNING),
    ("Not decided", "unknown", Status.UNKNOWN, None),
    ("Information", "info", Status.FAIL, Severity.INFO),
    ("Passed", "pass", Status.PASS, None),
    ("Skipped", "skipped", Status.SKIPPED, None),
)
_ALWAYS = 4  # of the groups; the others only if all are wanted


def page(report: Report, *, all_: bool = False) -> str:
    """
    The whole page.
    """
    image = report.subject.image
    parts = (
        *_head(image.name, report.verdict.word),
        *_verdict(report),
        "<main>",
        *_findings(report, all_=all_),
        *_plan(report.plan),
        *_facts(report),
        *_space(report),
        "</main>",
        "<footer>Made by <code>tundish check</code>. Nothing of the image was run.</footer></body></html>",
    )
    return "\n".join(parts) + "\n"


def _head(name: str, word: str) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{text(word)}: {text(name)}</title><style>{STYLE}</style></head><body>"


def _verdict(report: Report) -> Iterator[str]:
    verdict, subject = report.verdict, report.subject
    title = system_of(subject.facts)
    counts = [
        count(_count(report, Status.FAIL, Severity.ERROR), "error"),
        count(_count(report, Status.FAIL, Severity.WARNING), "warning"),
        f"{_count(report, Status.UNKNOWN, None)} not decided",
    ]
    yield f'<header class="{verdict.word}"><p class="word">{verdict.word}</p>'
    yield f"<div><h1>{text(subject.image.name)}</h1>"
    yield f"<p>{text(title)} · {text(subject.facts.arch or 'unknown architecture')} · "
    yield f"{text(subject.request.filetype)} as {text(subject.request.name or 'custom/…')}"
    yield f"{' on ' + text(subject.request.base_image) if subject.request.base_image else ''}</p>"
    yield '<p class="counts">' + "".join(f"<span>{one}</span>" for one in counts) + "</p>"
    target = subject.target
    yield f"<p class='for'>For MAAS {target.maas[0]}.{target.maas[1]}, its installer of {target.curtin},"
    yield f"ephemeral system {text(target.ephemeral)}; policy {text(verdict.policy)}.</p></div></header>"
    said = [*(f"Assumed: {one}" for one in report.assumed), *verdict.told]
    said += [f"Excused: {one.finding.rule}: {one.finding.what} ({one.reason})" for one in verdict.excused]
    if said:
        yield '<ul class="told">' + "".join(f"<li>{text(one)}</li>" for one in said) + "</ul>"


def _count(report: Report, status: Status, severity: Severity | None) -> int:
    return len(_held(report, status, severity))


def _held(report: Report, status: Status, severity: Severity | None) -> list[Finding]:
    return [one for one in report.findings if one.status is status and severity in {None, one.severity}]


def _findings(report: Report, *, all_: bool) -> Iterator[str]:
    yield '<section><h2 id="findings">Findings</h2>'
    groups = _GROUPS if all_ else _GROUPS[:_ALWAYS]
    shown = [(title, kind, _held(report, status, severity)) for title, kind, status, severity in groups]
    if not any(held for _, kind, held in shown if kind in {"error", "warning", "unknown"}):
        yield "<p>Nothing speaks against this image.</p>"
    for title, kind, held in shown:
        if held:
            head = f"{title} <span>{len(held)}</span>"
            quiet = kind in {"info", "pass", "skipped"}
            group = f'<details class="group {kind}"><summary>{head}</summary>'
            yield group if quiet else f'<h3 class="{kind}">{head}</h3>'
            yield from (_finding(one, kind, open_=kind == "error") for one in held)
            yield "</details>" if quiet else ""
    yield "</section>"


def _finding(finding: Finding, kind: str, *, open_: bool) -> str:
    rows = [("Why it matters", finding.why), ("How to mend it", finding.fix)]
    said = "".join(f"<dt>{word}</dt><dd>{text(sentence(value))}</dd>" for word, value in rows if value)
    if finding.repair:
        command = f"tundish image hygiene --only {finding.repair}"
        said += f"<dt>By command</dt><dd><code>{text(command)}</code></dd>"
    seen = _evidence(finding.evidence)
    head = f'<span class="id">{text(finding.rule)}</span><span>{text(sentence(finding.what))}</span>'
    if not said and not seen:
        return f'<div class="finding {kind}"><p>{head}</p></div>'
    opened = " open" if open_ else ""
    return f'<details class="finding {kind}"{opened}><summary>{head}</summary><dl>{said}{seen}</dl></details>'


def _evidence(evidence: Iterable[Evidence]) -> str:
    rows = [
        f"<li><code>{text(one.where)}</code>{' ' + text(one.value) if one.value else ''}</li>"
        for one in evidence
    ]
    more = f"<li>and {len(rows) - MAX_EVIDENCE} more</li>" if len(rows) > MAX_EVIDENCE else ""
    return f"<dt>What was seen</dt><dd><ul>{''.join(rows[:MAX_EVIDENCE])}{more}</ul></dd>" if rows else ""


def _plan(plan: DeployPlan) -> Iterator[str]:
    yield '<section><h2 id="plan">Deploy plan</h2>'
    if plan.fails_at is not None:
        step = plan.steps[plan.fails_at]
        yield f'<p class="stop">It fails at step {plan.fails_at + 1}, {text(step.stage)}.</p>'
    else:
        yield "<p>What the installer of MAAS does with this image, step by step.</p>"
    yield '<ol class="plan">'
    for place, step in enumerate(plan.steps):
        yield _step(step, after=plan.fails_at is not None and place > plan.fails_at)
    yield '</ol><dl class="grid">'
    yield from (f"<div><dt>{text(word)}</dt><dd>{text(value)}</dd></div>" for word, value in summary(plan))
    yield "</dl></section>"


def _step(step: Step, *, after: bool) -> str:
    command = f"<pre>{text(step.command)}</pre>" if step.command else ""
    said = [f'<li class="problem">{text(one)}</li>' for one in step.problems]
    said += [f"<li>{text(one)}</li>" for one in step.notes]
    return (
        f'<li class="{step.state}{" after" if after else ""}"><p class="stage"><b>{text(step.stage)}</b>'
        f'<span class="state">{step.state}</span><span class="where">{text(step.where)}</span></p>'
        f"<p>{text(sentence(step.what))}</p>{command}{'<ul>' + ''.join(said) + '</ul>' if said else ''}</li>"
    )


def _facts(report: Report) -> Iterator[str]:
    facts, image = report.subject.facts, report.subject.image
    words = [user.name for user in facts.users if user.password == "set"]  # noqa: S105 # a state, no secret
    rows: list[tuple[str, Json]] = [
        ("System", facts.os.pretty or facts.os.name or facts.os.id),
        ("Family", facts.family),
        ("Architecture", facts.arch),
        ("Kernels", ", ".join(one.version for one in facts.kernels)),
        ("cloud-init", facts.cloud_init.version),
        ("Packages", len(facts.packages) or ""),
        ("Users with a password", ", ".join(words)),
        ("Listening", ", ".join(facts.listening)),
        ("Boot loaders", ", ".join(one.path for one in facts.loaders[:8])),
        ("Hooks", "curtin/curtin-hooks" if facts.hooks else "the installer's own"),
        ("File", f"{size(image.wrapping.size)}, {image.wrapping.compression}"),
        (
            "Inside",
            f"{size(image.wrapping.expanded)}, {image.form}" if image.wrapping.expanded else image.form,
        ),
        ("Paths", len(image.root) if image.root is not None else ""),
        ("sha256", image.wrapping.sha256.hex if image.wrapping.sha256 else ""),
    ]
    yield '<section><h2 id="facts">The image</h2><dl class="grid">'
    yield from (f"<div><dt>{word}</dt><dd>{text(value)}</dd></div>" for word, value in rows if value)
    yield "</dl></section>"


def _space(report: Report) -> Iterator[str]:
    root = report.subject.root
    whole = areas_of(root) if root is not None else None
    if whole is not None and whole.size:
        yield f'<section><h2 id="space">What takes the space <small>{size(whole.size)}</small></h2>'
        yield treemap(whole, 1000, 480, "wide")
        yield treemap(whole, 400, 640, "tall")
        yield folders(whole)
        yield "</section>"
