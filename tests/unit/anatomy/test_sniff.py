"""
Telling kernels and squashfs images by their bytes.
"""

import pytest

from tests.support.roots import KERNEL
from tundish.anatomy.sniff import is_bzimage, is_squashfs


def test_a_kernel_is_known_by_its_header() -> None:
    """
    Boot flag, magic and the loaded-high flag make a bzImage.
    """
    assert is_bzimage(KERNEL)


@pytest.mark.parametrize("data", [b"", KERNEL[:0x211], b"\x7fELF" * 300, KERNEL.replace(b"HdrS", b"hdrs")])
def test_other_bytes_are_no_kernel(data: bytes) -> None:
    """
    Short files and other files are not taken for one.
    """
    assert not is_bzimage(data)


def test_a_squashfs_is_known_by_its_magic() -> None:
    """
    Only little-endian squashfs is.
    """
    assert (True, False) == (is_squashfs(b"hsqs...."), is_squashfs(b"sqsh"))
