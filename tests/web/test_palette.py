import re
from collections.abc import Mapping
from importlib.resources import files

import pytest

SHEET = (files("tundish.web") / "static" / "tundish.css").read_text()
TEXT, EDGE = 4.5, 3.0  # what WCAG AA asks of text, and of what bounds a field
PAIRS = [
    *((ink, paper, TEXT) for ink in ("ink", "quiet", "link") for paper in ("paper", "card", "sunk")),
    *((ink, "card", TEXT) for ink in ("good", "bad", "warn", "info")),
    *((word, f"{word}-paper", TEXT) for word in ("good", "warn", "bad", "info")),
    ("on-act", "act", TEXT),
    ("card", "bad", TEXT),
    *(("field", paper, EDGE) for paper in ("card", "paper")),
    *(("act", paper, EDGE) for paper in ("card", "paper", "sunk")),
]


def palette() -> Mapping[str, tuple[str, str]]:
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", SHEET)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_ink_stands_out_from_its_paper(ink: str, paper: str, least: float, theme: int) -> None:
    """
    Every pair of colours that the sheet puts together has the contrast that WCAG AA asks for.
    """
    colours = palette()

    assert contrast(colours[ink][theme], colours[paper][theme]) >= least


def test_no_colour_stands_outside_the_palette() -> None:
    """
    Colours are named once, at the top; only the map of space has more, and those of shadows.
    """
    rules = [line for line in SHEET.splitlines() if "--" not in line.split(":")[0] and ".map" not in line]

    assert [] == re.findall(r"#[0-9a-f]{3,6}\b", "\n".join(rules))


def test_nothing_is_loaded_from_elsewhere() -> None:
    """
    The sheet names no address.
    """
    assert [] == re.findall(r"url\(|@import|https?:", SHEET)
