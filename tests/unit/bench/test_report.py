import json

import pytest
from bench import report
from bench.cases import CASES
from bench.machine import Machine
from bench.measure import Usage
from bench.trial import AGAIN, FIRST, Run, Trial

MIB = 1024 * 1024
MACHINE = Machine(
    "Zuse Z3", 2, 24.0, "Debian", "6.1", "ext4 /dev/vda", "3.11", "1.22.1", "7.88", "0.1", "0.1"
)
WALLS = {"reference": (10.0, 20.0, 12.0), "tundish": (5.0, 5.0, 3.0)}


def usage(wall: float) -> Usage:
    return Usage(wall=wall, user=wall / 4, system=wall / 4, peak=int(wall * MIB))


@pytest.fixture
def trial() -> Trial:
    runs = [
        Run(number, client, FIRST, usage(wall))
        for client, walls in WALLS.items()
        for number, wall in enumerate(walls, start=1)
    ]
    runs.append(Run(1, "reference", AGAIN, usage(1.0)))
    return Trial(CASES["a"], 3, 0.1, 0.2, tuple(runs))


def test_a_cost_is_the_median_with_its_range(trial: Trial) -> None:
    """
    Wall, processor time and memory are summed up as median (least-most).
    """
    assert (
        "first sync, into nothing",
        "reference",
        "12.00 (10.00-20.00)",
        "6.00 (5.00-10.00)",
        "12 (10-20)",
    ) == report.costs(trial)[0]


def test_a_ratio_is_taken_round_by_round(trial: Trial) -> None:
    """
    The median is that of the rounds' own ratios (0.50, 0.25, 0.25), not the ratio of two medians.
    """
    assert "0.25 (0.25-0.50)" == report.ratios(trial)[0][2]


def test_no_ratio_without_both_sides(trial: Trial) -> None:
    """
    A case that only one client was measured in has no ratio.
    """
    assert ["tundish / reference"] == [row[1] for row in report.ratios(trial)]


def test_text_markdown_and_json_say_on_which_machine(trial: Trial) -> None:
    """
    Every form carries the description of the machine.
    """
    forms = (report.as_text, report.as_markdown, report.as_json)

    assert [True, True, True] == ["Zuse Z3" in form(MACHINE, [trial]) for form in forms]


def test_json_carries_every_run(trial: Trial) -> None:
    """
    All seven runs can be read back.
    """
    assert 7 == len(json.loads(report.as_json(MACHINE, [trial]))["trials"][0]["runs"])
