"""
Which reader a form of filesystem has: one line each.

What has none is named all the same: a volume that cannot be read is not a mistake of the image.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from tundish.anatomy.filesystem import btrfs, ext, fat, iso9660, ntfs, squashfs, xfs
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.image import Form
from tundish.anatomy.readable import Readable

READERS: Mapping[Form, Callable[[Readable, str], Filesystem]] = {
    Form.BTRFS: btrfs.read,
    Form.EXT: ext.read,
    Form.FAT: fat.read,
    Form.ISO: iso9660.read,
    Form.NTFS: ntfs.read,
    Form.SQUASHFS: squashfs.read,
    Form.XFS: xfs.read,
    Form.SWAP: lambda readable, _: _swap(readable),
    Form.LUKS: lambda readable, _: _luks(readable),
}
_WHY = {
    Form.LVM: "a physical volume of LVM2; its logical volumes are listed by their own names",
    Form.EMPTY: "nothing but zeros at its beginning",
    Form.UNKNOWN: "no filesystem that is known",
}


def read_filesystem(form: Form, readable: Readable, name: str) -> Filesystem:
    """
    Read a filesystem; one whose form has no reader answers why nothing is listed.

    Raises:
        BadImage: it is damaged.
    """
    if form in READERS:
        return READERS[form](readable, name)
    return Filesystem(form, readable.size, why=_WHY.get(form, f"{form} is not read"))


def _swap(readable: Readable) -> Filesystem:
    head = readable.read_at(1024, 64)
    own = str(UUID(bytes=head[12:28])) if len(head) == 64 else ""
    return Filesystem(Form.SWAP, readable.size, _text(head[28:44]), own, why="swap holds no files")


def _luks(readable: Readable) -> Filesystem:
    """
    Version 2 has a label; the id stands at the same place in both.
    """
    head = readable.read_at(0, 512)
    version = int.from_bytes(head[6:8], "big")
    label = _text(head[24:72]) if version == 2 else ""
    why = "encrypted with LUKS; nothing in it can be read"
    return Filesystem(
        Form.LUKS, readable.size, label, _text(head[168:208]), "encrypted", (f"luks{version}",), why=why
    )


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace")
