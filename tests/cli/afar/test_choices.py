"""
What is chosen for a whole server, from afar.
"""

import pytest

from tests.cli.afar.conftest import Pair
from tundish.app.deeds.settings import chosen


@pytest.mark.parametrize(
    "words",
    [
        ("sync", "auto"),
        ("sync", "auto", "--json"),
        ("sync", "auto", "--every", "90m", "--window", "22:00-06:00"),
        ("sync", "auto", "--window", "none", "--json"),
        ("sync", "auto", "--off"),
        ("sync", "auto", "--on"),
        ("sync", "auto", "--every", "1s"),
        ("sync", "auto", "--window", "late"),
        ("notice", "off", "release"),
        ("notice", "on", "release"),
        ("notice", "off", "disk-low"),
        ("notice", "commissioning", "ubuntu/noble"),
        ("notice", "commissioning"),
        ("notice", "commissioning", "a/b/c"),
    ],
    ids=" ".join,
)
def test_a_choice_is_said_alike(pair: Pair, words: tuple[str, ...]) -> None:
    """
    Chosen twice, from here and from afar, the words and the code are the same.
    """
    here, afar = pair.here(*words), pair.afar(*words)

    assert (here.code, here.out, here.err) == (afar.code, afar.out, afar.err)


def test_a_schedule_is_chosen_there(pair: Pair) -> None:
    """
    What was said from afar is what the server does, and what was not said stays.
    """
    pair.here("sync", "auto", "--every", "60m", "--window", "none", "--on")
    pair.afar("sync", "auto", "--window", "22:00-06:00")

    assert {"on": True, "every_seconds": 3600, "window": "22:00-06:00"} == pair.here(
        "sync", "auto", "--json"
    ).answer


@pytest.mark.parametrize(("word", "off"), [("off", ("release",)), ("on", ())])
def test_a_kind_of_notices_is_chosen_there(pair: Pair, word: str, off: tuple[str, ...]) -> None:
    """
    The server does without it, or has it again.
    """
    pair.afar("notice", word, "release")

    assert off == chosen(pair.seeded.app).notices_off
