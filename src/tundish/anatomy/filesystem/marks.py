"""
What a volume holds: of all the forms that bytes may have, those that a volume can.
"""

from tundish.anatomy.image import Form
from tundish.anatomy.readable import Readable
from tundish.anatomy.sniff import form_of

_OF_VOLUMES = frozenset(
    {
        Form.ISO,
        Form.SQUASHFS,
        Form.EXT,
        Form.XFS,
        Form.BTRFS,
        Form.FAT,
        Form.NTFS,
        Form.LVM,
        Form.LUKS,
        Form.SWAP,
        Form.VMFS,
        Form.EMPTY,
    }
)


def content_of(readable: Readable) -> Form:
    """
    The form of what a volume holds; `UNKNOWN` if it is none that a volume has.
    """
    form = form_of(readable)
    return form if form in _OF_VOLUMES else Form.UNKNOWN
