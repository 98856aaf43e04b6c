"""
What the first bytes of an upload really are, and the file type that says so.
"""

from dataclasses import dataclass

from tundish.anatomy.image import Compression, Form
from tundish.anatomy.packed.unwrapping import Unwrapping
from tundish.anatomy.readable import Bytes
from tundish.anatomy.sniff import compression_of, form_of
from tundish.anatomy.tar.carrying import carries_a_disk
from tundish.check.subject import Filetype
from tundish.core.errors import BadImage, InputError
from tundish.core.upload import Asked

ENOUGH = 1024 * 1024  # bytes: as many as tell what a file is, a block of bzip2 included
_LOOKED_AT = 128 * 1024  # unpacked

_TARS = {Compression.GZIP: Filetype.TGZ, Compression.XZ: Filetype.TXZ, Compression.BZIP2: Filetype.TBZ}
_DISKS = {
    Compression.NONE: Filetype.DDRAW,
    Compression.GZIP: Filetype.DDGZ,
    Compression.XZ: Filetype.DDXZ,
    Compression.BZIP2: Filetype.DDBZ2,
}
_CARRIED = {
    Compression.NONE: Filetype.DDTAR,
    Compression.GZIP: Filetype.DDTGZ,
    Compression.XZ: Filetype.DDTXZ,
    Compression.BZIP2: Filetype.DDTBZ,
}
_FOREIGN = frozenset(
    {Form.QCOW2, Form.VMDK, Form.VHD, Form.VHDX}
)  # of virtual machines, to be made raw first
_NEVER = frozenset({Form.CPIO, Form.KERNEL, Form.SCRIPT, Form.ISO})
_WRITTEN = frozenset(
    {Form.DISK, Form.EXT, Form.XFS, Form.BTRFS, Form.FAT, Form.NTFS, Form.LVM, Form.LUKS, Form.VMFS}
)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """
    `filetype` is None where nothing that can be uploaded begins so, or where it cannot be told.
    """

    filetype: Filetype | None
    said: str  # in words: a tar in gzip
    certain: bool = True


def sniff(head: bytes) -> Sniffed:
    """
    What begins with these bytes; `ENOUGH` of them, or all there are.
    """
    packed = compression_of(head)
    inner = head if packed is Compression.NONE else _unpacked(head, packed)
    if inner is None:
        return Sniffed(None, f"something in {packed}, which MAAS does not unpack")
    return _of_form(form_of(Bytes(inner)), inner, packed)


def _of_form(form: Form, inner: bytes, packed: Compression) -> Sniffed:
    around = "" if packed is Compression.NONE else f" in {packed}"
    if form is Form.TAR:
        if carries_a_disk(inner):
            return Sniffed(_CARRIED.get(packed), f"a tar with a disk{around}")
        return Sniffed(_TARS.get(packed), f"a tar{around or ' that is not packed'}")
    if form is Form.SQUASHFS:
        return Sniffed(None if around else Filetype.SQUASHFS, f"a squashfs{around}")
    if form in _WRITTEN:
        what = "a disk" if form is Form.DISK else f"a bare file system or volume ({form})"
        return Sniffed(_DISKS.get(packed), f"{what}{around}")
    is_known = form in _FOREIGN or form in _NEVER
    return Sniffed(None, f"{form if is_known else 'nothing that is known'}{around}", certain=is_known)


def judge(head: bytes, asked: Asked) -> Filetype:
    """
    The file type of an upload, by its first bytes; where these do not tell, the one that was said.

    Raises:
        InputError: it is something else than was said, or nothing that can be deployed.
    """
    found = sniff(head)
    if found.filetype is not None:
        if asked.filetype and asked.filetype != found.filetype:
            raise InputError(
                f"{asked.name} was called {asked.filetype} but is {found.said}; "
                f"nothing was kept, upload it as {found.filetype}"
            )
        return found.filetype
    if not found.certain and asked.filetype:
        if Filetype(asked.filetype) in _DISKS.values():
            return Filetype(asked.filetype)  # a disk may begin with nothing
        raise InputError(f"{asked.name} was called {asked.filetype} but is {found.said}; nothing was kept")
    raise InputError(f"{asked.name} is {found.said}; nothing was kept, {_mend(found.said)}")


def _mend(said: str) -> str:
    if said.startswith(tuple(_FOREIGN)):
        return "make a raw disk of it first: qemu-img convert -O raw"
    if said.startswith("nothing"):
        return "say which it is with --filetype if it is a disk that begins with nothing"
    return "give a tar of the root in gzip, xz or bzip2, a raw disk, or a squashfs"


def _unpacked(head: bytes, packed: Compression) -> bytes | None:
    """
    The beginning of what is in it; None if it is packed as nothing that is taken.
    """
    if packed not in _DISKS:
        return None
    pieces, length = [], 0
    try:
        for piece in Unwrapping(Bytes(head), packed):
            pieces.append(piece)
            length += len(piece)
            if length >= _LOOKED_AT:
                break
    except BadImage:
        pass  # the head ends within; what came out counts
    return b"".join(pieces)
