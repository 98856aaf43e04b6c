"""
Which targets there are: every `Target` of every module in `fuzz/targets`.
"""

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from fuzz import targets
from fuzz.target import Target


def known() -> Mapping[str, Target]:
    """
    All targets by name.
    """
    modules = [
        import_module(f"{targets.__name__}.{each.name}") for each in pkgutil.iter_modules(targets.__path__)
    ]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Target)]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def named(name: str) -> Target:
    """
    The target of a name, with no parser imported but those of its module.

    Raises:
        LookupError: there is none.
    """
    function = name.replace("-", "_")
    for each in pkgutil.iter_modules(targets.__path__):
        for folder in targets.__path__:
            if f"\ndef {function}(" in Path(folder, f"{each.name}.py").read_text():
                found: Target = vars(import_module(f"{targets.__name__}.{each.name}"))[function]
                return found
    raise LookupError(f"no target {name}; see scripts/fuzz --list")


def chosen(names: Sequence[str]) -> list[Target]:
    """
    The targets of these names, or all.

    Raises:
        LookupError: there is none of such a name.
    """
    table = known()
    if lacking := [name for name in names if name not in table]:
        raise LookupError(f"no target {', '.join(lacking)}; see scripts/fuzz --list")
    return [table[name] for name in names or table]
