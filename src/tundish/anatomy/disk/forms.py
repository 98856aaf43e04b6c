"""
Which reader a form of disk file has.
"""

from collections.abc import Callable, Mapping

from tundish.anatomy.disk import qcow2, vhd, vhdx, vmdk
from tundish.anatomy.image import Form
from tundish.anatomy.readable import Readable

READERS: Mapping[Form, Callable[[Readable, str], Readable]] = {
    Form.QCOW2: qcow2.read,
    Form.VMDK: vmdk.read,
    Form.VHD: vhd.read,
    Form.VHDX: vhdx.read,
}


def form_of(readable: Readable) -> Form:
    """
    The form of a disk file; what is none of the others is a raw disk.
    """
    head = readable.read_at(0, 21)
    described = head.startswith((vmdk.MAGIC, b"COWD", b"# Disk DescriptorFile"))
    for form, fits in (
        (Form.QCOW2, head.startswith(qcow2.MAGIC)),
        (Form.VMDK, described),
        (Form.VHDX, head.startswith(vhdx.MAGIC)),
        (Form.VHD, readable.read_at(readable.size - vhd.FOOTER, 8) == vhd.MAGIC),
    ):
        if fits:
            return form
    return Form.DISK


def bare(readable: Readable, name: str) -> tuple[Form, Readable]:
    """
    The disk as the machine sees it, and the form of the file it is in.

    Raises:
        BadImage: the file is damaged, or not the whole of a disk.
    """
    form = form_of(readable)
    return form, READERS[form](readable, name) if form in READERS else readable
