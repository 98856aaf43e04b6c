"""
A trial as tables: medians with the range, and ratios pair by pair. Pure.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench.measure import Usage
from bench.trial import CASES, Trial

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
PAIRS = (("tundish", "reference"), ("tundish", "curl"), ("reference", "curl"))

Row = tuple[str, ...]


def costs(trial: Trial) -> list[Row]:
    """
    Case, client, and each figure's median with its range.
    """
    return [
        (CASES[case], client, *(figure.summary(usages) for figure in FIGURES))
        for case in CASES
        for client in trial.clients
        if (usages := trial.usages(client, case))
    ]


def ratios(trial: Trial) -> list[Row]:
    """
    Case, pair, and for each figure the median of the rounds' ratios with its range.
    """
    return [
        (CASES[case], f"{ours} / {theirs}", *(_ratio(figure, *both) for figure in FIGURES))
        for case in CASES
        for ours, theirs in PAIRS
        if all(both := (trial.usages(ours, case), trial.usages(theirs, case)))
    ]


def _ratio(figure: Figure, ours: Sequence[Usage], theirs: Sequence[Usage]) -> str:
    values = [
        figure.value(left) / (figure.value(right) or 0.001) for left, right in zip(ours, theirs, strict=True)
    ]
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def preamble(trial: Trial) -> list[str]:
    shape = trial.shape
    return [
        f"Stream: {shape.products} products x {shape.versions} versions",
        f"Files: {shape.items} of {shape.item_size // 1024} KiB, {shape.bytes / 1e6:.1f} MB in all",
        f"Rounds: {trial.rounds}, interleaved, served by nginx on loopback; median (least-most)",
        *trial.machine.lines(),
        f"Load average {trial.load_before:.1f} before, {trial.load_after:.1f} after",
    ]


HEADINGS = (
    ("case", "client", *(figure.heading for figure in FIGURES)),
    ("case", "ratio", *(figure.heading.split(",")[0] for figure in FIGURES)),
)


def as_text(trial: Trial) -> str:
    return "\n\n".join(
        (
            "\n".join(preamble(trial)),
            *("\n".join(_aligned([head, *rows])) for head, rows in _tables(trial)),
        )
    )


def as_markdown(trial: Trial) -> str:
    return "\n\n".join(
        (
            "\n".join(f"- {line}" for line in preamble(trial)),
            *("\n".join(_piped(head, rows)) for head, rows in _tables(trial)),
        )
    )


def as_json(trial: Trial) -> str:
    return json.dumps(asdict(trial), indent=1)


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
