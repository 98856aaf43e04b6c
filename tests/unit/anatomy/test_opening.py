"""
Images of every type of upload, opened by their content.
"""

import gzip
import io
import lzma
import subprocess
import tarfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import real_disks
from tests.support.real_disks import MIB
from tests.support.tars import Raw, tar_of
from tundish.anatomy.image import Enclosed, Form
from tundish.anatomy.opening import read_image
from tundish.anatomy.readable import Bytes
from tundish.core.digest import Digest

HOOK = b"#!/usr/bin/python3\n" + b"# the hook\n" * 300
ROOT = {"etc/os-release": b"ID=debian\n", "curtin/curtin-hooks": HOOK, "usr/share/doc/x": b"not kept" * 999}
PACK = {"gz": ("gzip", "-c"), "bz2": ("bzip2", "-c"), "xz": ("xz", "-c", "-0"), "zst": ("zstd", "-c", "-q")}


def packed(data: bytes, how: str) -> bytes:
    return subprocess.run(PACK[how], input=data, capture_output=True, check=True).stdout if how else data


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """
    A disk with a GPT and one FAT in it, which holds a hook.
    """
    folder = tmp_path_factory.mktemp("disk")
    table = real_disks.partitioned(8 * MIB, "label: gpt\nstart=2048, size=8192, type=uefi\n", folder)
    filesystem = real_disks.fat({"curtin/curtin-hooks": HOOK}, folder)
    return table[:MIB] + filesystem + table[MIB + len(filesystem) :]


@pytest.fixture(scope="module")
def disk_in_tar(disk: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """
    The same in a tar, as `tar -S` writes it: with holes.
    """
    folder = tmp_path_factory.mktemp("tar")
    with (folder / "root.raw").open("wb") as file:
        for at in range(0, len(disk), 4096):
            piece = disk[at : at + 4096]
            file.seek(at)
            file.write(piece if any(piece) else b"")
        file.truncate(len(disk))
    command = ("tar", "-cSf", "-", "root.raw")
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout


def root_tar() -> bytes:
    return tar_of(*(Raw(path.encode(), data) for path, data in ROOT.items()))


@pytest.mark.parametrize("how", ["", *PACK])
def test_a_packed_tar_is_a_root(how: str) -> None:
    """
    tgz, tbz, txz and plain: the root, whichever of its files were kept, and the digest of the file.
    """
    data = packed(root_tar(), how)
    image = read_image(Bytes(data), "root.tar")

    root = image.root
    assert (Form.TAR, Digest.of(data), "", list(ROOT.values())) == (
        image.form,
        image.wrapping.sha256,
        image.wrapping.fault,
        [root.read(path) for path in ROOT] if root else [],
    )


def test_many_files_that_were_not_kept_are_read_all_the_same() -> None:
    """
    Past the first few readings from the beginning, everything is still there.
    """
    files = {f"usr/share/{number}": b"%d" % number * 1000 for number in range(9)}
    tar = tar_of(*(Raw(path.encode(), data) for path, data in files.items()), Raw(b"etc/x"))
    root = read_image(Bytes(gzip.compress(tar)), "root.tar.gz").root

    assert list(files.values()) == [root.read(path) for path in files] if root else []


@pytest.mark.parametrize("how", ["", *PACK])
def test_a_packed_disk_is_a_disk(disk: bytes, how: str) -> None:
    """
    ddraw, ddgz, ddbz2, ddxz: the partition, and the hook in it.
    """
    image = read_image(Bytes(packed(disk, how)), "root.dd")

    index = image.disk.volumes[0].index if image.disk else None
    assert (Form.DISK, len(disk), HOOK) == (
        image.form,
        image.wrapping.expanded,
        index.read("curtin/curtin-hooks") if index else b"",
    )


@pytest.mark.parametrize("how", ["", *PACK])
@pytest.mark.parametrize("holes", [False, True])
def test_a_disk_in_a_tar_is_a_disk(disk: bytes, disk_in_tar: bytes, how: str, holes: bool) -> None:
    """
    ddtar, ddtgz, ddtbz, ddtxz, with holes and without: the member, and the hook in it.
    """
    tar = disk_in_tar if holes else tar_of(Raw(b"root.raw", disk))
    image = read_image(Bytes(packed(tar, how)), "root.dd.tar")

    index = image.disk.volumes[0].index if image.disk else None
    assert (Form.TAR, (Enclosed("root.raw", len(disk), Form.DISK),), HOOK, "") == (
        image.form,
        image.enclosed,
        index.read("curtin/curtin-hooks") if index else b"",
        image.wrapping.fault,
    )


def test_a_disk_behind_a_description_in_a_tar_is_found(disk: bytes) -> None:
    """
    Where the disk is not the first member, as in an OVA, it is found as well.
    """
    tar = tar_of(Raw(b"about.txt", b"a disk follows"), Raw(b"root.raw", disk))
    image = read_image(Bytes(gzip.compress(tar, 1)), "root.ova.gz")

    assert (True, [Form.UNKNOWN, Form.DISK]) == (image.disk is not None, [one.form for one in image.enclosed])


def test_a_filesystem_on_the_bare_disk_is_a_disk_without_a_table(tmp_path: Path) -> None:
    """
    A FAT with no partitions around it is a disk with one volume.
    """
    image = read_image(Bytes(real_disks.fat({"curtin/x": b"y"}, tmp_path)), "fat.img")

    assert (Form.FAT, [Form.FAT]) == (
        image.form,
        [one.form for one in image.disk.volumes] if image.disk else [],
    )


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (Form.EMPTY, bytes(1000)),
        (Form.EMPTY, gzip.compress(bytes(500_000), mtime=0)),
        (Form.UNKNOWN, b"nothing known"),
        (Form.UNKNOWN, lzma.compress(b"nothing known" * 9999)),
        (Form.SCRIPT, gzip.compress(b"#!/bin/sh\n", mtime=0)),
        (Form.CPIO, gzip.compress(b"070701" + bytes(200), mtime=0)),
    ],
)
def test_what_is_no_image_is_named(form: Form, data: bytes) -> None:
    """
    What holds no root and no disk has a form, and nothing else.
    """
    image = read_image(Bytes(data), "x")

    assert (form, None, None, "") == (image.form, image.root, image.disk, image.wrapping.fault)


def test_a_truncated_root_is_listed_as_far_as_it_goes() -> None:
    """
    Of a tar.gz cut in the middle the first files are there, and the fault is told.
    """
    data = gzip.compress(tar_of(Raw(b"etc/x", b"1"), Raw(b"etc/y", random_bytes(400_000))))[:-100_000]
    image = read_image(Bytes(data), "root.tar.gz")

    assert (True, True, False) == (
        image.wrapping.fault.startswith("the gzip ends too early"),
        "etc/x" in (image.root or ()),
        "etc/y" in (image.root or ()),
    )


def random_bytes(length: int) -> bytes:

    return Random(1).randbytes(length)


def test_a_damaged_disk_has_a_remark_that_says_so() -> None:
    """
    A disk file that cannot be read is an image without a disk.
    """
    image = read_image(Bytes(b"QFI\xfb\0\0\0\3" + bytes(200)), "x.qcow2")

    assert (Form.QCOW2, None, 1) == (image.form, image.disk, len(image.remarks))


def test_a_further_tar_behind_the_first_is_remarked() -> None:
    """
    What stands behind the end of a root, and will not be unpacked, is remarked.
    """
    image = read_image(Bytes(root_tar() + root_tar()), "root.tar")

    assert (
        "a further tar begins after the end of the first; nobody who unpacks it will see what it holds",
    ) == (image.remarks)


def small() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, data in ROOT.items():
            about = tarfile.TarInfo(path)
            about.size, about.pax_headers = len(data), {"SCHILY.xattr.user.a": "b"}
            tar.addfile(about, io.BytesIO(data))
    return made.getvalue()


SEEDS = [small(), *(packed(small(), how) for how in PACK), packed(tar_of(Raw(b"d", bytes(MIB))), "gz")]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_an_image_or_one_error(data: st.DataObject) -> None:
    """
    A file cut and changed anywhere is an image with what could be read of it.
    """
    file = bytearray(SEEDS[data.draw(st.integers(0, len(SEEDS) - 1))])
    for _ in range(data.draw(st.integers(0, 3))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    file = file[: data.draw(st.integers(0, len(file)))]

    assert len(file) == read_image(Bytes(bytes(file)), "x").wrapping.size
