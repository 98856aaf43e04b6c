"""
What the writer of ext4 promises, held against e2fsck, the kernel and our reader.
"""

import os
import stat
import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.support.images import Device, File, Folder, Hardlink, Link, Tree, index_of
from tests.support.real_disks import run
from tundish.anatomy.filesystem.known import read_filesystem
from tundish.anatomy.hashing import hashed
from tundish.anatomy.image import Form
from tundish.anatomy.index import Index, Kind
from tundish.anatomy.pack.ext4.writer import ext4
from tundish.anatomy.pack.ids import seed_of
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage, InputError

EPOCH = 1_700_000_000
MIB = 1024 * 1024
ACL = b"\2\0\0\0" + bytes.fromhex(
    "01000600ffffffff02000400e803000004000400ffffffff10000400ffffffff20000000ffffffff"
)
TREE: Tree = {
    "bin": Link("usr/bin"),
    "usr/bin/ping": File(b"ping", 0o755, xattrs=(("security.capability", b"\1\0\0\2" + bytes(16)),)),
    "usr/bin/sudo": File(b"s" * 4097, 0o4755, 0, 5, 10),
    "usr/bin/zz": Hardlink("usr/bin/ping"),
    "usr/" + "long/" * 40 + "n" * 255: b"deep",
    "dev/null": Device(1, 3),
    "dev/far": Device(300, 70_000),
    "etc/own": Folder(0o1750, 3_000_000, 42),
    "etc/late": File(b"", mtime=EPOCH + 5),
    "etc/list": File(b"x", xattrs=(("system.posix_acl_access", ACL),)),
    "etc/many": File(b"x", xattrs=(("trusted.b", b"v" * 3000), ("user.a", b""))),
    "link": Link("t" * 150),
    "names": Link("t" * 59),
    "holes": b"a" * 5000 + bytes(3 * MIB) + b"b" * 5000,
    "pieces": b"".join(bytes(4096) + b"x" * 4096 for _ in range(1500)),
    "zeros": bytes(MIB),
    **{f"d/{number:04d}{'n' * (number % 200)}": b"%d" % number for number in range(800)},
}


def written(root: Index, size: int | None = None) -> bytes:
    return b"".join(ext4(root, EPOCH, seed_of(root, EPOCH), size=size).filled())


def listed(root: Index) -> dict[str, tuple[object, ...]]:
    known = hashed(root)
    return {
        name.path: (
            one.kind,
            one.mode,
            one.uid,
            one.gid,
            one.size if one.kind is Kind.FILE else 0,
            min(one.mtime, EPOCH),
            one.target,
            one.device,
            tuple(sorted(one.xattrs)),
            one.digest,
        )
        for name in known
        for one in [(known.get(name.first) if name.first else None) or name]
        if name.path not in {"", "lost+found"}
    }


def checked(path: Path) -> str:
    """
    What e2fsck finds wrong: nothing, or all that it said.
    """
    run("e2fsck", "-V")
    done = subprocess.run(["/sbin/e2fsck", "-fn", path], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


def test_e2fsck_finds_nothing_wrong(tmp_path: Path) -> None:
    """
    Its own tool passes a filesystem with every kind of path, attributes, holes and a deep tree of extents.
    """
    (tmp_path / "made").write_bytes(written(index_of(TREE)))

    assert "" == checked(tmp_path / "made")


def test_our_reader_finds_what_was_written() -> None:
    """
    Path, kind, mode, owner, link, device, attribute, time and digest come back.
    """
    root = index_of(TREE)
    found = read_filesystem(Form.EXT, Bytes(written(root)), "x").index

    assert found is not None
    assert listed(root) == listed(found)


def test_holes_take_no_room() -> None:
    """
    A file of 64 MiB with two blocks in it needs no more than these.
    """
    root = index_of({"sparse": b"a" + bytes(64 * MIB) + b"b"})

    assert len(written(root)) < 32 * MIB


def test_shuffled_trees_give_the_same_bytes() -> None:
    """
    The order in which paths came does not show.
    """
    shuffled = list(TREE)
    Random(1).shuffle(shuffled)

    assert written(index_of(TREE)) == written(index_of({path: TREE[path] for path in shuffled}))


@pytest.mark.parametrize("size", [16 * MIB, 129 * MIB + 5, 1000 * MIB])
def test_a_filesystem_may_be_of_any_size(tmp_path: Path, size: int) -> None:
    """
    Of one group, with a last group that is too short to be one, and of many.
    """
    root = index_of({"etc/x": b"x"})
    laid = ext4(root, EPOCH, seed_of(root, EPOCH), size=size)
    with (tmp_path / "made").open("wb") as output:
        for at, data in laid.pieces():
            output.seek(at)
            output.write(data)
        output.truncate(laid.size)

    assert ("", True) == (checked(tmp_path / "made"), size - 2 * MIB < laid.size <= size)


def test_a_size_that_is_too_small_is_refused() -> None:
    """
    The error says what is needed.
    """
    with pytest.raises(InputError, match="not enough for the root: it needs"):
        written(index_of({"x": b"x" * 8 * MIB}), 12 * MIB)


def test_attributes_that_are_too_long_are_refused_with_the_way_round_it() -> None:
    """
    Inodes for attributes would hold them, but no GRUB reads a filesystem that has such.
    """
    with pytest.raises(BadImage, match=r"of long take 5024 bytes, .* pack the root as tgz"):
        written(index_of({"long": File(b"", xattrs=(("user.x", b"v" * 5000),))}))


def test_an_attribute_that_has_no_place_is_refused() -> None:
    """
    The error names the path.
    """
    with pytest.raises(BadImage, match="odd"):
        written(index_of({"odd": File(b"", xattrs=(("com.example", b"x"),))}))


def test_it_grows_as_a_running_system_grows_it(tmp_path: Path) -> None:
    """
    resize2fs makes it far longer by the room that is kept for it, and e2fsck passes what came of it.
    """
    made = tmp_path / "made"
    made.write_bytes(written(index_of({"etc/x": b"x"})))
    os.truncate(made, 40_000 * MIB)
    run("resize2fs", made)

    assert "" == checked(made)


def test_the_kernel_sees_what_was_written(tmp_path: Path) -> None:
    """
    Mounted by Linux, every path has its mode, owner, size, link, device, attributes and content.
    """
    made, at = tmp_path / "made", tmp_path / "at"
    root = index_of(TREE)
    made.write_bytes(written(root))
    at.mkdir()
    if subprocess.run(["mount", "-o", "loop", made, at], capture_output=True, check=False).returncode:
        pytest.skip("no filesystem can be mounted here")
    try:
        (at / "new").write_text("it can be written to")
        (at / "new").unlink()
        found = {one.path: _seen(at / one.path) for one in root if one.path}
    finally:
        subprocess.run(["umount", at], check=True)
    wanted = {one.path: _said(root, one.path) for one in root if one.path}

    assert wanted == found


def _seen(path: Path) -> tuple[object, ...]:
    about = path.lstat()
    is_file = stat.S_ISREG(about.st_mode)
    device = (os.major(about.st_rdev), os.minor(about.st_rdev))
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return (
        stat.S_IMODE(about.st_mode) if not path.is_symlink() else 0,
        (about.st_uid, about.st_gid),
        int(about.st_mtime),
        device,
        str(path.readlink()) if path.is_symlink() else "",
        [(name, os.getxattr(path, name, follow_symlinks=False)) for name in names],
        path.read_bytes() if is_file else b"",
    )


def _said(root: Index, path: str) -> tuple[object, ...]:
    one = root.get(path)
    assert one is not None
    one = (root.get(one.first) if one.first else None) or one
    return (
        one.mode if one.kind is not Kind.LINK else 0,
        (one.uid, one.gid),
        min(one.mtime, EPOCH),
        one.device,
        one.target,
        sorted(one.xattrs),
        root.read(path) if one.kind is Kind.FILE else b"",
    )
