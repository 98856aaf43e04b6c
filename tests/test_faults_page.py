"""
The page on faults names tests that exist.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/explanation/faults.md").read_text()
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    """
    The name of every test there is.
    """
    trees = (ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(
        node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_names_exists(name: str, known: frozenset[str]) -> None:
    """
    Whoever renames a test renames it there.
    """
    assert name in known


def test_every_row_of_the_page_names_a_test() -> None:
    """
    A fault without a test is only a word.
    """
    tables = PAGE.partition("## Fuzzing")[0]
    rows = [line for line in tables.split("\n") if line.startswith("| ") and "| test |" not in line]
    rows = [line for line in rows if "| kills |" not in line]

    assert [] == [line for line in rows if "`test_" not in line]
