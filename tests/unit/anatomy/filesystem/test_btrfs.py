"""
btrfs as mkfs.btrfs and the kernel make it, compared path by path; and btrfs that was spoiled.

Its parts (superblock, chunks, trees, extents, the walk) are proved here too.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import MIB, refusal, run
from tests.support.sparse import Sparse
from tests.support.trees import Seen, leave_a_log, mounted, populate, seen, told
from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.filesystem.btrfs import read
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.index import Index, Kind, Trait
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

OWN = "01234567-89ab-4def-8123-456789abcdef"
SUPER = 64 * 1024
FORMS = {
    "usual": "",
    "one copy of metadata": "-m single",
    "data and metadata together": "--mixed",
    "small nodes": "-n 4096 --csum sha256",
    "large nodes": "-n 65536 --csum blake2",
    "other sums": "--csum xxhash",
    "old": "-O ^no-holes -R ^free-space-tree",
}


def empty(folder: Path, *options: str | Path) -> Path:
    image = folder / "btrfs"
    image.touch()
    os.truncate(image, 300 * MIB)
    run("mkfs.btrfs", "-q", "-L", "root", "-U", OWN, *options, image)
    return image


@cache
def made(form: str) -> tuple[Sparse, Seen]:
    with TemporaryDirectory() as name:
        folder, source = Path(name), Path(name) / "source"
        source.mkdir()
        populate(source, far=5 * MIB)
        for path in ("console", "disk"):  # mkfs.btrfs writes their numbers as the C library has them
            (source / path).unlink(missing_ok=True)
        image = empty(folder, *FORMS[form].split(), "--rootdir", source)
        return Sparse.of(image), seen(source)


def of(image: Sparse) -> Filesystem:
    return read(image, "root")


def without_own_time(found: Seen) -> Seen:
    """
    What mkfs.btrfs was given: the root's time is that of its own run.
    """
    kind, mode, uid, gid, size, _own, *rest = found[""]
    return {**found, "": (kind, mode, uid, gid, size, *rest)}


def listed(image: Sparse) -> Index:
    found = of(image)
    assert found.index is not None
    return found.index


@pytest.mark.parametrize("form", FORMS)
def test_every_path_comes_out_as_it_was_put_in(form: str) -> None:
    """
    Metadata, attributes, links and content are those of the folder that mkfs.btrfs was given.
    """
    image, expected = made(form)

    assert without_own_time(expected) == without_own_time(told(listed(image)))


@pytest.mark.parametrize(
    ("form", "has"),
    [
        ("usual", {"no-holes", "free-space-tree", "skinny-metadata", "extref", "crc32c"}),
        ("data and metadata together", {"mixed-bg"}),
        ("small nodes", {"sha256"}),
        ("large nodes", {"blake2b"}),
        ("other sums", {"xxhash64"}),
    ],
)
def test_features_have_the_names_of_mkfs(form: str, has: set[str]) -> None:
    """
    What was asked for is named.
    """
    assert has == set(of(made(form)[0]).features) & has


def test_a_filesystem_says_what_it_is() -> None:
    """
    Label, id, size and state are those that mkfs.btrfs was told; what is free holds zeros.
    """
    found = of(made("usual")[0])

    assert ("root", OWN, 300 * MIB, "clean", True, True) == (
        found.label, found.uuid, found.size, found.state,
        MIB < found.used < 20 * MIB, (found.free_zeroed or 0) > 0.9,
    )  # fmt: skip


@pytest.mark.parametrize(
    "packing", ["", ",compress-force=zlib", ",compress-force=lzo", ",compress-force=zstd"]
)
def test_what_the_kernel_wrote_is_read_as_the_kernel_reads_it(packing: str, tmp_path: Path) -> None:
    """
    Everything of each path, whatever packs the content.
    """
    image, expected = mounted(empty(tmp_path), tmp_path, packing, populate)

    assert expected == told(listed(image))


def _subvolumes(at: Path) -> None:
    for name in ("@", "@/var", "@home"):
        run("btrfs", "subvolume", "create", at / name)
        (at / name / "file").write_text(name)
    run("btrfs", "subvolume", "snapshot", at / "@", at / "before")
    (at / "@" / "file").write_text("changed")
    os.utime(at / "before/var", (0, 0))


def test_subvolumes_are_folders_of_the_top_level(tmp_path: Path) -> None:
    """
    Each has its own files; a subvolume of what a snapshot was made of is an empty folder in it.
    """
    image, _ = mounted(empty(tmp_path), tmp_path, "", _subvolumes, look=False)
    index = listed(image)
    expected = {"@/file": "changed", "@/var/file": "@/var", "@home/file": "@home", "before/file": "@"}

    assert (expected, True, ()) == (
        {one.path: index.text(one.path) for one in index if one.kind is Kind.FILE},
        index.is_folder("before/var"),
        index.remarks,
    )


def _another_default(at: Path) -> None:
    _subvolumes(at)
    run("btrfs", "subvolume", "set-default", at / "@/var")


@pytest.mark.parametrize(("make", "default"), [(_subvolumes, ""), (_another_default, "@/var")])
def test_what_a_mount_shows_is_known(make: Callable[[Path], None], default: str, tmp_path: Path) -> None:
    """
    The top level, or the subvolume that was made the default.
    """
    image, _ = mounted(empty(tmp_path), tmp_path, "", make, look=False)

    assert default == of(image).default


def test_what_is_in_the_log_only_is_told(tmp_path: Path) -> None:
    """
    A filesystem taken while it is mounted, after an fsync, needs recovery.
    """
    image, _ = mounted(empty(tmp_path), tmp_path, "", leave_a_log, spoil=True, look=False)

    assert "needs recovery: its log was not written back" == of(image).state


def with_sum(image: Sparse, at: int, new: bytes) -> Sparse:
    """
    The superblock changed, its sum put right.
    """
    changed = image.changed(SUPER + at, new)
    total = crc32c(changed.read_at(SUPER + 32, 4064)) ^ 0xFFFF_FFFF
    return changed.changed(SUPER, total.to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("spoil", "culprit"),
    [
        (lambda image: image.cut(SUPER + 4000), "the superblock of btrfs"),
        (lambda image: image.cut(2 * MIB).changed(SUPER + 64, b"x"), "no superblock of btrfs"),
        (lambda image: image.cut(2 * MIB).changed(SUPER + 299, b"x"), "its sum is wrong"),
        (lambda image: with_sum(image.cut(2 * MIB), 144, b"\xff" * 4), "makes no sense"),
        (lambda image: with_sum(image, 811 + 8, b"x"), "the chunks in the superblock"),
        (lambda image: with_sum(image, 80, b"\xff" * 7 + b"\0"), "which is in no chunk"),
        (lambda image: with_sum(image, 198, b"\6"), "tree 1 is damaged"),
        (lambda image: image.cut(2 * MIB), "lead beyond the end"),
    ],
)
def test_what_cannot_be_read_says_why(spoil: Callable[[Sparse], Sparse], culprit: str) -> None:
    """
    The message names the structure that is wrong.
    """
    assert culprit in refusal(lambda: of(spoil(made("usual")[0])))


@pytest.mark.parametrize(
    ("at", "new", "why"),
    [
        (136, b"\2", "spread over 2 devices, which is not read"),
        (60, b"\2", "a dump of metadata only"),
    ],
)
def test_what_is_not_read_is_named(at: int, new: bytes, why: str) -> None:
    """
    Nothing is listed, and the reason is there.
    """
    found = of(with_sum(made("usual")[0], at, new))

    assert (None, why) == (found.index, found.why)


def test_a_copy_of_the_superblock_is_read_and_told() -> None:
    """
    The files are there; the kernel would not mount it.
    """
    found = of(made("usual")[0].changed(SUPER + 299, b"x"))

    assert (True, "its first superblock is damaged; a copy was read") == (
        "empty" in (found.index or ()), found.state
    )  # fmt: skip


def test_a_log_is_told() -> None:
    """
    A superblock that names a log needs recovery.
    """
    found = of(with_sum(made("usual")[0], 96, b"\1"))

    assert "needs recovery: its log was not written back" == found.state


def test_a_folder_that_contains_itself_is_listed_once() -> None:
    """
    The circle costs one name, with a remark.
    """
    image, _ = made("one copy of metadata")
    key = (256).to_bytes(8, "little") + b"\1" + bytes(8)
    for at in _all(image, b"\2empty-folder"):
        image = image.changed(at - 29, key)  # where the name leads stands before it

    assert [("empty-folder", Trait.UNREADABLE)] == [(one.path, one.trait) for one in listed(image).remarks]


def _all(image: Sparse, text: bytes) -> list[int]:
    found = []
    for start, data in image.parts:
        at = data.find(text)
        while at >= 0:
            found.append(start + at)
            at = data.find(text, at + 1)
    return found


@settings(max_examples=40, deadline=2000)
@given(
    cut=st.none() | st.integers(0, 40 * MIB), flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)))
)
def test_whatever_is_damaged_is_refused_or_read(cut: int | None, flips: list[tuple[float, int]]) -> None:
    """
    Cut anywhere and changed anywhere, nothing but BadImage comes, and soon.
    """
    try:
        index = listed(made("small nodes")[0].flipped(flips).cut(300 * MIB if cut is None else cut))
        for one in index:
            if one.kind is Kind.FILE and one.size < MIB:
                index.read(one.path)
    except BadImage:
        return


def test_nothing_is_no_filesystem() -> None:
    """
    An empty volume is refused.
    """
    assert "lead beyond the end" in refusal(lambda: read(Bytes(b""), "root"))
