"""
Mend a disk: a copy of all its bytes, changed by debugfs where its root is, in the container of the old one.

All other partitions, the table and what firmware starts stay byte by byte what they are.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import FileIO
from pathlib import Path

from tundish.anatomy.disk.disk import system_volume
from tundish.anatomy.image import Compression, Form, Image, Volume
from tundish.anatomy.index import Index
from tundish.anatomy.pack.compress import compressed
from tundish.anatomy.pack.laid import Laid, Pieces
from tundish.anatomy.pack.qcow2 import qcow2
from tundish.anatomy.pack.tar import carrying, latest
from tundish.anatomy.readable import File, Readable, Slice
from tundish.app.laying import MEMBER, placed, streamed
from tundish.app.packing import Packed, write_new
from tundish.app.rereading import compare
from tundish.check.disk_changes import mending
from tundish.check.hygiene import Change
from tundish.check.mended import mended
from tundish.core.errors import BadImage, InputError, IntegrityError
from tundish.tools.e2fs import edit, is_clean

_PIECE = 1024 * 1024
_UNIT = 64 * 1024
_ZEROS = bytes(_PIECE)
_ANY_TIME = 2**40  # later than all
_WRITTEN = frozenset({Compression.NONE, Compression.GZIP, Compression.XZ, Compression.BZIP2})
_RAW = frozenset({Form.DISK, Form.EXT})
_AS_NEW = "make a new disk of its root, and mend that: tundish pack {} --as ddraw -o new.raw"


def mendable(image: Image) -> Volume:
    """
    The volume that is to be changed.

    Raises:
        InputError: the image is no disk that is written, or its root is in no ext filesystem of a partition.
    """
    around = _AS_NEW.format(image.name)
    packed, several = image.wrapping.compression, len(image.enclosed) > 1
    fits = image.form in {*_RAW, Form.TAR} or (image.form is Form.QCOW2 and packed is Compression.NONE)
    if not fits or packed not in _WRITTEN or several:
        what = "a tar of several disks" if several else f"{image.form.value} ({packed.value})"
        raise InputError(f"{image.name} is {what}, a kind of disk that hygiene does not write; {around}")
    volume = system_volume(image.disk) if image.disk else None
    why = _why_not(volume)
    if volume is None or why:
        raise InputError(f"the root of {image.name} {why}; {around}")
    return volume


def _why_not(volume: Volume | None) -> str:
    if volume is None or volume.form is not Form.EXT:
        form = "in no filesystem that is known" if volume is None else volume.form.value
        return f"is {form}, and hygiene writes ext2, ext3 and ext4 alone"
    if volume.partition is None and volume.name != "disk":
        return f"is the logical volume {volume.name}, and hygiene writes partitions alone"
    return "" if volume.state == "clean" else f"is not clean ({volume.state})"


def mend(
    disk: Readable, image: Image, changes: Sequence[Change], target: Path, *, epoch: int | None = None
) -> Packed:
    """
    Write the disk of an image, changed, to the new file `target`; `disk` is what the machine would see.

    Raises:
        Conflict: there is something at `target`.
        InputError: a change cannot be made, or the disk is of a kind that is not written.
        BadImage: the filesystem is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        ToolMissing, ToolFailed: e2fsprogs is not installed, or fails.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    volume, root = mendable(image), image.root
    if root is None:
        raise BadImage(f"no root was found in {image.name}")
    wanted, moment = mended(root, changes), latest(root) if epoch is None else epoch

    def fill(path: Path) -> None:
        with _beside(target) as raw:
            _copy(disk, raw)
            _change(raw, volume, changes, moment)
            _contain(image, raw, path, moment)

    size = write_new(target, fill, partial(compare, wanted, _ANY_TIME))
    return Packed(target, size, len(wanted), moment, verified=True)


def is_own(volume: Volume, root: Index, path: str) -> bool:
    """
    Whether a path is in the volume of the root, and not in one that is mounted there.
    """
    while path and root.get(path) is None:
        path = path.rpartition("/")[0]
    return volume.index is not None and volume.index.get(path) is root.get(path)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """
    A file in the folder of the target, gone at the end.
    """
    handle, name = tempfile.mkstemp(prefix=".tundish-", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(disk: Readable, raw: Path) -> None:
    """
    All bytes of a disk, zeros as holes.
    """
    with raw.open("wb") as output:
        for at in range(0, disk.size, _PIECE):
            data = disk.read_at(at, _PIECE)
            for skip in range(0, len(data), _UNIT):
                if (part := data[skip : skip + _UNIT]) != _ZEROS[: len(part)]:
                    output.seek(at + skip)
                    output.write(part)
        output.truncate(disk.size)


def _change(raw: Path, volume: Volume, changes: Sequence[Change], epoch: int) -> None:
    start = volume.partition.start if volume.partition else 0
    if not is_clean(raw, start):
        raise BadImage(f"e2fsck finds faults in the root, volume {volume.name}; nothing was written")
    with raw.open("r+b", buffering=0) as file:
        if volume.index is None:
            raise BadImage(f"volume {volume.name} cannot be listed")
        plan = mending(Slice.of(File(file), start, volume.size), volume.index, changes)
        for blank in plan.blanks:
            for at in range(0, blank.length, _PIECE):
                _put(file, start + blank.at + at, _ZEROS[: blank.length - at])
        for at, data in plan.writes:
            _put(file, start + at, data)
    edit(raw, start, plan.commands, epoch=epoch)
    if not is_clean(raw, start):
        raise IntegrityError(
            f"e2fsck finds faults in volume {volume.name} after it was changed; nothing was kept, please "
            "report it with the image"
        )


def _put(file: FileIO, at: int, data: bytes) -> None:
    file.seek(at)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _contain(image: Image, raw: Path, path: Path, epoch: int) -> None:
    """
    The changed disk as the old one was packed.
    """
    laid = Laid(raw.stat().st_size, lambda: _pieces(raw))
    packed = image.wrapping.compression
    if image.form in _RAW and packed is Compression.NONE:
        raw.replace(path)
        return
    if image.form is Form.QCOW2:
        placed(lambda: qcow2(laid), 0)(path)
        return
    stream = laid.filled()
    if image.form is Form.TAR:
        stream = carrying(MEMBER, laid.size, stream, epoch)
    streamed(stream if packed is Compression.NONE else compressed(stream, packed))(path)


def _pieces(raw: Path) -> Pieces:
    """
    What is in a file but its holes.
    """
    with raw.open("rb", buffering=0) as file:
        at, size = 0, raw.stat().st_size
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but holes from here on
                return
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < end and (data := os.pread(file.fileno(), min(_PIECE, end - at), at)):
                yield at, data
                at += len(data)
