"""
Containers that are laid out block by block: a filesystem, a disk, and what these are wrapped in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tundish.anatomy.index import Index
from tundish.anatomy.pack.ext4.writer import ext4
from tundish.anatomy.pack.ids import seed_of
from tundish.anatomy.pack.laid import Laid
from tundish.anatomy.packed.unwrapping import Progress


class Container(StrEnum):
    """
    What an image can be packed as.
    """

    TGZ = "tgz"
    TXZ = "txz"
    TBZ = "tbz"
    SQUASHFS = "squashfs"
    EXT4 = "ext4"


LAID = frozenset({Container.EXT4})
Fill = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """
    How a filesystem or a disk shall be; without `size` it is as large as what is in it, and a tenth more.
    """

    size: int | None = None


def filled(root: Index, epoch: int, wish: Wish, heard: Progress) -> Fill:
    """
    What writes a root, whose digests are known, as an ext4.

    Raises:
        BadImage: something that ext4 cannot hold, or the content of a file is damaged.
        InputError: the size is too small.
    """
    laid = ext4(root, epoch, seed_of(root, epoch), size=wish.size)
    return _sparse(told(laid, heard))


def told(laid: Laid, heard: Progress) -> Laid:
    """
    The same, which says how far it is.
    """

    def pieces() -> Iterator[tuple[int, bytes]]:
        for at, data in laid.pieces():
            heard(at, laid.size)
            yield at, data

    return Laid(laid.size, pieces)


def _sparse(laid: Laid) -> Fill:
    def fill(path: Path) -> None:
        with path.open("wb") as output:
            for at, data in laid.pieces():
                output.seek(at)
                output.write(data)
            output.truncate(laid.size)

    return fill
