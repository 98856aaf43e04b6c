from struct import pack

import pytest

from tests.support import parts
from tests.support.images import Link, index_of
from tundish.anatomy.facts import Installed, Loader
from tundish.anatomy.system import architecture


def elf(machine: int, *, bits: int = 2, order: int = 1, flags: int = 0) -> bytes:
    way = "<" if order == 1 else ">"
    head = b"\x7fELF" + bytes([bits, order, 1]) + bytes(9) + pack(way + "HHI", 3, machine, 1)
    return (head + bytes(36 - len(head)) + pack(way + "I", flags)).ljust(64, b"\0")


@pytest.mark.parametrize(
    ("head", "arch"),
    [
        (elf(62), "amd64"),
        (elf(183), "arm64"),
        (elf(3, bits=1), "i386"),
        (elf(21), "ppc64el"),
        (elf(21, order=2), "ppc64"),
        (elf(22, order=2), "s390x"),
        (elf(40, bits=1, flags=0x5000400), "armhf"),
        (elf(40, bits=1, flags=0x5000200), "armel"),
        (elf(243), "riscv64"),
        (elf(62, bits=1), ""),
        (elf(9999), ""),
        (b"\x7fELF", ""),
        (b"#!/bin/sh\n" * 10, ""),
    ],
)
def test_the_head_of_a_program_tells_its_machine(head: bytes, arch: str) -> None:
    """
    Machine, word size and byte order together; what fits no architecture is none.
    """
    assert arch == architecture.elf_arch(head)


def test_packages_tell_first() -> None:
    """
    The architecture is that of most packages, whatever the shell is made for.
    """
    index = index_of({"bin/sh": parts.program("arm64")})
    packages = [Installed("a", "1", "x86_64"), Installed("b", "1", "x86_64"), Installed("c", "1", "i686")]

    assert "amd64" == architecture.arch_of(index, packages, ())


def test_the_shell_tells_where_no_package_does() -> None:
    """
    The link to the shell is followed to the program.
    """
    index = index_of(
        {"usr/bin/dash": parts.program("arm64"), "usr/bin/sh": Link("dash"), "bin": Link("usr/bin")}
    )

    assert "arm64" == architecture.arch_of(index, [Installed("x", "1", "noarch")], ())


def test_loaders_tell_where_nothing_else_does() -> None:
    """
    Of a disk without a system that we can read, its loaders tell the architecture.
    """
    assert "arm64" == architecture.arch_of(index_of({}), (), [Loader("EFI/BOOT/BOOTAA64.EFI", "arm64")])
