"""
Samples of space as the lines of a chart. Pure; the template draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.app.sampling import Sample
from tundish.web.words import size

WIDTH, HEIGHT = 640, 160
_LINES = 4
_UNIT = 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A line across the chart with its label.
    """

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    line: str  # points of an SVG polyline
    area: str  # the same, closed at the ground
    rules: tuple[Rule, ...]
    since: datetime
    until: datetime
    first: int
    last: int
    width: int = WIDTH
    height: int = HEIGHT


def chart(samples: Sequence[Sample]) -> Chart | None:
    """
    None while there are fewer than two samples, which draw no line.
    """
    if len(samples) < 2:
        return None
    top = _top(max(sample.size for sample in samples))
    start, end = samples[0].at, samples[-1].at
    length = max((end - start).total_seconds(), 1.0)
    points = [
        (WIDTH * (each.at - start).total_seconds() / length, HEIGHT * (1 - each.size / top))
        for each in samples
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    rules = tuple(
        Rule(HEIGHT * (1 - step / _LINES), size(top * step // _LINES)) for step in range(_LINES + 1)
    )
    return Chart(
        line=line,
        area=f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}",
        rules=rules,
        since=start,
        until=end,
        first=samples[0].size,
        last=samples[-1].size,
    )


def _top(most: int) -> int:
    """
    The next round amount, of which a quarter is round, too.
    """
    unit = 1
    while most // unit >= 1000:
        unit *= _UNIT
    for step in (4, 8, 20, 40, 80, 200, 400, 800, 1200):
        if most <= step * unit:
            return step * unit
    return most
