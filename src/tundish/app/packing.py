"""
Pack the root of an image anew, and read back what was written before it gets its name.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from tundish.anatomy.hashing import hashed
from tundish.anatomy.image import Compression, Image
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.opening import read_image
from tundish.anatomy.pack.compress import compressed
from tundish.anatomy.pack.tar import latest, tar
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.anatomy.readable import File
from tundish.app.looking import Shelf, look
from tundish.core.errors import BadImage, Conflict, IntegrityError
from tundish.store.durable import on_disk
from tundish.tools.squashfs import squash

_MODE = 0o644


class Container(StrEnum):
    """
    What an image can be packed as.
    """

    TGZ = "tgz"
    TXZ = "txz"
    TBZ = "tbz"
    SQUASHFS = "squashfs"


_COMPRESSION = {
    Container.TGZ: Compression.GZIP,
    Container.TXZ: Compression.XZ,
    Container.TBZ: Compression.BZIP2,
}


_LISTS = "system.posix_acl_"  # what mksquashfs does not take from a tar

Fill = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """
    `dropped` names the paths whose access control lists the container could not take.
    """

    path: Path
    size: int
    paths: int
    epoch: int
    verified: bool
    dropped: tuple[str, ...] = ()


def pack(
    what: str,
    shelf: Callable[[], Shelf],
    container: Container,
    target: Path,
    *,
    epoch: int | None = None,
    verify: bool = True,
    heard: Progress = silent,
) -> Packed:
    """
    Write an image's root to the new file `target`; without `epoch` the newest time in it is kept.

    Raises:
        Conflict: there is something at `target`.
        BadImage: no root was found in the image, or it is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    with look(what, shelf, heard) as image:
        return pack_root(whole_root(image), container, target, epoch=epoch, verify=verify)


def pack_root(
    root: Index, container: Container, target: Path, *, epoch: int | None = None, verify: bool = True
) -> Packed:
    """
    Write a root to the new file `target`, as `pack` does.

    Raises:
        Conflict: there is something at `target`.
        BadImage: the content of a file is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    moment = latest(root) if epoch is None else epoch
    known = _known(root) if verify else root
    check = _trust
    if container is Container.SQUASHFS:
        known = _without_lists(known)
        fill = _squashed(known, moment)
    else:
        fill = _pieces(compressed(tar(known, moment), _COMPRESSION[container]))
    if verify:
        check = partial(_compare, known, moment)
    size = _write(target, fill, check)
    dropped = tuple(one.path for one in root if _has_list(one)) if container is Container.SQUASHFS else ()
    return Packed(target, size, sum(one.kind is not Kind.SOCKET for one in root), moment, verify, dropped)


def _pieces(pieces: Iterator[bytes]) -> Fill:
    def fill(path: Path) -> None:
        with path.open("wb") as output:
            for piece in pieces:
                output.write(piece)

    return fill


def _squashed(root: Index, epoch: int) -> Fill:
    """
    By way of a tar beside it, which mksquashfs reads.
    """

    def fill(path: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".tundish-", dir=path.parent)
        coming = Path(name)
        try:
            with os.fdopen(handle, "wb") as output:
                for piece in tar(root, epoch):
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


def _write(target: Path, fill: Fill, check: Fill) -> int:
    """
    The bytes get their name once they are whole, read back and on the disk.
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


def _compare(root: Index, epoch: int, path: Path) -> None:
    with path.open("rb", buffering=0) as stream:
        found = _paths(read_image(File(stream), path.name, keep=lambda _entry: False).root, epoch)
    wanted = _paths(root, epoch)
    if odd := sorted(at for at in wanted.keys() | found.keys() if wanted.get(at) != found.get(at)):
        raise IntegrityError(
            f"what was written reads otherwise at {odd[0]} and {len(odd) - 1} more; nothing was kept, "
            "please report it with the image"
        )


def _paths(root: Index | None, epoch: int) -> dict[str, tuple[object, ...]]:
    """
    What is compared of each path; the content of a squashfs, whose reader makes no digests, is read for it.
    """
    known = hashed(root) if root is not None else ()
    return {one.path: _said(one, epoch) for one in known if one.path and one.kind is not Kind.SOCKET}


def _said(one: Entry, epoch: int) -> tuple[object, ...]:
    size = one.size if one.kind is Kind.FILE else 0
    mtime = max(0, min(one.mtime, epoch))
    rest = (one.target, one.device, "" if one.digest is None else one.digest.hex)
    return one.kind, one.mode, one.uid, one.gid, size, mtime, tuple(sorted(one.xattrs)), *rest
