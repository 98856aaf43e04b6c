"""
The documents say what the code says: generated pages are fresh, links and commands are real,
errors are drawn.
"""

import re
from pathlib import Path

import click
import pytest
from scripts import reference

from tests.cli.terminal import left_over
from tundish.core import errors
from tundish.core.errors import REACTIONS, TundishError

ROOT = Path(__file__).resolve().parent.parent
ERRORS = list(reference.tree())
PAGES = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.read_text().strip()
)
GREETING = "tundish boots "  # what a booting machine shows
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^ *```(?:sh)?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_DRAWN = re.compile(r"^((?:│   |    )*)(?:├── |└── )?(\w+)(?: {2,}|$)", re.MULTILINE)


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_a_generated_page_is_fresh(name: str) -> None:
    """
    The page is what the code says now; rewrite it with scripts/reference.py.
    """
    assert reference.pages()[name] == (ROOT / "docs/reference" / name).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    """
    Every relative link of a page names a file that is there, and a heading that it has.
    """
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link and "mailto:" not in link]

    assert [] == [link for link in links if not leads_somewhere(page, link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_are_real(page: Path) -> None:
    """
    The command line accepts the words of every command of ours that a page tells to type.
    """
    assert [] == [line for line in commands(page) if not is_read(line)]


def commands(page: Path) -> list[str]:
    """
    The lines that begin with our name, in the blocks that begin with it; other blocks show what came of it.
    """
    blocks = [block.split("\n") for block in _BLOCK.findall(page.read_text())]
    return [
        line.strip()
        for block in blocks
        if block[0].strip().startswith("tundish ") and not block[0].strip().startswith(GREETING)
        for line in block
        if line.strip().startswith("tundish ")
    ]


def is_read(line: str) -> bool:
    try:
        return left_over(line) == []
    except click.ClickException:
        return False


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """
    The headings of a page, as links name them.
    """
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.lock")))
def test_a_lock_file_names_no_registry(name: str) -> None:
    """
    Packages are named; where they come from is the installer's business.
    """
    assert "://" not in (ROOT / name).read_text()


def test_the_drawing_shows_every_error() -> None:
    """
    The drawing in core.errors has every class, in the order of their definition.
    """
    names = [
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, TundishError)
    ]

    assert names == list(parents())


def test_the_drawing_shows_who_belongs_to_whom() -> None:
    """
    Each error hangs below its own parent.
    """
    bases = {kind.__name__: kind.__base__.__name__ for kind in ERRORS[1:] if kind.__base__}

    assert bases == {name: parent for name, parent in parents().items() if parent}


def parents() -> dict[str, str]:
    """
    Who hangs below whom in the drawing.
    """
    found: dict[str, str] = {}
    above = [""] * 9
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    for indent, name in _DRAWN.findall(drawing):
        depth = 0 if name == TundishError.__name__ else len(indent) // 4 + 1
        above[depth] = name
        found[name] = above[depth - 1] if depth else ""
    return found


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_prints(kind: type[TundishError]) -> None:
    """
    An error made without a word still says something.
    """
    assert str(kind()).strip()


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_was_told(kind: type[TundishError]) -> None:
    """
    The first thing an error is told stands in its message.
    """
    assert "the-very-thing" in str(kind("the-very-thing"))


@pytest.mark.parametrize("kind", ERRORS[1:], ids=lambda kind: kind.__name__)
def test_only_a_bug_ends_like_one(kind: type[TundishError]) -> None:
    """
    Every error of ours has a family with an exit code of its own; 70 is left to bugs.
    """
    assert REACTIONS[TundishError].exit != errors.reaction(kind()).exit
