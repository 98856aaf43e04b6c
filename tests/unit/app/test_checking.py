"""
What is asked of an image that is no system: only what is true of it.
"""

from datetime import date

from tests.support.images import Tree, index_of
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.app.checking import Asked, check_image
from tundish.check.assuming import Said
from tundish.check.rule import Severity, Status

_MEDIUM: Tree = {"boot/grub/grub.cfg": "", "EFI/BOOT/BOOTX64.EFI": "MZ", "isolinux/isolinux.bin": ""}


def test_a_medium_is_no_root_with_faults() -> None:
    """
    Of an ISO without a system it is said that it is no tar, and nothing of cloud-init or passwords.
    """
    image = Image("a.iso", Wrapping(Compression.NONE, 4096, 4096), Form.ISO, index_of(_MEDIUM))
    report = check_image(image, Asked(Said(name="custom/a")), today=date(2026, 1, 1))
    errors = {
        one.rule
        for one in report.findings
        if one.status is not Status.SKIPPED
        and one.status is not Status.PASS
        and one.severity is Severity.ERROR
    }

    assert {"A01"} == errors
