"""
Trials as tables: medians with the range, and ratios pair by pair. Pure.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench.cases import Pair
from bench.machine import Machine
from bench.measure import Usage
from bench.trial import WORKS, Trial

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One column: its heading, and its value in a usage.
    """

    heading: str
    value: Callable[[Usage], float]
    form: str

    def summary(self, usages: Sequence[Usage]) -> str:
        """
        The median (least-most).
        """
        values = [self.value(usage) for usage in usages]
        least, middle, most = (
            format(value, self.form) for value in (min(values), median(values), max(values))
        )
        return f"{middle} ({least}-{most})"


FIGURES = (
    Figure("wall, s", lambda usage: usage.wall, ".2f"),
    Figure("CPU, s", lambda usage: usage.cpu, ".2f"),
    Figure("peak memory, MiB", lambda usage: usage.peak / MIB, ".0f"),
)
Row = tuple[str, ...]
HEADINGS: tuple[Row, ...] = (
    ("case", "client", *(figure.heading for figure in FIGURES)),
    ("case", "ratio", *(figure.heading.split(",")[0] for figure in FIGURES)),
)


def costs(trial: Trial) -> list[Row]:
    """
    Case, client, and each figure's median with its range.
    """
    return [
        (text, client, *(figure.summary(usages) for figure in FIGURES))
        for work, text in WORKS.items()
        for client in trial.clients
        if (usages := trial.usages(client, work))
    ]


def ratios(trial: Trial) -> list[Row]:
    """
    Case, pair, and for each figure the median of the rounds' ratios with its range.
    """
    return [
        (text, pair.name, *(_ratio(figure, *both) for figure in FIGURES))
        for work, text in WORKS.items()
        for pair in trial.case.pairs
        if (both := _both(trial, pair, work))
    ]


def _both(trial: Trial, pair: Pair, work: str) -> tuple[list[Usage], list[list[Usage]]] | None:
    ours, theirs = trial.usages(pair.ours, work), [trial.usages(name, work) for name in pair.theirs]
    return (ours, theirs) if ours and all(theirs) else None


def _ratio(figure: Figure, ours: Sequence[Usage], theirs: Sequence[Sequence[Usage]]) -> str:
    values = [
        figure.value(left) / (max(map(figure.value, rights)) or 0.001)
        for left, rights in zip(ours, zip(*theirs, strict=True), strict=True)
    ]
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _preamble(trial: Trial) -> list[str]:
    shape, case = trial.shape, trial.case
    part = f" of {shape.offered} offered" if shape.items < shape.offered else ""
    lines = [
        f"Stream: {shape.products} products x {shape.versions} versions",
        f"Files: {shape.items}{part}, {shape.item_size // 1024} KiB each, {shape.bytes / 1e6:.1f} MB in all",
        f"Rounds: {trial.rounds}, interleaved, served by {case.server} on loopback; median (least-most)",
        f"Load average {trial.load_before:.1f} before, {trial.load_after:.1f} after",
    ]
    return [*lines, case.note] if case.note else lines


def as_text(machine: Machine, trials: Sequence[Trial]) -> str:
    parts = ["\n".join(machine.lines())]
    for trial in trials:
        parts.append("\n".join([f"== {trial.case.title} ==", *_preamble(trial)]))
        parts.extend("\n".join(_aligned([head, *rows])) for head, rows in _tables(trial))
    return "\n\n".join(parts)


def as_markdown(machine: Machine, trials: Sequence[Trial]) -> str:
    parts = ["\n".join(f"- {line}" for line in machine.lines())]
    for trial in trials:
        parts.append(f"### {trial.case.title}")
        parts.append("\n".join(f"- {line}" for line in _preamble(trial)))
        parts.extend("\n".join(_piped(head, rows)) for head, rows in _tables(trial))
    return "\n\n".join(parts)


def as_json(machine: Machine, trials: Sequence[Trial]) -> str:
    shown = [
        {
            "case": trial.case.name,
            "shape": asdict(trial.shape),
            "rounds": trial.rounds,
            "load": [trial.load_before, trial.load_after],
            "runs": [asdict(run) for run in trial.runs],
        }
        for trial in trials
    ]
    return json.dumps({"machine": asdict(machine), "trials": shown}, indent=1)


def _tables(trial: Trial) -> list[tuple[Row, list[Row]]]:
    tables = zip(HEADINGS, (costs(trial), ratios(trial)), strict=True)
    return [(head, rows) for head, rows in tables if rows]


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _piped(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if place < 2 else '--:' for place in range(len(head)))}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
