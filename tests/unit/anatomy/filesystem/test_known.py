"""
Which form has which reader, and what is said of forms that have none. `marks` are proved here.
"""

from pathlib import Path

import pytest

from tests.support.real_disks import MIB, fat, run
from tundish.anatomy.filesystem.known import read_filesystem
from tundish.anatomy.filesystem.marks import content_of
from tundish.anatomy.image import Form
from tundish.anatomy.readable import Bytes


def test_a_form_with_a_reader_is_read(tmp_path: Path) -> None:
    """
    The reader is chosen by the form.
    """
    made = Bytes(fat({"a": b"1"}, tmp_path))

    assert "a" in (read_filesystem(content_of(made), made, "x").index or ())


@pytest.mark.parametrize("form", [Form.LVM, Form.VMFS, Form.EMPTY, Form.UNKNOWN])
def test_a_form_without_a_reader_says_why(form: Form) -> None:
    """
    Nothing is listed, and the reason is there.
    """
    found = read_filesystem(form, Bytes(bytes(MIB)), "x")

    assert (form, None, True) == (found.form, found.index, bool(found.why))


def test_swap_is_named_with_its_label(tmp_path: Path) -> None:
    """
    Label and id, as mkswap wrote them.
    """
    own = "01234567-89ab-4def-8123-456789abcdef"
    (tmp_path / "swap").write_bytes(bytes(MIB))
    run("mkswap", "-L", "pages", "-U", own, tmp_path / "swap")
    made = Bytes((tmp_path / "swap").read_bytes())
    found = read_filesystem(content_of(made), made, "x")

    assert (Form.SWAP, "pages", own) == (found.form, found.label, found.uuid)


def test_what_is_encrypted_is_named() -> None:
    """
    Nothing in it can be read, and an installer cannot mount it.
    """
    head = b"LUKS\xba\xbe\0\2".ljust(24, b"\0") + b"secret".ljust(144, b"\0") + b"an-id".ljust(400, b"\0")
    found = read_filesystem(content_of(Bytes(head)), Bytes(head), "x")

    assert (Form.LUKS, "secret", "an-id", "encrypted", ("luks2",)) == (
        found.form, found.label, found.uuid, found.state, found.features
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "mark", "form"),
    [
        (0, b"", Form.EMPTY),
        (0, b"anything", Form.UNKNOWN),
        (1080, b"\x53\xef", Form.EXT),
        (0, b"XFSB", Form.XFS),
        (65600, b"_BHRfS_M", Form.BTRFS),
        (3, b"NTFS    ".ljust(507) + b"\x55\xaa", Form.NTFS),
        (0, b"hsqs", Form.SQUASHFS),
        (32769, b"CD001", Form.ISO),
        (1536, b"LABELONE".ljust(24) + b"LVM2 001", Form.LVM),
        (MIB, b"\x0d\xd0\x01\xc0", Form.VMFS),
    ],
)
def test_a_volume_is_known_by_its_mark(at: int, mark: bytes, form: Form) -> None:
    """
    Each filesystem leaves one at its place.
    """
    data = bytearray(2 * MIB)
    data[at : at + len(mark)] = mark

    assert form == content_of(Bytes(bytes(data)))
