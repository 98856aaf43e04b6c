"""
Which drivers a kernel has at hand before it has found its root: those in its initramfs, and those built in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Index
from tundish.check.rule import Unknown

_MODULE = re.compile(r"([^/]+)\.ko(?:\.(?:gz|xz|zst))?$")


@dataclass(frozen=True, slots=True)
class Listing:
    """
    The drivers by their names, with `_` for `-`. `path` is the initramfs.
    """

    path: str
    drivers: frozenset[str]


def drivers_of(root: Index, kernel: Kernel) -> Listing:
    """
    List an initramfs.

    Raises:
        Unknown: there is none, or it cannot be read.
    """
    what = "cannot be listed" if root.is_file(kernel.initrd) else "is not there"
    raise Unknown(f"{kernel.initrd or 'the initramfs'} {what}")


def named_in(paths: Iterator[str]) -> frozenset[str]:
    """
    The drivers among paths of modules.
    """
    found = (_MODULE.search(path) for path in paths)
    return frozenset(one[1].replace("-", "_") for one in found if one)
