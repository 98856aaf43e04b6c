"""
Whether a kernel and its initramfs are whole, and for one another: by their first bytes and their lists.
"""

import re
from collections.abc import Iterator
from struct import unpack_from

from tundish.anatomy.cpio_reader import listed
from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Index
from tundish.anatomy.system.beginning import beginning
from tundish.check.drivers import MAX_INITRD
from tundish.check.rule import Evidence, Found
from tundish.core.errors import BadImage

_HEAD = 4096
_MARK_AT, _SECTORS_AT, _PARAGRAPHS_AT = 0x202, 0x1F1, 0x1F4  # of the boot protocol of x86
_SLACK = 4096  # how linkers round
_MODULES = re.compile(r"(?:\./)?(?:usr/)?lib/modules/([^/]+)/.")


def broken_kernel(root: Index, kernel: Kernel) -> Iterator[Found]:
    """
    A kernel that is empty, or shorter than its head says.

    Raises:
        BadImage: the image is damaged there.
    """
    entry = root.get(root.resolve(kernel.path))
    if entry is None:
        return
    head = beginning(root, kernel.path, _HEAD)
    wanted = _length(head)
    if not any(head):
        yield Found(f"{kernel.path} is empty", (Evidence(kernel.path, f"{entry.size} bytes"),))
    elif entry.size + _SLACK < wanted:
        what = f"{kernel.path} is cut short: it has {entry.size} bytes of {wanted}"
        yield Found(what, (Evidence(kernel.path, f"{entry.size} bytes"),))


def _length(head: bytes) -> int:
    """
    How long a kernel for x86 is by its own account; 0 for any other.
    """
    if head[_MARK_AT : _MARK_AT + 4] != b"HdrS":
        return 0
    (paragraphs,) = unpack_from("<I", head, _PARAGRAPHS_AT)
    return ((head[_SECTORS_AT] or 4) + 1) * 512 + int(paragraphs) * 16


def broken_initramfs(root: Index, kernel: Kernel) -> Iterator[Found]:
    """
    An initramfs that cannot be unpacked, or that holds the modules of other kernels only; a very long one is
    believed.
    """
    entry = root.get(root.resolve(kernel.initrd))
    if entry is None or entry.size > MAX_INITRD:
        return
    try:
        paths = [one.path for one in listed(root.read(kernel.initrd, MAX_INITRD), kernel.initrd)]
    except BadImage as error:
        what = f"{kernel.initrd} cannot be unpacked to its end: {error}"
        yield Found(what, (Evidence(kernel.initrd, str(error)),))
        return
    versions = {match[1] for path in paths if (match := _MODULES.match(path))}
    if versions and kernel.version not in versions:
        others = ", ".join(sorted(versions)[:3])
        what = f"{kernel.initrd} holds modules of {others}, none of {kernel.version}"
        yield Found(what, (Evidence(kernel.initrd, others),))
    elif not paths:
        yield Found(f"{kernel.initrd} is empty", (Evidence(kernel.initrd, "no files"),))
