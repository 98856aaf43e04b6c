"""
What an initrd holds: one archive after the other, packed or not.
"""

import gzip
import stat
import subprocess
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.anatomy import cpio
from tundish.anatomy.cpio_reader import Packed, listed
from tundish.core.errors import BadImage

MICROCODE = cpio.newc([cpio.folder("kernel"), cpio.file("kernel/x86.bin", b"code" * 100)])
MAIN = cpio.newc([cpio.folder("lib"), cpio.file("lib/nvme.ko", b"\x7fELF" * 9), cpio.link("bin", "usr/bin")])
PATHS = ["kernel", "kernel/x86.bin", "lib", "lib/nvme.ko", "bin"]


@pytest.mark.parametrize(
    "main",
    [MAIN, gzip.compress(MAIN), zstandard.ZstdCompressor().compress(MAIN)],
    ids=["plain", "gzip", "zstd"],
)
def test_microcode_and_the_packed_rest_are_listed(main: bytes) -> None:
    """
    Behind an archive that is not packed, and zeros, the next one is read, packed or not.
    """
    assert PATHS == [one.path for one in listed(MICROCODE + bytes(512) + main, "initrd")]


def test_an_archive_of_another_program_is_read(tmp_path: Path) -> None:
    """
    What bsdtar writes as newc has its names, kinds, modes and sizes.
    """
    (tmp_path / "init").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "init").chmod(0o755)
    command = ("bsdtar", "--format", "newc", "-cf", "-", "init")
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout

    assert (Packed("init", stat.S_IFREG | 0o755, 10),) == listed(made, "initrd")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (MAIN[:200], "ends in the middle of|no header"),
        (b"070701" + b"z" * 200, "no header of cpio at 0"),
        (b"070701" + b"0" * 88 + b"FFFFFFFF" + b"0" * 100, "a name of 4294967295 bytes"),
        (gzip.compress(MAIN)[:-20], "no header|ends in the middle"),
        (b"no initrd", "no header of cpio at 0"),
    ],
)
def test_damage_is_named(data: bytes, fault: str) -> None:
    """
    A header that is none, a name that is too long and an early end are errors.
    """
    with pytest.raises(BadImage, match=fault):
        listed(data, "initrd")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_is_one_error(data: st.DataObject) -> None:
    """
    Cut and changed anywhere, an initrd is listed or refused.
    """
    packed = bytearray(MICROCODE + MAIN)
    for _ in range(data.draw(st.integers(0, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = listed(bytes(packed[: data.draw(st.integers(0, len(packed)))]), "initrd")
    except BadImage:
        found = ()

    assert len(found) <= 50
