"""
ext, XFS and btrfs as their makers make them, changed anywhere; the sum of the superblock is put right.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from tests.support.real_disks import MIB, run
from tests.support.sparse import Sparse

from fuzz.sectors import HEAD, Sectors, changed, packed
from fuzz.target import KIB, target
from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.filesystem import btrfs, ext, lzo, xfs
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.index import Kind
from tundish.core.errors import BadImage

_LONGEST = 192 * KIB  # of sectors with their places; the largest seed has 129 KiB


def listed(found: Filesystem) -> None:
    for one in list(found.index or ())[:16]:
        if one.kind is Kind.FILE and found.index is not None:
            try:
                pieces = found.index.stream(one.path)
                assert sum(len(piece) for _, piece in zip(range(4), pieces, strict=False)) <= max(one.size, 0)
            except BadImage:
                continue


def _fill(folder: Path) -> Path:
    chance = Random(1)
    for name, count in (("few", 1), ("many", 5)):  # long names fill blocks, short ones would take time
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number}-of-the-names".ljust(240, "_")).write_bytes(b"")
    (folder / "inner").write_bytes(b"some words")
    (folder / "content").write_bytes(chance.randbytes(700) + b"same " * 900)
    (folder / "short").symlink_to("few")
    (folder / "long").symlink_to("x" * 200)
    os.link(folder / "inner", folder / "hard")
    with (folder / "holes").open("wb") as file:
        for number in range(5):
            file.seek(number * 20_000)
            file.write(b"%d" % number)
    return folder


@cache
def _made(size: int, *command: str) -> tuple[bytes, ...]:
    """
    An image by its maker; nothing much where that is not installed.
    """
    with TemporaryDirectory() as name:
        image = Path(name) / "image"
        image.touch()
        os.truncate(image, size)
        source = _fill(Path(name) / "source")
        words = [str(source) if word == "SOURCE" else word for word in command]
        try:
            run(*words, image)
        except pytest.skip.Exception:
            return (size.to_bytes(HEAD, "little"),)
        return (packed(Sparse.of(image)),)


def _exts() -> Iterator[bytes]:
    for options in (
        "-t ext2 -b 1024",
        "-t ext4 -b 1024 -O ^has_journal",
        "-t ext4 -I 512 -O inline_data,^has_journal,^metadata_csum",
        "-t ext4 -b 1024 -g 1024 -O meta_bg,^resize_inode,^has_journal",
    ):
        yield from _made(8 * MIB, "mke2fs", "-q", "-F", "-N", "128", *options.split(), "-d", "SOURCE")


@target(BadImage, seeds=_exts, longest=_LONGEST, seconds=3, words=(b"\x0a\xf3", b"\xea\2"), mutation=changed)
def filesystems_ext(data: bytes) -> None:
    """
    An ext2, ext3 or ext4 is listed and its files are read, or it is refused.
    """
    image = Sectors(data)
    image.put(2044, crc32c(image.read_at(1024, 1020)).to_bytes(4, "little"))
    listed(ext.read(image, "fuzz"))


def _proto(folder: str, most: int) -> str:
    """
    What mkfs.xfs is told to put in.
    """
    names = [f"{f'{number}-of-the-names':_<200} ---644 0 0 /dev/null" for number in range(most)]
    few = [
        "few d--755 0 0",
        *names[:1],
        "$",
        "some d--755 0 0",
        *names[: most // 3],
        "$",
        "many d--755 0 0",
        *names,
        "$",
    ]
    links = ["short l--777 0 0 few", f"long l--777 0 0 {'x' * 200}", f"content ---644 0 0 {folder}/content"]
    return "\n".join(["/none", "0 0", "d--755 0 0", *few, *links, "$", ""])


@cache
def _made_xfs(most: int, *options: str) -> bytes:
    with TemporaryDirectory() as name:
        image = Path(name) / "image"
        image.touch()
        os.truncate(image, 320 * MIB)
        (Path(name) / "content").write_bytes(b"same " * 900)
        (Path(name) / "proto").write_text(_proto(name, most))
        try:
            run("mkfs.xfs", "-q", *options, "-p", str(Path(name) / "proto"), image)
            some = [f"attr_set -u -v {number * 3} name{number}" for number in range(20)]
            more = ["path /content", "attr_set -u -v 9 a", "path /some", "attr_set -u -v 9000 b"]
            run("xfs_db", "-x", image, said="\n".join([*more, "path /many", *some]) + "\n")
        except pytest.skip.Exception:
            return bytes(HEAD)
        return packed(Sparse.of(image))


def _xfses() -> Iterator[bytes]:
    for most, options in (
        (24, "-b size=1k -n size=4k"),
        (6, "-m crc=0 -b size=1k -i size=256"),
        (6, "-b size=1k -i nrext64=1"),
    ):
        yield _made_xfs(most, *options.split(), "-d", "agcount=2")


@target(
    BadImage, seeds=_xfses, longest=_LONGEST, seconds=3, words=(b"IN", b"XDD3", b"BMA3"), mutation=changed
)
def filesystems_xfs(data: bytes) -> None:
    """
    An XFS is listed and its files are read, or it is refused.
    """
    image = Sectors(data)
    image.put(102, (512).to_bytes(2, "big"))
    image.put(224, bytes(4))
    image.put(224, (crc32c(image.read_at(0, 512)) ^ 0xFFFF_FFFF).to_bytes(4, "little"))
    listed(xfs.read(image, "fuzz"))


def _btrfses() -> Iterator[bytes]:
    for options in ("-n 4096 -m single", "--mixed"):
        yield from _made(128 * MIB, "mkfs.btrfs", "-q", *options.split(), "--rootdir", "SOURCE")


@target(BadImage, seeds=_btrfses, longest=_LONGEST, seconds=3, words=(b"\x6c", b"\x60"), mutation=changed)
def filesystems_btrfs(data: bytes) -> None:
    """
    A btrfs is listed and its files are read, or it is refused.
    """
    image = Sectors(data)
    image.put(64 * KIB, (crc32c(image.read_at(64 * KIB + 32, 4064)) ^ 0xFFFF_FFFF).to_bytes(4, "little"))
    listed(btrfs.read(image, "fuzz"))


def _lzos() -> Iterator[bytes]:
    yield bytes([21]) + b"abcd" + bytes([0x4D, 0]) + b"!" + bytes([0, 0]) + b"\x11\0\0"
    yield b"\0\0\x01" + b"x" * 274 + bytes([0x28, 0, 0]) + b"\x11\0\0"


@target(BadImage, seeds=_lzos, words=(b"\x11\0\0",))
def streams_of_lzo(data: bytes) -> None:
    """
    A stream of LZO1X unpacks to no more than it may, or it is refused.
    """
    assert len(lzo.segment(data, 4096)) <= 4096
