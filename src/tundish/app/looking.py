"""
Open what an operator names as an Image: a file, a folder, or an image of the catalog.

Inside the context its content can be read; nothing is copied and nothing is changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tundish.anatomy.image import Image
from tundish.anatomy.index import Keep
from tundish.anatomy.keeping import worth_keeping
from tundish.anatomy.opening import read_image
from tundish.anatomy.packed.pages import Aside
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.anatomy.readable import File, Readable
from tundish.app.folder import folder_image
from tundish.catalog.images import Images
from tundish.core.errors import InputError, NotFound
from tundish.core.holding import Holding
from tundish.core.image import Item
from tundish.store.blobs import BlobSource

# The kinds of files with a whole system in them; the first that is there is the one to look into.
ROOTS = (
    "root-dd",
    "root-dd.raw",
    "root-dd.gz",
    "root-dd.bz2",
    "root-dd.xz",
    "root-dd.tar",
    "root-dd.tar.bz2",
    "root-dd.tar.xz",
    "root-tgz",
    "root-txz",
    "root-tbz",
    "root.tar.gz",
    "root.tar.xz",
    "squashfs",
    "root.squashfs",
    "root-image.gz",
    "disk-kvm.img",
    "disk1.img",
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    Where images of the catalog are found.
    """

    images: Images
    blobs: BlobSource


@contextmanager
def look(
    what: str,
    shelf: Callable[[], Shelf],
    heard: Progress = silent,
    *,
    keep: Keep = worth_keeping,
    aside: Aside | None = None,
) -> Iterator[Image]:
    """
    An image by the path of a file or folder, or by its ref (os/series/arch@version) in the catalog.

    `shelf` is called for a ref only. `heard` is told how many bytes are read of how many, now and then.
    `keep` says which files stay in memory, `aside` takes what is too much for it.

    Raises:
        NotFound: there is neither such a path nor such an image.
        InputError: the path cannot be read.
        BadImage: it is damaged from its beginning, or more than can be looked into.
    """
    path = Path(what)
    with _named(path):
        is_folder, is_file = path.is_dir(), path.is_file()
    if is_folder:
        yield folder_image(path)
        return
    if is_file:
        with _opened(path) as stream:
            yield read_image(File(stream), path.name, keep=keep, heard=heard, aside=aside)
        return
    if what.startswith(("/", "./", "../", "~")) or "/" not in what:
        raise NotFound(f"{what} is no file, no folder, and no name of an image, like debian/bookworm/amd64")
    found = shelf()
    with look_at(found.images.find(what), found.blobs, heard, keep=keep, aside=aside) as image:
        yield image


@contextmanager
def bytes_of(what: str, shelf: Callable[[], Shelf]) -> Iterator[Readable]:
    """
    The file that `look` looks into, as it is.

    Raises:
        NotFound, InputError: there is none, or it cannot be read.
    """
    path = Path(what)
    with _named(path):
        is_file = path.is_file()
    if is_file:
        with _opened(path) as stream:
            yield File(stream)
        return
    found = shelf()
    with found.blobs.open(root_of(found.images.find(what)).digest) as stream:
        yield File(stream)


@contextmanager
def look_at(
    holding: Holding,
    blobs: BlobSource,
    heard: Progress = silent,
    *,
    keep: Keep = worth_keeping,
    aside: Aside | None = None,
    watched: Callable[[Readable], Readable] = lambda readable: readable,
) -> Iterator[Image]:
    """
    An image of the catalog: its root file system, or its disk. `watched` may stand between it and its file.

    Raises:
        NotFound: it has no such file, or the store does not hold it.
        BadImage: it is damaged from its beginning.
    """
    item = root_of(holding)
    with blobs.open(item.digest) as stream:
        name = item.path.rpartition("/")[2]
        yield read_image(watched(File(stream)), name, keep=keep, heard=heard, aside=aside)


def root_of(holding: Holding) -> Item:
    """
    The file of an image that holds its system.

    Raises:
        NotFound: none of its files does.
    """
    found = (holding.version.item(ftype) for ftype in ROOTS)
    item = next((one for one in found if one is not None), None)
    if item is None:
        kinds = ", ".join(sorted({one.ftype for one in holding.version.items})) or "nothing"
        raise NotFound(f"{holding.ref} has no root file system and no disk to look into; it has {kinds}")
    return item


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with _named(path):
        stream = path.open("rb", buffering=0)
    with stream:
        yield stream


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """
    The wall: what the system says of a path names it.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}") from error
