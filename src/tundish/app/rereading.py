"""
What was packed, read back and compared path by path with what was to be written.
"""

from collections.abc import Callable
from pathlib import Path

from tundish.anatomy.hashing import hashed
from tundish.anatomy.image import Form, Image
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.opening import read_image
from tundish.anatomy.readable import File
from tundish.core.errors import IntegrityError

Find = Callable[[Image], Index | None]  # the root of what was written
_ESP, _LOST = "boot/efi", "lost+found"


def root_of(image: Image) -> Index | None:
    return image.root


def last_ext(image: Image) -> Index | None:
    """
    The root as a disk of ours has it, whether or not a system is in it: in the last ext4, loaders in the ESP.
    """
    if image.disk is None:
        return None
    root = next((one.index for one in reversed(image.disk.volumes) if one.form is Form.EXT), None)
    esp = image.disk.esp
    if root is None or esp is None or esp.index is None:
        return root
    return root.with_mounts({_ESP: esp.index})


def compare(root: Index, epoch: int, path: Path, find: Find = root_of) -> None:
    """
    Read a file that was packed.

    Raises:
        IntegrityError: a path in it is missing, or other than it was to be.
    """
    with path.open("rb", buffering=0) as stream:
        image = read_image(File(stream), path.name, keep=lambda _entry: False)
        is_fat = image.disk is not None and image.disk.esp is not None
        found = _paths(find(image), epoch, is_fat, image.disk is not None)
    wanted = _paths(root, epoch, is_fat, image.disk is not None)
    if image.disk is not None and _LOST not in wanted:
        found.pop(_LOST, None)  # which every ext4 has
    if odd := sorted(at for at in wanted.keys() | found.keys() if wanted.get(at) != found.get(at)):
        raise IntegrityError(
            f"what was written reads otherwise at {odd[0]} and {len(odd) - 1} more; nothing was kept, "
            "please report it with the image"
        )


def _paths(root: Index | None, epoch: int, is_fat: bool, is_disk: bool) -> dict[str, tuple[object, ...]]:
    """
    What is compared of each path; the content of a squashfs, whose reader makes no digests, is read for it.
    """
    if root is None:
        return {}
    known = hashed(root)
    left_out = {"", _ESP, "boot"} if is_fat else {""}
    said: dict[str, tuple[object, ...]] = {}
    for one in known:
        if one.kind is Kind.SOCKET or one.path in left_out:
            continue
        in_fat = is_fat and one.path.startswith(f"{_ESP}/")
        said[one.path] = _in_fat(one) if in_fat else _said(_own(known, one, is_disk), epoch)
    return said


def _own(root: Index, one: Entry, is_disk: bool) -> Entry:
    """
    Of a further name what is said of the first: on a disk both are one inode.
    """
    return (root.get(one.first) or one) if is_disk and one.first else one


def _in_fat(one: Entry) -> tuple[object, ...]:
    return one.kind, one.size if one.kind is Kind.FILE else 0, "" if one.digest is None else one.digest.hex


def _said(one: Entry, epoch: int) -> tuple[object, ...]:
    size = one.size if one.kind is Kind.FILE else 0
    mtime = max(0, min(one.mtime, epoch))
    rest = (one.target, one.device, "" if one.digest is None else one.digest.hex)
    return one.kind, one.mode, one.uid, one.gid, size, mtime, tuple(sorted(one.xattrs)), *rest
