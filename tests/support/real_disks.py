"""
Disks and filesystems, made by the programs that make the real ones; a test without its program says so.
"""

import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tundish.anatomy.readable import Bytes, Readable
from tundish.core.errors import BadImage

KIB, MIB = 1024, 1024 * 1024
SECTOR = 512
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_LVM_SEED = 0xF597_A6CF


def run(*command: str | Path, said: str = "") -> bytes:
    """
    Run a program, or skip the test by its name; what it writes.
    """
    program = shutil.which(str(command[0]), path=_PATH)
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    environment = {"PATH": _PATH, "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}
    done = subprocess.run(
        [program, *command[1:]], check=True, capture_output=True, input=said.encode(), env=environment
    )
    return done.stdout


def scattered(size: int, pieces: int = 40, seed: int = 1) -> bytes:
    """
    A disk of which most is empty, some random and some regular.
    """
    chance, made = Random(seed), bytearray(size)
    for _ in range(pieces):
        at = chance.randrange(size) // SECTOR * SECTOR
        data = (chance.randbytes(300) + b"tundish " * 2000)[: chance.randrange(16000)][: size - at]
        made[at : at + len(data)] = data
    made[-SECTOR:] = b"x" * SECTOR
    return bytes(made)


def converted(raw: bytes, folder: Path, *options: str) -> bytes:
    """
    A raw disk in another form, by qemu-img.
    """
    before, after = folder / "raw", folder / "converted"
    before.write_bytes(raw)
    run("qemu-img", "convert", "-f", "raw", *options, before, after)
    return after.read_bytes()


def partitioned(size: int, script: str, folder: Path) -> bytes:
    """
    An empty disk with the table that a script for sfdisk describes.
    """
    disk = folder / "partitioned"
    disk.write_bytes(bytes(size))
    run("sfdisk", "--no-reread", "--no-tell-kernel", disk, said=script)
    return disk.read_bytes()


def gpt_of_large_sectors(size: int, start: int, length: int) -> bytes:
    """
    A disk with sectors of 4096 bytes and one partition, places in such sectors. No program makes one in a
    file, so it is made by the format's description.
    """
    sector, last = 4096, size // 4096 - 1
    kind, own = UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le, UUID(int=1).bytes_le
    rows = struct.pack("<16s16sQQQ72s", kind, own, start, start + length - 1, 0, b"").ljust(16384, b"\0")
    disk = bytearray(size)
    disk[446:462] = bytes.fromhex("00000200 eeffffff 01000000 ffffffff")
    disk[510:512] = b"\x55\xaa"
    for at, other, rows_at in ((1, last, 2), (last, 1, last - 4)):
        fields = (at, other, 6, last - 5, own, rows_at, 128, 128, zlib.crc32(rows))
        parts = struct.pack("<8sII", b"EFI PART", 0x10000, 92), struct.pack("<4xQQQQ16sQIII", *fields)
        checksum = zlib.crc32(parts[0] + bytes(4) + parts[1]).to_bytes(4, "little")
        disk[at * sector : at * sector + 92] = parts[0] + checksum + parts[1]
        disk[rows_at * sector : rows_at * sector + len(rows)] = rows
    return bytes(disk)


def fat(files: Mapping[str, bytes], folder: Path, size: int = 4 * MIB, *options: str) -> bytes:
    """
    A FAT filesystem by mkfs.vfat and mtools.
    """
    made, source = folder / "fat", folder / "source"
    made.write_bytes(bytes(size))
    run("mkfs.vfat", *options, made)
    folders = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    for each in sorted(folders):
        run("mmd", "-i", made, f"::{each}")
    for path, data in files.items():
        source.write_bytes(data)
        run("mcopy", "-i", made, source, f"::{path}")
    return made.read_bytes()


def physical_volume(description: str, own: str, content: bytes, *, wrapped: bool = False) -> bytes:
    """
    A physical volume of LVM2 as the format describes it, its extents from 1 MiB on; `own` is its id without
    dashes. A wrapped description goes over the end of its buffer.
    """
    text = description.encode() + b"\0"
    start, size = 4096, MIB - 4096
    offset = size - SECTOR if wrapped else SECTOR
    slot = struct.pack("<QQII", offset, len(text), _sum(text), 0)
    header = struct.pack("<16sIQQ", b" LVM2 x[5A%r0N*>", 1, start, size) + slot
    header = header.ljust(SECTOR - 4, b"\0")
    area = bytearray(size)
    area[:SECTOR] = _sum(header).to_bytes(4, "little") + header
    before = min(len(text), size - offset)
    area[offset : offset + before] = text[:before]
    area[SECTOR : SECTOR + len(text) - before] = text[before:]
    areas = struct.pack("<QQQQQQQQQ", MIB + len(content), MIB, 0, 0, 0, start, size, 0, 0)
    body = (struct.pack("<I8s", 32, b"LVM2 001") + own.encode() + areas).ljust(SECTOR - 20, b"\0")
    label = struct.pack("<8sQI", b"LABELONE", 1, _sum(body)) + body
    return bytes(SECTOR) + label + bytes(start - 2 * SECTOR) + bytes(area) + content


def _sum(data: bytes) -> int:
    return zlib.crc32(data, _LVM_SEED ^ 0xFFFF_FFFF) ^ 0xFFFF_FFFF


def whole(disk: Readable, step: int = 100_003) -> bytes:
    """
    Everything, in pieces that fit no block.
    """
    return b"".join(disk.read_at(at, step) for at in range(0, disk.size, step))


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def damaged(data: bytes, cut: int, flips: Iterable[tuple[int, int]]) -> Readable:
    """
    The first bytes of something, a few of them changed.
    """
    spoiled = bytearray(data[:cut])
    for at, value in flips:
        if at < len(spoiled):
            spoiled[at] ^= value
    return Bytes(bytes(spoiled))


def refusal(read: Callable[[], object]) -> str:
    """
    What a reader says of an image that it does not read; empty if it does.
    """
    try:
        read()
    except BadImage as error:
        return str(error)
    return ""
