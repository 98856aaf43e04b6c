"""
XFS as mkfs.xfs, xfs_db and the kernel make it, compared path by path; and XFS that was spoiled.

Its parts (superblock, inodes, folders, attributes, log, free space, the walk) are proved here too.
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
from tests.support.trees import leave_a_log, mounted, populate, told
from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.xfs import read
from tundish.anatomy.index import Index, Kind, Trait
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

OWN = "01234567-89ab-4def-8123-456789abcdef"
FORMS = {
    "v5": "",
    "v4": "-m crc=0",
    "v4 without kinds": "-m crc=0 -b size=512 -i size=256 -n ftype=0",
    "small blocks": "-b size=1k -n size=8k",
    "large folders": "-n size=65536",
    "all new": "-m rmapbt=1,bigtime=1,inobtcount=1 -i nrext64=1,size=2048",
    "all old": "-m bigtime=0,reflink=0,finobt=0 -i sparse=0",
}
COUNTS = {"none": 0, "few": 3, "some": 90, "many": 700}
CONTENT = bytes(range(256)) * 777


def proto(source: Path) -> str:
    """
    What mkfs.xfs puts into the filesystem, in its own language.
    """
    lines = ["/none", "0 0", "d--755 3 4", f"file -u-751 100000 70000 {source / 'content'}"]
    lines += ["pipe p--640 1 2", "disk b--660 0 6 8 17", "tape c--600 0 0 5 300"]
    lines += ["short l--777 0 0 some/target", f"long l--777 0 0 {'x' * 300}"]
    for name, count in COUNTS.items():
        lines.append(f"{name} d-g750 0 0")
        lines += [f"{name}-number-{number} ---644 0 0 {source / 'empty'}" for number in range(count)]
        lines.append("$")
    return "\n".join([*lines, "$"]) + "\n"


@cache
def made(form: str) -> Sparse:
    with TemporaryDirectory() as folder:
        image, source = Path(folder) / "xfs", Path(folder)
        (source / "content").write_bytes(CONTENT)
        (source / "empty").write_bytes(b"")
        (source / "proto").write_text(proto(source))
        image.touch()
        os.truncate(image, 320 * MIB)
        options = ["-m", f"uuid={OWN}", *FORMS[form].split()]
        run("mkfs.xfs", "-q", "-L", "root", "-p", source / "proto", *options, image)
        return Sparse.of(image)


def of(image: Sparse) -> Filesystem:
    return read(image, "root")


def listed(image: Sparse) -> Index:
    found = of(image)
    assert found.index is not None
    return found.index


@pytest.mark.parametrize("form", FORMS)
def test_every_name_is_listed(form: str) -> None:
    """
    Folders in the inode, in one block and in many have the names that mkfs.xfs was given.
    """
    names = {f"{name}/{name}-number-{number}" for name, count in COUNTS.items() for number in range(count)}
    top = {"", "file", "pipe", "disk", "tape", "short", "long", *COUNTS}

    assert (names | top, ()) == ({one.path for one in listed(made(form))}, listed(made(form)).remarks)


@pytest.mark.parametrize("form", FORMS)
def test_what_a_file_is_comes_out(form: str) -> None:
    """
    Kind, mode, owner, device, target and size are those that mkfs.xfs was given.
    """
    index = listed(made(form))
    expected = [
        (Kind.FOLDER, 0o755, 3, 4, (0, 0), "", 0),
        (Kind.FILE, 0o4751, 100_000, 70_000, (0, 0), "", len(CONTENT)),
        (Kind.FIFO, 0o640, 1, 2, (0, 0), "", 0),
        (Kind.BLOCK, 0o660, 0, 6, (8, 17), "", 0),
        (Kind.CHAR, 0o600, 0, 0, (5, 300), "", 0),
        (Kind.LINK, 0o777, 0, 0, (0, 0), "some/target", 11),
        (Kind.LINK, 0o777, 0, 0, (0, 0), "x" * 300, 300),
        (Kind.FOLDER, 0o2750, 0, 0, (0, 0), "", 0),
    ]
    entries = [index.get(path) for path in ("", "file", "pipe", "disk", "tape", "short", "long", "many")]

    assert expected == [
        (one.kind, one.mode, one.uid, one.gid, one.device, one.target, one.size) for one in entries if one
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_content_of_a_file_comes_out(form: str) -> None:
    """
    Byte by byte as it was put in.
    """
    assert CONTENT == listed(made(form)).read("file")


@pytest.mark.parametrize(
    ("form", "has", "has_not"),
    [
        ("v5", {"crc", "ftype", "sparse", "reflink", "bigtime", "inobtcount", "finobt"}, {"nrext64"}),
        ("all new", {"rmapbt", "nrext64", "bigtime"}, set()),
        ("all old", {"crc", "ftype"}, {"bigtime", "reflink", "finobt", "sparse"}),
        ("v4", {"ftype", "attr2", "lazy-count"}, {"crc", "reflink"}),
        ("v4 without kinds", set(), {"crc", "ftype"}),
    ],
)
def test_features_have_the_names_of_xfs_info(form: str, has: set[str], has_not: set[str]) -> None:
    """
    What was asked for is named, what was not is not.
    """
    features = set(of(made(form)).features)

    assert (has, set()) == (features & has, features & has_not)


def test_a_filesystem_says_what_it_is() -> None:
    """
    Label, id, size and state are those that mkfs.xfs was told; most of it is free, and zeros.
    """
    found = of(made("v5"))

    assert ("root", OWN, 320 * MIB, "clean", True, 1.0) == (
        found.label, found.uuid, found.size, found.state, 0 < found.used < 80 * MIB, found.free_zeroed
    )  # fmt: skip


@pytest.fixture(scope="module")
def with_attributes(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """
    Attributes in the inode, in a block, in a tree of blocks, and in blocks of their own.
    """
    image = tmp_path_factory.mktemp("xfs") / "xfs"
    source = image.parent
    (source / "content").write_bytes(b"1")
    (source / "empty").write_bytes(b"")
    (source / "proto").write_text(proto(source))
    image.touch()
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", "-p", source / "proto", image)
    commands = ["path /file", "attr_set -u -v 9 small", "attr_set -s -v 20 selinux", "attr_set -r -v 1 t"]
    commands += ["path /few", "attr_set -u -v 3000 block"]
    commands += ["path /some", "attr_set -u -v 60000 huge"]
    commands += ["path /many", *(f"attr_set -u -v {number * 5 + 1} number{number}" for number in range(120))]
    run("xfs_db", "-x", image, said="\n".join(commands) + "\n")
    return listed(Sparse.of(image))


@pytest.mark.parametrize(
    ("path", "sizes"),
    [
        ("file", {"user.small": 9, "security.selinux": 20, "trusted.t": 1}),
        ("few", {"user.block": 3000}),
        ("some", {"user.huge": 60_000}),
        ("many", {f"user.number{number}": number * 5 + 1 for number in range(120)}),
        ("none", {}),
    ],
)
def test_attributes_come_out_wherever_they_are(
    with_attributes: Index, path: str, sizes: dict[str, int]
) -> None:
    """
    Names and values are those that xfs_db was given: letters v, so many.
    """
    entry = with_attributes.get(path)

    assert {name: b"v" * size for name, size in sizes.items()} == dict(entry.xattrs if entry else ())


@pytest.mark.parametrize("options", ["", "-b size=1k -n size=4k", "-m rmapbt=1 -i nrext64=1"])
def test_what_the_kernel_wrote_is_read_as_the_kernel_reads_it(options: str, tmp_path: Path) -> None:
    """
    Everything of each path: metadata, access lists, capabilities, holes, extents in a tree, content.
    """
    image = tmp_path / "xfs"
    image.touch()
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", *options.split(), image)
    made_so, expected = mounted(image, tmp_path, "", populate)

    assert expected == told(listed(made_so))


def test_what_is_in_the_log_only_is_told(tmp_path: Path) -> None:
    """
    A filesystem taken while it is mounted needs recovery.
    """
    image = tmp_path / "xfs"
    image.touch()
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", image)
    taken, _ = mounted(image, tmp_path, "", leave_a_log, spoil=True, look=False)

    assert "needs recovery: its log was not written back" == of(taken).state


def test_a_log_that_does_not_end_with_unmounting_is_told() -> None:
    """
    The last record lacks its flag, as after a crash.
    """
    image = made("v5")
    spoiled = image.changed(image.find(b"\xfe\xed\xba\xbe") + 512 + 9, b"\0")

    assert "needs recovery: its log was not written back" == of(spoiled).state


def test_a_file_of_an_exbibyte_is_listed_and_not_materialised(tmp_path: Path) -> None:
    """
    Its size comes out, and its first bytes are zeros.
    """
    image = tmp_path / "xfs"
    image.touch()
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", image)
    taken, _ = mounted(image, tmp_path, "", lambda at: _grow(at / "large"), look=False)
    index = listed(taken)
    entry = index.get("large")

    assert (1 << 60, b"\0" * MIB) == (entry.size if entry else 0, next(iter(index.stream("large"))))


def _grow(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 60)


def with_sum(image: Sparse, at: int, new: bytes) -> Sparse:
    """
    The superblock changed, its sum put right.
    """
    block = bytearray(image.changed(at, new).read_at(0, 512))
    block[224:228] = bytes(4)
    total = crc32c(bytes(block)) ^ 0xFFFF_FFFF
    return image.changed(at, new).changed(224, total.to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("spoil", "culprit"),
    [
        (lambda image: image.changed(0, b"XFSX"), "no superblock"),
        (lambda image: image.changed(4, bytes(4)), "makes no sense: version 5, "),
        (lambda image: image.changed(88, b"\xff" * 4), "makes no sense"),
        (lambda image: image.changed(100, b"\0\6"), "version 6"),
        (lambda image: image.changed(108, b"other"), "its sum is wrong"),
        (lambda image: image.cut(100), "lead beyond the end"),
        (lambda image: with_sum(image, 56, bytes(7) + b"\1"), "inode 1 is damaged"),
        (lambda image: with_sum(image, 56, b"\xff" * 8), "there can be no inode"),
    ],
)
def test_what_cannot_be_read_says_why(spoil: Callable[[Sparse], Sparse], culprit: str) -> None:
    """
    The message names the structure that is wrong.
    """
    assert culprit in refusal(lambda: of(spoil(made("v5"))))


@pytest.mark.parametrize(
    ("at", "new", "state"),
    [
        (126, b"\1", "was not made to its end"),
        (216, (0x1B).to_bytes(4, "big"), "needs repair, as its own system noted"),
        (48, bytes(8), "has its log on another device"),
    ],
)
def test_what_an_installer_could_not_mount_is_told(at: int, new: bytes, state: str) -> None:
    """
    The state says what the superblock says.
    """
    assert state == of(with_sum(made("v5"), at, new)).state


def test_a_volume_that_was_cut_short_is_listed_and_told() -> None:
    """
    What is there is read.
    """
    found = of(made("v5").cut(319 * MIB))

    assert (True, True) == ("file" in (found.index or ()), found.state.startswith("cut short"))


def test_a_folder_that_contains_itself_is_listed_once() -> None:
    """
    The circle costs one name, with a remark.
    """
    image = made("v5")
    root = int.from_bytes(image.read_at(56, 8), "big")
    spoiled = image.changed(image.find(b"none\x02") + 5, root.to_bytes(4, "big"))
    remarks = listed(spoiled).remarks

    assert [("none", Trait.UNREADABLE)] == [(one.path, one.trait) for one in remarks]


def test_a_damaged_inode_costs_its_own_path_only() -> None:
    """
    The others are listed, and a remark names the one.
    """
    image = made("v5")
    place = listed(image).get("file")
    number = place.place if place else 0
    block = number // 8 * 4096 + number % 8 * 512  # in the first group, of 8 in a block
    index = listed(image.changed(block, b"XX"))

    assert (["file"], True, False) == ([one.path for one in index.remarks], "pipe" in index, "file" in index)


@settings(max_examples=40, deadline=2000)
@given(size=st.integers(0, 40 * MIB), flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255))))
def test_whatever_is_damaged_is_refused_or_read(size: int, flips: list[tuple[float, int]]) -> None:
    """
    Cut anywhere and changed anywhere, nothing but BadImage comes, and soon.
    """
    try:
        index = listed(made("v5").flipped(flips).cut(size if size % 2 else 320 * MIB))
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
