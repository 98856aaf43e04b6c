"""
What takes the space of a root, and on how small a disk it fits.
"""

from collections import Counter
from dataclasses import dataclass

from tundish.anatomy.image import Disk
from tundish.anatomy.index import Index, Kind

_BLOCK = 4096
_GIB = 1024**3
_ROUND = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Weight:
    path: str
    size: int
    files: int


def biggest(index: Index, count: int = 10, depth: int = 3) -> tuple[Weight, ...]:
    """
    The folders that hold most, at most so deep; a file with several names counts once.
    """
    sizes, files = Counter[str](), Counter[str]()
    for entry in index:
        if entry.kind is Kind.FILE and not entry.first and "/" in entry.path:
            folder = "/".join(entry.path.split("/")[:-1][:depth])
            sizes[folder] += entry.size
            files[folder] += 1
    most = sorted(sizes, key=lambda folder: (-sizes[folder], folder))[:count]
    return tuple(Weight(folder, sizes[folder], files[folder]) for folder in most)


def minimum_disk(index: Index, disk: Disk | None) -> int:
    """
    The size of the disk; of a tree what it fills, a tenth for the filesystem, and 1 GiB to boot and to run.
    """
    if disk is not None:
        return disk.size
    files = (entry.size for entry in index if entry.kind is Kind.FILE and not entry.first)
    filled = sum(-(-size // _BLOCK) * _BLOCK for size in files) + len(index) * 256  # an inode each
    return -(-(filled * 11 // 10 + _GIB) // _ROUND) * _ROUND if len(index) > 1 else 0
