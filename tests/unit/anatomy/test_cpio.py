"""
The cpio writer, against the reader of the system.
"""

from pathlib import Path

import pytest

from tundish.anatomy.cpio import file, folder, link, newc
from tundish.core.errors import InvalidName
from tundish.tools.run import run

MEMBERS = (
    folder("bin"),
    file("bin/sh", b"shell", executable=True),
    link("init", "bin/sh"),
    file("odd", b"1"),
)


def unpacked(data: bytes, place: Path) -> Path:
    run(["busybox", "cpio", "-i", "-d"], stdin=data, cwd=place, timeout=10)
    return place


def test_another_program_reads_what_was_written(tmp_path: Path) -> None:
    """
    busybox cpio finds every file with its bytes.
    """
    place = unpacked(newc(MEMBERS), tmp_path)

    assert (b"shell", b"shell", b"1") == tuple(
        (place / name).read_bytes() for name in ("bin/sh", "init", "odd")
    )


def test_programs_are_executable_and_files_are_not(tmp_path: Path) -> None:
    """
    Modes survive.
    """
    place = unpacked(newc(MEMBERS), tmp_path)

    assert (0o755, 0o644) == tuple((place / name).stat().st_mode & 0o777 for name in ("bin/sh", "odd"))


def test_the_same_members_give_the_same_bytes() -> None:
    """
    Nothing of this hour or this machine gets in.
    """
    assert newc(MEMBERS) == newc(MEMBERS)


def test_every_header_is_aligned() -> None:
    """
    The length is a multiple of four, as the kernel expects.
    """
    assert 0 == len(newc(MEMBERS)) % 4


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../b", "./a", "a//b", "a\0b"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    """
    No member can be placed outside the archive.
    """
    with pytest.raises(InvalidName):
        newc([file(path, b"")])
