"""
Which drivers a kernel has at hand before it has found its root: those in its initramfs, and those built in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tundish.anatomy.cpio_reader import listed
from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Index
from tundish.check.asking import lines_of

MAX_INITRD = 128 * 1024 * 1024
_MODULE = re.compile(r"(.+)\.ko(?:\.(?:gz|xz|zst))?")


@dataclass(frozen=True, slots=True)
class Listing:
    """
    The drivers by their names, with `_` for `-`. `path` is the initramfs.
    """

    path: str
    drivers: frozenset[str]


def drivers_of(root: Index, kernel: Kernel) -> Listing:
    """
    The drivers of a kernel's initramfs, which must be there.

    Raises:
        BadImage: it is damaged, longer than such a file is, or nothing that a kernel unpacks.
    """
    members = listed(root.read(kernel.initrd, MAX_INITRD), kernel.initrd)
    builtin = lines_of(root, f"{kernel.modules}/modules.builtin") if kernel.modules else []
    return Listing(kernel.initrd, named_in((*(one.path for one in members), *builtin)))


def named_in(paths: Iterable[str]) -> frozenset[str]:
    """
    The drivers among paths of modules.
    """
    found = (_MODULE.fullmatch(path.rpartition("/")[2]) for path in paths)
    return frozenset(one[1].replace("-", "_") for one in found if one)
