"""
All rules there are: every module of `check/rules` has a tuple `RULES`, gathered here in the order of ids.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules

from tundish.check import rules
from tundish.check.rule import Rule
from tundish.core.errors import NotFound


@cache
def rulebook() -> tuple[Rule, ...]:
    """
    Every rule, sorted by id.
    """
    names = sorted(module.name for module in iter_modules(rules.__path__))
    modules = (import_module(f"{rules.__name__}.{name}") for name in names)
    return ordered(rule for module in modules for rule in module.RULES)


def ordered(found: Iterable[Rule]) -> tuple[Rule, ...]:
    """
    Rules by id; two of the same id are a mistake in this program.
    """
    book = sorted(found, key=lambda rule: rule.id)
    twice = sorted({a.id for a, b in pairwise(book) if a.id == b.id})
    if twice:
        raise ValueError(f"more than one rule is called {', '.join(twice)}")
    return tuple(book)


def rule(name: str) -> Rule:
    """
    The rule with this id, in any case of letters.

    Raises:
        NotFound: there is none.
    """
    wanted = name.strip().upper()
    for one in rulebook():
        if one.id == wanted:
            return one
    raise NotFound(f"there is no rule {name}; docs/reference/rules.md lists them all")
