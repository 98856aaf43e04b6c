"""
Pack the root of an image anew, and read back what was written before it gets its name.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tundish.anatomy.hashing import hashed
from tundish.anatomy.image import Compression, Image
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.keeping import nothing
from tundish.anatomy.pack.compress import compressed
from tundish.anatomy.pack.qcow2 import Packing
from tundish.anatomy.pack.tar import latest, tar
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.app.beside import beside
from tundish.app.laying import DISKS, LAID, Container, Fill, Wish, filled, fit, streamed, warned
from tundish.app.looking import Shelf, look
from tundish.app.rereading import compare, last_ext, root_of
from tundish.core.errors import BadImage, Conflict, InputError
from tundish.store.durable import on_disk
from tundish.tools.squashfs import squash

_MODE = 0o644


_COMPRESSION = {
    Container.TGZ: Compression.GZIP,
    Container.TXZ: Compression.XZ,
    Container.TBZ: Compression.BZIP2,
}


_LISTS = "system.posix_acl_"  # what mksquashfs does not take from a tar


@dataclass(frozen=True, slots=True)
class Packed:
    """
    `dropped` names the paths whose access control lists the container could not take; `warnings` say in
    sentences what firmware misses on a disk, `fitted` the paths that a disk has otherwise, and why.
    """

    path: Path
    size: int
    paths: int
    epoch: int
    verified: bool
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fitted: tuple[tuple[str, str], ...] = ()


def pack(
    what: str,
    shelf: Callable[[], Shelf],
    container: Container,
    target: Path,
    *,
    epoch: int | None = None,
    verify: bool = True,
    wish: Wish | None = None,
    heard: Progress = silent,
    wrote: Progress = silent,
) -> Packed:
    """
    Write an image's root to the new file `target`; without `epoch` the newest time in it is kept.

    Raises:
        Conflict: there is something at `target`.
        InputError: the container has no size to choose, or the size is too small.
        BadImage: no root was found in the image, or it is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    with beside(target) as aside, look(what, shelf, heard, keep=nothing, aside=aside) as image:
        root = whole_root(image)
        return pack_root(root, container, target, epoch=epoch, verify=verify, wish=wish, wrote=wrote)


def pack_root(
    root: Index,
    container: Container,
    target: Path,
    *,
    epoch: int | None = None,
    verify: bool = True,
    wish: Wish | None = None,
    wrote: Progress = silent,
) -> Packed:
    """
    Write a root to the new file `target`, as `pack` does.

    Raises:
        Conflict: there is something at `target`.
        BadImage: the content of a file is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    if wish is not None and wish.size is not None and container not in LAID:
        raise InputError(f"a {container} has no size to choose; leave out --size")
    if wish is not None and wish.starting is not None and container not in DISKS:
        raise InputError(f"a {container} has no partitions for firmware; leave out --firmware")
    wish = wish or Wish()
    if wish.packing is not Packing.NONE and container is not Container.QCOW2:
        raise InputError(f"a {container} has no clusters to compress; leave out --compress")
    moment = latest(root) if epoch is None else epoch
    known = _known(root) if verify or container in LAID else root
    changed: tuple[tuple[str, str], ...] = ()
    if container is Container.SQUASHFS:
        known = _without_lists(known)
        fill = _squashed(known, moment, wrote)
    elif container in LAID:
        fitting = fit(known, container, moment, wish)
        known, changed = fitting.root, fitting.changed
        fill = filled(fitting, container, moment, wish, wrote)
    else:
        fill = streamed(compressed(_told(known, moment, wrote), _COMPRESSION[container]))
    find = last_ext if container in LAID else root_of
    check = partial(compare, known, moment, find=find) if verify else _trust
    size = write_new(target, fill, check)
    dropped = tuple(one.path for one in root if _has_list(one)) if container is Container.SQUASHFS else ()
    paths = sum(one.kind is not Kind.SOCKET for one in known)
    return Packed(target, size, paths, moment, verify, dropped, warned(known, container, wish), changed)


def _told(root: Index, epoch: int, wrote: Progress) -> Iterator[bytes]:
    """
    The tar, which says how far it is: by the bytes of files, which are nearly all of it.
    """
    total = sum(one.size for one in root if one.kind is Kind.FILE and not one.first)
    done = 0
    for piece in tar(root, epoch):
        done += len(piece)
        wrote(min(done, total), total)
        yield piece


def _squashed(root: Index, epoch: int, wrote: Progress) -> Fill:
    """
    By way of a tar beside it, which mksquashfs reads.
    """

    def fill(path: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".tundish-", dir=path.parent)
        coming = Path(name)
        try:
            with os.fdopen(handle, "wb") as output:
                for piece in _told(root, epoch, wrote):
                    output.write(piece)
            squash(coming, path, epoch=epoch)
        finally:
            coming.unlink(missing_ok=True)

    return fill


def _has_list(entry: Entry) -> bool:
    return any(name.startswith(_LISTS) for name, _ in entry.xattrs)


def _without_lists(root: Index) -> Index:
    def kept(entry: Entry) -> Entry:
        left = tuple(pair for pair in entry.xattrs if not pair[0].startswith(_LISTS))
        return replace(entry, xattrs=left) if left != entry.xattrs else entry

    return root.altered(kept)


def whole_root(image: Image) -> Index:
    """
    The root of an image of which nothing is missing.

    Raises:
        BadImage: no root was found in it, or it is damaged.
    """
    if image.wrapping.fault:
        raise BadImage(f"{image.name} is damaged: {image.wrapping.fault}; fetch or build it again")
    if image.root is None:
        raise BadImage(
            f"no root was found in {image.name}; see what it is: tundish image inspect {image.name}"
        )
    lost = next((one for one in image.root.remarks if one.trait.value in {"unreadable", "unsupported"}), None)
    if lost is not None:
        raise BadImage(f"{lost.path} of {image.name} cannot be read: {lost.note}; nothing was written")
    return image.root


def _known(root: Index) -> Index:
    """
    The root with what its files are compared by: that of a disk comes without.
    """
    known = hashed(root)
    for one in known.remarks[len(root.remarks) :]:
        raise BadImage(f"{one.path} in {root.origin} cannot be read: {one.note}; nothing was written")
    return known


def write_new(target: Path, fill: Fill, check: Fill) -> int:
    """
    The bytes get their name once they are whole, read back and on the disk.

    Raises:
        Conflict: there is something at `target`.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    with on_disk(target):
        if os.path.lexists(target):
            raise Conflict(f"{target} is there already; name another file, or remove it first")
        handle, name = tempfile.mkstemp(prefix=".tundish-", dir=target.parent)
        coming = Path(name)
        try:
            os.close(handle)
            fill(coming)
            with coming.open("rb") as written:
                os.fchmod(written.fileno(), _MODE)
                os.fsync(written.fileno())
            check(coming)
            coming.rename(target)
        finally:
            coming.unlink(missing_ok=True)
        return target.stat().st_size


def _trust(_path: Path) -> None: ...
