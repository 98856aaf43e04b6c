"""
ext2, ext3 and ext4 as mke2fs and debugfs make them, compared path by path; and ext that was spoiled.

Its parts (superblock, inodes, attributes) are proved here too.
"""

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import MIB, refusal, run
from tests.support.sparse import Sparse
from tests.support.trees import Seen, leave_a_log, mounted, populate, seen, told
from tundish.anatomy.filesystem.ext import read
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.index import Index, Kind, Trait
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

OWN = "01234567-89ab-4def-8123-456789abcdef"
FORMS = {
    "ext2": "-t ext2 -b 4096",
    "ext2, blocks of 1k": "-t ext2 -b 1024",
    "ext2, inodes of 128": "-t ext2 -I 128",
    "ext3": "-t ext3",
    "ext4": "-t ext4 -b 4096",
    "ext4, blocks of 1k": "-t ext4 -b 1024",
    "ext4, blocks of 64k": "-t ext4 -b 65536",
    "no extents": "-t ext4 -b 1024 -O ^extent,^64bit",
    "meta_bg": "-t ext4 -b 1024 -g 1024 -O meta_bg,^resize_inode",
    "meta_bg, 32 bits": "-t ext4 -b 1024 -g 1024 -O meta_bg,^resize_inode,^64bit,^flex_bg,^metadata_csum",
    "32 bits": "-t ext4 -O ^64bit,^metadata_csum,uninit_bg",
    "inline_data": "-t ext4 -I 512 -O inline_data",
    "large_dir": "-t ext4 -b 1024 -O large_dir",
    "ea_inode": "-t ext4 -O ea_inode",
    "sparse_super2": "-t ext4 -b 1024 -O sparse_super2,^resize_inode",
    "bigalloc": "-t ext4 -O bigalloc -C 16384",
    "casefold": "-t ext4 -O casefold -E encoding=utf8",
    "without filetype": "-t ext2 -O ^filetype,^sparse_super,^resize_inode",
    "no journal": "-t ext4 -O ^has_journal",
}

FAR = {"no extents", "ext2, blocks of 1k"}  # where a block of blocks of blocks of blocks is needed


def empty(folder: Path, *options: str | Path, size: int = 90) -> Path:
    image = folder / "ext"
    image.touch()
    os.truncate(image, size * MIB)
    run("mke2fs", "-q", "-F", "-L", "root", "-U", OWN, *options, image)
    return image


@cache
def made(form: str) -> tuple[Sparse, Seen]:
    with TemporaryDirectory() as name:
        folder, source = Path(name), Path(name) / "source"
        source.mkdir()
        populate(source, large=600, many=250, far=70 * MIB if form in FAR else 3 * MIB)
        if form == "ext2, inodes of 128":  # its times have no more than 32 bits
            os.utime(source / "pipe", (1, 1))
        if form == "inline_data":  # mke2fs rounds the size of a file that ends with a hole
            os.truncate(source / "holes", 3 * MIB + 8)
        image = empty(folder, *FORMS[form].split(), "-d", source)
        return Sparse.of(image), seen(source)


def of(image: Sparse) -> Filesystem:
    return read(image, "root")


def listed(image: Sparse) -> Index:
    found = of(image)
    assert found.index is not None
    return found.index


def without_own(found: Seen) -> Seen:
    """
    What mke2fs was given: not its own folder, nor the root, of which it sets the time.
    """
    return {path: what for path, what in found.items() if path not in {"", "lost+found"}}


@pytest.mark.parametrize("form", FORMS)
def test_every_path_comes_out_as_it_was_put_in(form: str) -> None:
    """
    Metadata, attributes, links and content are those of the folder that mke2fs was given.
    """
    image, expected = made(form)

    assert without_own(expected) == without_own(told(listed(image)))


@pytest.mark.parametrize("form", FORMS)
def test_features_have_the_names_of_e2fsprogs(form: str, tmp_path: Path) -> None:
    """
    They are those that dumpe2fs lists, in whatever order.
    """
    image, _ = made(form)
    image.write(tmp_path / "ext")
    said = run("dumpe2fs", "-h", tmp_path / "ext").decode()
    line = next(one for one in said.splitlines() if one.startswith("Filesystem features:"))

    assert sorted(line.partition(":")[2].split()) == sorted(of(image).features)


def test_a_filesystem_says_what_it_is() -> None:
    """
    Label, id, size and state are those that mke2fs was told; what is free holds zeros.
    """
    found = of(made("ext4")[0])

    assert ("root", OWN, 90 * MIB, "clean", True, 1.0) == (
        found.label, found.uuid, found.size, found.state, 5 * MIB < found.used < 40 * MIB, found.free_zeroed
    )  # fmt: skip


@pytest.mark.parametrize("options", ["-t ext4", "-t ext4 -b 1024 -O inline_data", "-t ext3", "-O ea_inode"])
def test_what_the_kernel_wrote_is_read_as_the_kernel_reads_it(options: str, tmp_path: Path) -> None:
    """
    Everything of each path, with what mke2fs does not make: folders with a tree of hashes, lists of access.
    """
    image, expected = mounted(empty(tmp_path, *options.split()), tmp_path, "", _fill)

    assert expected == told(listed(image))


def _fill(at: Path) -> None:
    populate(at, many=1500, far=5 * MIB, large=600)
    try:
        os.setxattr(at / "empty", "user.huge", b"h" * 30_000)
    except OSError:
        os.setxattr(at / "empty", "user.huge", b"h" * 900)


def test_what_is_in_the_journal_only_is_told(tmp_path: Path) -> None:
    """
    A filesystem taken while it is mounted needs recovery, and is read as it stands.
    """
    image, _ = mounted(empty(tmp_path, "-t", "ext4"), tmp_path, "", leave_a_log, spoil=True, look=False)
    found = of(image)

    assert (True, "needs recovery: its journal was not written back") == (
        "lost+found" in (found.index or ()), found.state
    )  # fmt: skip


def spoiled(folder: Path, *commands: str, form: str = "-t ext4", source: bool = True) -> Sparse:
    """
    A filesystem after debugfs did something to it.
    """
    inside = folder / "inside"
    inside.mkdir()
    if source:
        populate(inside, far=5 * MIB, large=600)
    image = empty(folder, *form.split(), "-d", inside, size=64)
    run("debugfs", "-w", "-f", "-", image, said="\n".join(commands) + "\n")
    return Sparse.of(image)


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ("feature needs_recovery", "needs recovery: its journal was not written back"),
        ("ssv state 2", "has errors, as its own system noted"),
    ],
)
def test_what_an_installer_could_not_mount_is_told(command: str, state: str, tmp_path: Path) -> None:
    """
    The state says what the superblock says.
    """
    assert state == of(spoiled(tmp_path, command)).state


def test_an_encrypted_folder_is_named_and_not_read(tmp_path: Path) -> None:
    """
    Its own name is listed, with a remark; the others are read.
    """
    image = spoiled(tmp_path, "sif few flags 0x80800")
    remarks = [(one.path, one.trait) for one in listed(image).remarks]

    assert [("few", Trait.UNSUPPORTED)] == remarks


def test_a_folder_that_contains_itself_is_listed_once(tmp_path: Path) -> None:
    """
    The circle costs one name, with a remark.
    """
    image = spoiled(tmp_path, "link etc etc/deep/circle")

    assert [("etc/deep/circle", Trait.UNREADABLE)] == [(one.path, one.trait) for one in listed(image).remarks]


@pytest.mark.parametrize(
    "command",
    [
        "sif empty-folder block[0] 0x12345678",
        "sif empty-folder mode 0xf000",
        "sif few block[0] 0x0001ffff",
        "sif etc/noise block[5] 0xfffffff0",
        "sif holes block[0] 0xfffff30a",
    ],
)
def test_what_is_damaged_costs_its_own_path_only(command: str, tmp_path: Path) -> None:
    """
    Everything else is listed and read.
    """
    index = listed(spoiled(tmp_path, command))
    files = [one.path for one in index if one.kind is Kind.FILE]
    wrong = {path for path in files if refusal(partial(index.read, path))}

    assert {command.split()[1]} == wrong | {one.path for one in index.remarks}


def test_a_journal_of_its_own_is_named(tmp_path: Path) -> None:
    """
    It holds no files.
    """
    found = of(Sparse.of(empty(tmp_path, "-O", "journal_dev")))

    assert (None, "the journal of another filesystem") == (found.index, found.why)


@pytest.mark.parametrize(
    ("spoil", "culprit"),
    [
        (lambda image: image.cut(1500), "the superblock of ext"),
        (lambda image: image.changed(1024 + 56, b"x"), "no superblock of ext"),
        (lambda image: image.changed(1024 + 0x78, b"x"), "its sum is wrong"),
        (lambda image: image.changed(1024 + 0x64, bytes(4)).changed(1024 + 0x28, bytes(4)), "makes no sense"),
        (lambda image: image.cut(2 * MIB).cut(4096), "lead beyond the end"),
    ],
)
def test_what_cannot_be_read_says_why(spoil: Callable[[Sparse], Sparse], culprit: str) -> None:
    """
    The message names the structure that is wrong.
    """
    assert culprit in refusal(lambda: of(spoil(made("ext4")[0])))


def test_ten_million_inodes_that_are_not_there_cost_nothing() -> None:
    """
    A superblock may claim them; only what folders name is read.
    """
    image = made("ext2")[0].changed(1024, (10_000_000).to_bytes(4, "little"))

    assert "makes no sense" in refusal(lambda: of(image))


def test_a_volume_that_was_cut_short_is_listed_and_told() -> None:
    """
    What is there is read.
    """
    found = of(made("ext4")[0].cut(89 * MIB))

    assert (True, True) == ("empty" in (found.index or ()), found.state.startswith("cut short"))


@settings(max_examples=40, deadline=2000)
@given(
    form=st.sampled_from(["ext2, blocks of 1k", "32 bits", "inline_data"]),
    cut=st.none() | st.integers(0, 40 * MIB),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255))),
)
def test_whatever_is_damaged_is_refused_or_read(
    form: str, cut: int | None, flips: list[tuple[float, int]]
) -> None:
    """
    Cut anywhere and changed anywhere, nothing but BadImage comes, and soon.
    """
    try:
        index = listed(made(form)[0].flipped(flips).cut(90 * MIB if cut is None else cut))
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
