"""
From bytes to an Image: what it is wrapped in, what form it has, what is in it.

The content decides, never the name. What is damaged is read as far as it goes, and the Image says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from tundish.anatomy.disk.disk import read_disk, system_of
from tundish.anatomy.disk.forms import bare
from tundish.anatomy.filesystem.known import read_filesystem
from tundish.anatomy.image import Compression, Disk, Form, Image, Wrapping
from tundish.anatomy.index import Keep
from tundish.anatomy.keeping import nothing, worth_keeping
from tundish.anatomy.packed.pages import Aside
from tundish.anatomy.packed.seekable import seekable
from tundish.anatomy.packed.unwrapping import Progress, Unwrapping, ahead, silent
from tundish.anatomy.readable import Bytes, Readable
from tundish.anatomy.sniff import HEAD, compression_of, form_of
from tundish.anatomy.tar.carrying import MAX_CARRIED, SMALLEST_DISK, carried, carries_a_disk
from tundish.anatomy.tar.contents import Passes
from tundish.anatomy.tar.reader import Listing, read_tar
from tundish.core.errors import BadImage

_ROOTS = frozenset({Form.SQUASHFS, Form.ISO})  # a filesystem that is handed out by itself
_DISKS = frozenset(
    {
        Form.DISK,
        Form.QCOW2,
        Form.VMDK,
        Form.VHD,
        Form.VHDX,
        Form.EXT,
        Form.XFS,
        Form.BTRFS,
        Form.FAT,
        Form.NTFS,
        Form.LVM,
        Form.LUKS,
        Form.SWAP,
        Form.VMFS,
    }
)
_ANYWHERE = _ROOTS | _DISKS | {Form.EMPTY}  # forms that are read at any place


def read_image(
    readable: Readable,
    name: str,
    *,
    keep: Keep = worth_keeping,
    heard: Progress = silent,
    aside: Aside | None = None,
) -> Image:
    """
    Read an image file of any kind; `name` is that of the file, `aside` takes what is too much for memory.

    Raises:
        BadImage: it is more than may be held in memory.
    """
    compression = compression_of(readable.read_at(0, HEAD))
    if compression is not Compression.NONE:
        return _packed(readable, name, compression, keep, heard, aside=aside)
    form = form_of(readable)
    if form is Form.TAR and not carries_a_disk(readable.read_at(0, HEAD)):
        unwrapping = Unwrapping(readable, compression, heard)
        listing = read_tar(unwrapping, name, nothing, Passes(lambda: readable))
        return _of_tar(listing, lambda: readable, name, unwrapping.wrapping())
    return _anywhere(readable, name, form, Wrapping(compression, readable.size, readable.size))


def disk_in(readable: Readable, name: str, aside: Aside | None = None) -> Readable:
    """
    The bytes of the disk that `read_image` finds in a file, as a machine would see them.

    Raises:
        BadImage: there is none, or the file is damaged.
    """
    compression = compression_of(readable.read_at(0, HEAD))
    if compression is not Compression.NONE:
        readable, _ = seekable(readable, compression, aside=aside)
    if form_of(readable) is Form.TAR:
        first = next((one for one in carried(readable)[0] if one.is_disk), None)
        if first is None:
            raise BadImage(f"{name} is a tar with no disk in it")
        readable = first.readable
    return bare(readable, name)[1]


def _packed(
    readable: Readable,
    name: str,
    compression: Compression,
    keep: Keep,
    heard: Progress,
    *,
    aside: Aside | None,
) -> Image:
    unwrapping = Unwrapping(readable, compression, heard)
    pieces = iter(unwrapping)
    first = list(_until(pieces, HEAD))
    head = b"".join(first)
    form = form_of(Bytes(head))

    def anywhere() -> Readable:
        return seekable(readable, compression, aside=aside)[0]

    if form in _ANYWHERE or (form is Form.TAR and carries_a_disk(head)):
        expanded, wrapping = seekable(readable, compression, heard, aside=aside)
        return _anywhere(expanded, name, form_of(expanded), wrapping)
    if form is Form.TAR:
        listing = read_tar(
            chain(first, ahead(pieces)),
            name,
            keep,
            Passes(anywhere, lambda: Unwrapping(readable, compression)),
        )
        return _of_tar(listing, anywhere, name, unwrapping.wrapping())
    for _ in pieces:
        pass  # to its end, to know whether it is whole
    return Image(name, unwrapping.wrapping(), form)


def _until(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        length -= len(piece)
        if length <= 0:
            return


def _of_tar(listing: Listing, whole: Callable[[], Readable], name: str, wrapping: Wrapping) -> Image:
    wrapping = replace(wrapping, fault=wrapping.fault or listing.fault)
    if _may_carry(listing):
        image = _carrying(whole(), name, wrapping)
        if image.disk is not None:
            return image
    root = listing.index if listing.members else None
    return Image(name, wrapping, Form.TAR, root, remarks=tuple(_after(listing)))


def _may_carry(listing: Listing) -> bool:
    is_small = listing.members <= MAX_CARRIED and not listing.index.is_folder("etc")
    return is_small and any(entry.size >= SMALLEST_DISK for entry in listing.files)


def _after(listing: Listing) -> Iterator[str]:
    if listing.again:
        yield "a further tar begins after the end of the first; nobody who unpacks it will see what it holds"
    elif listing.after:
        yield f"{listing.after} bytes that are not zero stand after the end of the tar; they are ignored"


def _anywhere(readable: Readable, name: str, form: Form, wrapping: Wrapping) -> Image:
    if form is Form.TAR:
        return _carrying(readable, name, wrapping)
    if form in _DISKS:
        disk, remarks = _disk(readable, name)
        root = system_of(disk) if disk else None
        return Image(name, wrapping, form, root, disk, remarks=remarks)
    if form in _ROOTS:
        try:
            found = read_filesystem(form, readable, name)
        except BadImage as fault:
            return Image(name, wrapping, form, remarks=(str(fault),))
        return Image(name, wrapping, form, found.index, remarks=(found.why,) if found.why else ())
    return Image(name, wrapping, form)


def _carrying(tar: Readable, name: str, wrapping: Wrapping) -> Image:
    """
    A tar with a disk in it: the first that it holds is the image, as the installer writes it first.
    """
    files, fault = carried(tar)
    enclosed = tuple(one.enclosed for one in files)
    wrapping = replace(wrapping, fault=wrapping.fault or fault)
    first = next((one for one in files if one.is_disk), None)
    disk, remarks = _disk(first.readable, name) if first else (None, ())
    root = system_of(disk) if disk else None
    return Image(name, wrapping, Form.TAR, root, disk, enclosed, remarks)


def _disk(readable: Readable, name: str) -> tuple[Disk | None, tuple[str, ...]]:
    try:
        return read_disk(readable, name), ()
    except BadImage as fault:
        return None, (str(fault),)
