"""
What a run of targets is told as: a table for people, one for documents, or JSON.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from fuzz.runner import Ran

_HEADS = ("target", "executions", "per second", "edges", "peak memory", "slowest", "verdict")


def table(ran: Sequence[Ran]) -> str:
    rows = [_HEADS, *map(_cells, ran)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = [
        "  ".join(_aligned(cell, place, widths[place]) for place, cell in enumerate(row)) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def markdown(ran: Sequence[Ran]) -> str:
    lines = [_HEADS, ("---", *["---:"] * (len(_HEADS) - 2), "---"), *map(_cells, ran)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_json(ran: Sequence[Ran]) -> str:
    return json.dumps([asdict(each) for each in ran], indent=1)


def failures(ran: Sequence[Ran]) -> list[str]:
    """
    What went wrong, and how to see it again.
    """
    return [
        f"{each.target}: {each.failure}\n  again: {each.repeat or 'scripts/fuzz ' + each.target}"
        for each in ran
        if each.failure
    ]


def _cells(ran: Ran) -> tuple[str, ...]:
    return (
        ran.target,
        f"{ran.executions:,}",
        f"{ran.per_second:,}",
        f"{ran.edges:,}",
        f"{ran.peak_mib} MiB",
        f"{ran.slowest_ms:.1f} ms",
        "FAILED" if ran.failure else "ok",
    )


def _aligned(cell: str, place: int, width: int) -> str:
    return cell.ljust(width) if place in {0, len(_HEADS) - 1} else cell.rjust(width)
