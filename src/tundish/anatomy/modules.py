"""
Which kernel modules an initrd needs: those wanted, with all they depend on, in an order that loads.

Reads what depmod wrote: `modules.dep` (path: paths it needs) and `modules.alias` (pattern, module).
"""

import re
from collections.abc import Collection, Mapping, Sequence

_ENDING = re.compile(r"\.ko(?:\.(?:gz|xz|zst))?\Z")

Dependencies = Mapping[str, tuple[str, ...]]


def name_of(path: str) -> str:
    """
    What the kernel calls the module of a path: `-` and `_` are the same to it.
    """
    return _ENDING.sub("", path.rpartition("/")[2]).replace("-", "_")


def plain(path: str) -> str:
    """
    The path a module has once it is unpacked.
    """
    return _ENDING.sub(".ko", path)


def dependencies(modules_dep: str) -> Dependencies:
    """
    Each module's path with the paths it needs.
    """
    lines = (line.partition(":") for line in modules_dep.splitlines() if ":" in line)
    return {path.strip(): tuple(needed.split()) for path, _, needed in lines}


def load_order(wanted: Sequence[str], known: Dependencies) -> tuple[str, ...]:
    """
    The paths of the wanted modules and of what they need, each after what it needs.

    A wanted name that is not there is left out: it is built into the kernel, or of other hardware.
    """
    by_name = {name_of(path): path for path in known}
    order: dict[str, None] = {}
    for name in wanted:
        if path := by_name.get(name.replace("-", "_")):
            # depmod lists all that is needed, directly or not, the first to be loaded last
            order.update(dict.fromkeys((*known[path][::-1], path)))
    return tuple(order)


def table(paths: Sequence[str], known: Dependencies) -> str:
    """
    A `modules.dep` for these modules alone, unpacked.
    """
    lines = (f"{plain(path)}: {' '.join(map(plain, known.get(path, ())))}".rstrip() for path in paths)
    return "".join(line + "\n" for line in lines)


def aliases(modules_alias: str, names: Collection[str]) -> str:
    """
    The lines of `modules.alias` that speak of these modules.
    """
    kept = (line for line in modules_alias.splitlines() if line.startswith("alias "))
    return "".join(line + "\n" for line in kept if line.rpartition(" ")[2].replace("-", "_") in names)
