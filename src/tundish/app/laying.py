"""
Containers that are laid out block by block: a filesystem, a disk, and what these are wrapped in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from tundish.anatomy.image import Compression
from tundish.anatomy.index import Index
from tundish.anatomy.pack.compress import compressed
from tundish.anatomy.pack.disk import Starting, disk, has_loader
from tundish.anatomy.pack.ext4.writer import ext4
from tundish.anatomy.pack.fitting.fitted import Fitted, fitted
from tundish.anatomy.pack.fitting.names import made
from tundish.anatomy.pack.ids import seed_of
from tundish.anatomy.pack.laid import Laid, Pieces
from tundish.anatomy.pack.qcow2 import Packing, qcow2
from tundish.anatomy.pack.tar import carrying
from tundish.anatomy.packed.unwrapping import Progress

MEMBER = "disk.raw"  # in a tar that carries a disk; nobody reads its name


class Container(StrEnum):
    """
    What an image can be packed as.
    """

    TGZ = "tgz"
    TXZ = "txz"
    TBZ = "tbz"
    SQUASHFS = "squashfs"
    EXT4 = "ext4"
    QCOW2 = "qcow2"
    DDRAW = "ddraw"
    DDGZ = "ddgz"
    DDXZ = "ddxz"
    DDBZ2 = "ddbz2"
    DDTAR = "ddtar"
    DDTGZ = "ddtgz"
    DDTXZ = "ddtxz"
    DDTBZ = "ddtbz"


_PACKED = {
    Container.DDGZ: Compression.GZIP,
    Container.DDXZ: Compression.XZ,
    Container.DDBZ2: Compression.BZIP2,
    Container.DDTGZ: Compression.GZIP,
    Container.DDTXZ: Compression.XZ,
    Container.DDTBZ: Compression.BZIP2,
}
_IN_TAR = frozenset({Container.DDTAR, Container.DDTGZ, Container.DDTXZ, Container.DDTBZ})
DISKS = frozenset({Container.QCOW2, Container.DDRAW, *_PACKED, *_IN_TAR})
LAID = DISKS | {Container.EXT4}
Fill = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """
    How a filesystem or a disk shall be; without `size` it is as large as what is in it, and a tenth more.
    """

    size: int | None = None
    starting: Starting | None = None
    untouched: bool = False  # no fstab, loader or menu is fitted to a disk
    packing: Packing = Packing.NONE  # of the clusters of a qcow2

    @classmethod
    def of(
        cls, size: int | None, firmware: str | None, *, untouched: bool = False, packing: str = "none"
    ) -> Self:
        """
        As it is said in words: uefi, bios, both, or nothing.
        """
        return cls(size, Starting(firmware) if firmware else None, untouched, Packing(packing))


def fit(root: Index, container: Container, epoch: int, wish: Wish) -> Fitted:
    """
    A root, whose digests are known, as it is to be written.

    Raises:
        BadImage: a file that is asked for is damaged.
    """
    seed = seed_of(root, epoch)
    if container in DISKS and not wish.untouched:
        return fitted(root, epoch, seed, has_esp=wish.starting is not Starting.BIOS)
    return Fitted(root, made(seed))


def filled(fitting: Fitted, container: Container, epoch: int, wish: Wish, heard: Progress) -> Fill:
    """
    What writes a root as one of `LAID`.

    Raises:
        BadImage: something that ext4 or FAT cannot hold, or the content of a file is damaged.
        InputError: the size is too small.
    """
    root, names = fitting.root, fitting.names
    seed = seed_of(root, epoch)
    if container is Container.EXT4:
        laid = ext4(root, epoch, seed, size=wish.size)
        return placed(_told(laid, heard).pieces, laid.size)
    starting = wish.starting or Starting.UEFI
    laid = _told(disk(root, epoch, seed, starting=starting, size=wish.size, names=names), heard)
    if container is Container.QCOW2:
        return placed(lambda: qcow2(laid, wish.packing), 0)
    if container is Container.DDRAW:
        return placed(laid.pieces, laid.size)
    stream = laid.filled()
    if container in _IN_TAR:
        stream = carrying(MEMBER, laid.size, stream, epoch)
    return streamed(compressed(stream, _PACKED[container]) if container in _PACKED else stream)


def warned(root: Index, container: Container, wish: Wish) -> tuple[str, ...]:
    """
    What firmware will miss on the disk, in sentences.
    """
    starting = wish.starting or Starting.UEFI
    said = []
    if container in DISKS and starting is not Starting.BIOS and not has_loader(root):
        said.append(
            "no loader that fits was found in the image: no UEFI will start this disk until one is installed"
        )
    if container in DISKS and starting is not Starting.UEFI:
        said.append("no boot code was written: no BIOS will start this disk until its loader is installed")
    return tuple(said)


def streamed(pieces: Iterator[bytes]) -> Fill:
    """
    What writes pieces one after the other.
    """

    def fill(path: Path) -> None:
        with path.open("wb") as output:
            for piece in pieces:
                output.write(piece)

    return fill


def _told(laid: Laid, heard: Progress) -> Laid:
    """
    The same, which says how far it is.
    """

    def pieces() -> Pieces:
        for at, data in laid.pieces():
            heard(at, laid.size)
            yield at, data

    return Laid(laid.size, pieces)


def placed(pieces: Callable[[], Pieces], size: int) -> Fill:
    """
    What writes pieces at their places, and makes the file at least so long.
    """

    def fill(path: Path) -> None:
        with path.open("wb") as output:
            for at, data in pieces():
                output.seek(at)
                output.write(data)
            if size:
                output.truncate(size)

    return fill
