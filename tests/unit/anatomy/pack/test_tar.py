"""
What the writer of tars promises, held against GNU tar, bsdtar and our reader.
"""

import gzip
import subprocess
from pathlib import Path

import pytest

from tests.support.images import Device, File, Folder, Hardlink, Link, Tree, index_of
from tundish.anatomy.image import Compression
from tundish.anatomy.opening import read_image
from tundish.anatomy.pack.compress import compressed
from tundish.anatomy.pack.tar import tar
from tundish.anatomy.readable import Bytes

EPOCH = 1_700_000_000
LONG = "usr/" + "long/" * 40 + "name"
TREE: Tree = {
    "bin": Link("usr/bin"),
    "usr/bin/ping": File(b"ping", 0o755, xattrs=(("security.capability", b"\1\0\n=\2"),)),
    "usr/bin/sudo": File(b"s" * 513, 0o4755, 0, 5, 10),
    "usr/bin/zz": Hardlink("usr/bin/ping"),
    LONG: b"deep",
    "dev/null": Device(1, 3),
    "etc/own": Folder(0o750, 3_000_000, 42),
    "etc/late": File(b"", mtime=EPOCH + 5),
    "link": Link("t" * 150),
}


def packed(tree: Tree, compression: Compression = Compression.GZIP, threads: int = 2) -> bytes:
    return b"".join(compressed(tar(index_of(tree), EPOCH), compression, threads))


def test_shuffled_trees_give_the_same_bytes() -> None:
    """
    The order in which paths came does not show.
    """
    assert packed(TREE) == packed({path: TREE[path] for path in reversed(list(TREE))})


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.XZ, Compression.BZIP2])
def test_the_number_of_threads_does_not_show(compression: Compression) -> None:
    """
    One thread and three write the same bytes, over many blocks.
    """
    tree = {"a": bytes(range(256)) * 20_000}

    assert packed(tree, compression, 1) == packed(tree, compression, 3)


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.XZ, Compression.BZIP2])
def test_what_is_written_reads_as_it_was(compression: Compression) -> None:
    """
    Path, kind, mode, owner, link, device, attribute and digest come back.
    """
    image = read_image(Bytes(packed(TREE, compression)), "x")
    root = index_of(TREE)

    assert [
        (e.path, e.kind, e.mode, e.uid, e.gid, e.target, e.device, e.xattrs, e.digest)
        for e in root
        if not e.first
    ] == [
        (e.path, e.kind, e.mode, e.uid, e.gid, e.target, e.device, e.xattrs, e.digest)
        for e in image.root or ()
        if not e.first
    ]


def test_the_root_is_open_to_all_and_times_are_clamped() -> None:
    """
    The root is 0755 0:0 whatever it was, and nothing is later than the epoch.
    """
    root = read_image(Bytes(packed({"": Folder(0o700, 7, 7), **TREE})), "x").root
    assert root is not None
    top, late = root.get(""), root.get("etc/late")
    assert top is not None
    assert late is not None

    assert (0o755, 0, 0, EPOCH) == (top.mode, top.uid, top.gid, late.mtime)


@pytest.mark.parametrize("program", ["tar", "bsdtar"])
def test_other_programs_list_every_path(program: str, tmp_path: Path) -> None:
    """
    GNU tar and bsdtar read every name without a complaint.
    """
    file = tmp_path / "x.tar"
    file.write_bytes(gzip.decompress(packed(TREE)))
    said = subprocess.run([program, "-tf", file], capture_output=True, text=True, check=True)
    names = [line.removeprefix("./").rstrip("/") for line in said.stdout.splitlines()]

    assert (sorted(e.path for e in index_of(TREE)), "") == (sorted(names), said.stderr)
