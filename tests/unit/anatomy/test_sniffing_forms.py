"""
The form of bytes: by what stands in them, whatever else stands there too.
"""

import struct

import pytest

from tundish.anatomy.image import Compression, Form
from tundish.anatomy.readable import Bytes
from tundish.anatomy.sniff import compression_of, form_of


def at(*pieces: tuple[int, bytes], size: int = 80 * 1024) -> bytes:
    data = bytearray(size)
    for place, piece in pieces:
        data[place : place + len(piece)] = piece
    return bytes(data)


FLAG = (510, b"\x55\xaa")
LINUX = (446, bytes((0x80, 0, 0, 0, 0x83, 0, 0, 0)) + struct.pack("<II", 2048, 8192))
ODD_ROW = (446, bytes((0x12, 0, 0, 0, 0x83, 0, 0, 0)) + struct.pack("<II", 2048, 8192))
FAT_SECTOR = (0, b"\xeb\x3c\x90mkfs.fat" + struct.pack("<HBHBHHB", 512, 4, 4, 2, 512, 0, 0xF8))
EXT = (1024 + 56, b"\x53\xef")
GPT = (512, b"EFI PART")
V7 = bytearray(512)
V7[:4], V7[100:107], V7[124:135] = b"etc/", b"0000755", b"00000000000"
V7[148:156] = b"%06o\0 " % (sum(V7) + 8 * 32)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (Form.TAR, at((257, b"ustar\0"))),
        (Form.TAR, at((257, b"ustar "))),
        (Form.TAR, bytes(V7) + bytes(1024)),
        (Form.DISK, at(FLAG, LINUX)),
        (Form.DISK, at(GPT)),
        (Form.DISK, at((4096, b"EFI PART"))),
        (Form.DISK, at(FLAG, LINUX, GPT, EXT)),
        (Form.DISK, at((80 * 1024 - 512, b"EFI PART"))),
        (Form.DISK, at(FLAG, (0, b"\xeb\x63\x90"))),
        (Form.QCOW2, at((0, b"QFI\xfb"))),
        (Form.VMDK, at((0, b"KDMV"))),
        (Form.VMDK, at((0, b"# Disk DescriptorFile\n"))),
        (Form.VHDX, at((0, b"vhdxfile"))),
        (Form.VHD, at((0, b"conectix"))),
        (Form.VHD, at(FLAG, LINUX, (80 * 1024 - 512, b"conectix"))),
        (Form.VHD, at((80 * 1024 - 512, b"conectix"))),
        (Form.ISO, at((32769, b"CD001"), FLAG, LINUX)),
        (Form.SQUASHFS, at((0, b"hsqs"))),
        (Form.EXT, at(EXT)),
        (Form.EXT, at(EXT, FLAG)),
        (Form.EXT, at(EXT, FLAG, ODD_ROW)),
        (Form.XFS, at((0, b"XFSB"))),
        (Form.BTRFS, at((0x10040, b"_BHRfS_M"))),
        (Form.FAT, at(FAT_SECTOR, FLAG)),
        (Form.NTFS, at((3, b"NTFS    "), FLAG)),
        (Form.LVM, at((512, b"LABELONE"), (512 + 24, b"LVM2 001"))),
        (Form.LUKS, at((0, b"LUKS\xba\xbe"))),
        (Form.SWAP, at((4086, b"SWAPSPACE2"))),
        (Form.SWAP, at((65526, b"SWAPSPACE2"))),
        (Form.VMFS, at((0x100000, b"\x0d\xd0\x01\xc0"), size=0x100000 + 4096)),
        (Form.CPIO, b"070701" + b"0" * 104),
        (Form.KERNEL, at((0, b"MZ"), FLAG, (0x202, b"HdrS"), (0x211, b"\1"))),
        (Form.KERNEL, at((56, b"ARM\x64"))),
        (Form.SCRIPT, b"#!/bin/sh\n"),
        (Form.EMPTY, bytes(200_000)),
        (Form.EMPTY, b""),
        (Form.UNKNOWN, b"plain text"),
        (Form.UNKNOWN, at((0, b"x"))),
        (Form.UNKNOWN, at((3, b"EXFAT   "), (0, b"\xeb\x76\x90"), (11, bytes(53)), (510, b"\0\0"))),
    ],
)
def test_a_form_is_known_by_its_content(form: Form, data: bytes) -> None:
    """
    Each form is found by what stands in the bytes, also where a boot sector stands beside it.
    """
    assert form == form_of(Bytes(data))


@pytest.mark.parametrize(
    ("compression", "head"),
    [
        (Compression.GZIP, b"\x1f\x8b\x08\0\0\0\0\0\0\3"),
        (Compression.BZIP2, b"BZh91AY&SYxxxx"),
        (Compression.BZIP2, b"BZh9\x17rE8P\x90\0\0\0\0"),
        (Compression.XZ, b"\xfd7zXZ\0\0\4"),
        (Compression.ZSTD, b"\x28\xb5\x2f\xfd"),
        (Compression.ZSTD, b"\x50\x2a\x4d\x18\4\0\0\0"),
        (Compression.LZ4, b"\x04\x22\x4d\x18"),
        (Compression.LZ4, b"\x02\x21\x4c\x18"),
        (Compression.COMPRESS, b"\x1f\x9d\x90"),
        (Compression.NONE, b"BZh9 is how this text begins"),
        (Compression.NONE, b""),
    ],
)
def test_a_compression_is_known_by_its_magic(compression: Compression, head: bytes) -> None:
    """
    Each compression is found by its first bytes, and a text that begins like one is none.
    """
    assert compression == compression_of(head)


def test_little_is_read_of_a_disk_to_know_it() -> None:
    """
    A disk of an exabyte is known by its head and its tail.
    """
    reads: list[int] = []

    class Vast:
        size = 2**60

        def read_at(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return at(FLAG, LINUX)[offset : offset + length] if offset < 80 * 1024 else bytes(length)

    form = form_of(Vast())

    assert (Form.DISK, True) == (form, sum(reads) < 80 * 1024)
