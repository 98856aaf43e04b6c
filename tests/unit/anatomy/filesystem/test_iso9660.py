"""
ISO9660 as xorriso and genisoimage make it, compared path by path with the tree it was made of.
"""

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import MIB, damaged, patched, refusal, run
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.iso9660 import read
from tundish.anatomy.filesystem.rock_ridge import long_seconds, seconds
from tundish.anatomy.index import Entry, Index, Kind, Trait
from tundish.anatomy.readable import Bytes, Readable
from tundish.core.errors import BadImage

MAKERS = {
    "xorriso": ("xorriso", "-as", "mkisofs", "-R", "-J", "-V", "VOLUME"),
    "genisoimage": ("genisoimage", "-quiet", "-R", "-V", "VOLUME"),
}
DEEP = "a/b/c/d/e/f/g/h/i/j/deep"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / DEEP).parent.mkdir(parents=True)
    (root / DEEP).write_text("deep\n")
    (root / "etc").mkdir()
    (root / "etc/big").write_bytes(bytes(range(256)) * 3000)
    (root / "etc/big").chmod(0o4755)
    os.link(root / "etc/big", root / "etc/hard")
    (root / "etc/relative").symlink_to("../a/b")
    (root / "etc/absolute").symlink_to("/abs/olute")
    (root / ("n" * 240)).write_text("long name\n")
    (root / "ä ü").write_text("letters\n")
    (root / "empty").write_bytes(b"")
    os.mkfifo(root / "etc/fifo")
    os.utime(root / "etc/fifo", (1_000_000_000, 1_000_000_000))
    (root / "many").mkdir()
    for number in range(200):
        (root / f"many/File Number {number}.Text").write_text(f"{number}\n")
    return root


@pytest.fixture(scope="module", params=MAKERS)
def made(request: pytest.FixtureRequest, tree: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("iso") / "iso"
    run(*MAKERS[request.param], "-o", target, tree)
    return target.read_bytes()


def plain(tree: Path, folder: Path, *options: str) -> bytes:
    run("genisoimage", "-quiet", "-D", "-V", "VOLUME", *options, "-o", folder / "iso", tree)
    return (folder / "iso").read_bytes()


def listed(found: Filesystem) -> Index:
    assert found.index is not None
    return found.index


def index_of(data: bytes) -> Index:
    return listed(read(Bytes(data), "cd"))


def _metadata(index: Index) -> Iterator[tuple[str, int, int, int, int, str]]:
    for one in index:
        if one.path != "rr_moved":
            yield one.path, _type(one) | one.mode, one.uid, one.gid, one.mtime, one.target


def _type(one: Entry) -> int:
    kinds = {Kind.FILE: stat.S_IFREG, Kind.FOLDER: stat.S_IFDIR, Kind.LINK: stat.S_IFLNK}
    return kinds.get(one.kind, stat.S_IFIFO)


def _real(tree: Path) -> Iterator[tuple[str, int, int, int, int, str]]:
    for path in sorted([tree, *tree.rglob("*")]):
        found = path.lstat()
        name = path.relative_to(tree).as_posix()
        target = str(path.readlink()) if path.is_symlink() else ""
        mtime = int(found.st_mtime)
        yield "" if name == "." else name, found.st_mode, found.st_uid, found.st_gid, mtime, target


def test_rock_ridge_keeps_every_path_as_it_was(made: bytes, tree: Path) -> None:
    """
    Names, kinds, modes, owners, times and links are those of the tree, at any depth.
    """
    assert sorted(_real(tree)) == sorted(_metadata(index_of(made)))


def test_every_file_comes_out_byte_for_byte(made: bytes, tree: Path) -> None:
    """
    The content of each file is that of the tree.
    """
    index = index_of(made)
    expected = {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file() and not path.is_symlink()
    }

    assert expected == {one.path: index.read(one.path) for one in index if one.kind is Kind.FILE}


def test_a_volume_says_what_it_is(made: bytes) -> None:
    """
    Its label, that it is whole, and that it has the names of a Unix.
    """
    found = read(Bytes(made), "cd")

    assert ("VOLUME", "clean", "rock-ridge", 22) == (
        found.label, found.state, found.features[0], len(found.uuid)
    )  # fmt: skip


def test_joliet_serves_where_there_is_no_rock_ridge(tree: Path, tmp_path: Path) -> None:
    """
    Long names with their case, of a volume made for Windows.
    """
    index = index_of(plain(tree, tmp_path, "-J"))

    assert b"7\n" == index.read("many/File Number 7.Text")


def test_plain_names_are_shown_in_small_letters(tmp_path: Path) -> None:
    """
    As Linux does, without the number of the version.
    """
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/README.TXT").write_text("read\n")

    assert b"read\n" == index_of(plain(tmp_path / "tree", tmp_path)).read("readme.txt")


def test_a_volume_that_boots_says_on_which_firmware(tmp_path: Path) -> None:
    """
    The catalogue of El Torito names its platforms.
    """
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("bios", "efi"):
        (tree / name).write_bytes(bytes(2048))
    boots = ("-b", "bios", "-no-emul-boot", "-boot-load-size", "4", "-eltorito-alt-boot")
    run(*MAKERS["xorriso"], "-c", "cat", *boots, "-e", "efi", "-no-emul-boot", "-o", tmp_path / "iso", tree)
    found = read(Bytes((tmp_path / "iso").read_bytes()), "cd")

    assert ("el-torito", "el-torito-bios", "el-torito-efi") == found.features[-3:]


def test_a_long_target_of_a_link_is_put_together(tmp_path: Path) -> None:
    """
    A target that needs several fields, and a continuation elsewhere, is whole.
    """
    target = "/".join(["/.", "..", *["y" * 100] * 9])
    (tmp_path / "tree").mkdir()
    os.symlink(target, tmp_path / "tree/link")  # noqa: PTH211 # a Path would lose the dot
    run(*MAKERS["xorriso"], "-o", tmp_path / "iso", tmp_path / "tree")
    entry = index_of((tmp_path / "iso").read_bytes()).get("link")

    assert entry is not None
    assert target == entry.target


def test_a_folder_that_leads_back_to_the_root_is_left_out(made: bytes) -> None:
    """
    Such a circle is remarked, and the other folders are listed.
    """
    root = made[32768 + 158 : 32768 + 162]
    record = made.index(b"\x01A", int.from_bytes(root, "little") * 2048) - 32
    index = index_of(patched(made, record + 2, root))

    assert [(Trait.UNREADABLE, "a")] == [(one.trait, one.path) for one in index.remarks]


@pytest.mark.parametrize(
    ("at", "new", "sentence"),
    [
        (32769, b"CD002", "no primary volume descriptor"),
        (32768 + 128, b"\1\0", "blocks of 1 bytes"),
        (32768 + 158, b"\xff\xff\xff\0", "lead beyond the end"),
    ],
)
def test_a_volume_that_makes_no_sense_is_refused(made: bytes, at: int, new: bytes, sentence: str) -> None:
    """
    What the first descriptor claims is held against what is there.
    """
    with pytest.raises(BadImage, match=sentence):
        read(Bytes(patched(made, at, new)), "cd")


def test_a_record_at_the_very_end_of_a_folder_is_held_to_it(made: bytes) -> None:
    """
    A length without room for the rest of its record is damage, of which the others know nothing.
    """
    root = int.from_bytes(made[32768 + 158 : 32768 + 162], "little") * 2048
    long = patched(made, 32768 + 166, (33).to_bytes(4, "little"))

    assert "damaged record" in refusal(lambda: read(Bytes(patched(long, root, b"\x22")), "cd"))


def test_a_volume_cut_short_says_so(made: bytes) -> None:
    """
    What is there is listed; what is missing shows when it is read.
    """
    found = read(Bytes(made[:-300_000]), "cd")

    assert found.state.startswith("cut short")


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [(bytes([101, 9, 9, 2, 46, 40, 4]), 1_000_000_000), (bytes([200, 13, 40, 99, 0, 0, 0]), 0), (b"", 0)],
)
def test_a_time_has_a_zone_or_is_none(stamp: bytes, expected: int) -> None:
    """
    Zones count quarters of an hour; what is no time is 0.
    """
    assert expected == seconds(stamp)


def test_a_long_time_is_read() -> None:
    """
    Sixteen digits and a zone.
    """
    assert 1_000_000_000 == long_seconds(b"2001090901464000\0")


def _all(data: Readable) -> None:
    index = listed(read(data, "cd"))
    for one in index:
        if one.kind is Kind.FILE and one.size < MIB:
            refusal(partial(index.read, one.path))


@settings(max_examples=40, deadline=10_000)
@given(
    cut=st.one_of(st.integers(0, 300_000), st.just(4 * MIB)),
    flips=st.lists(st.tuples(st.integers(32768, 100_000), st.integers(1, 255)), max_size=6),
)
def test_damage_anywhere_ends_in_the_named_error(made: bytes, cut: int, flips: list[tuple[int, int]]) -> None:
    """
    A volume cut short or spoiled is listed and read, or refused with BadImage.
    """
    spoiled = damaged(made, cut, flips)

    assert isinstance(refusal(lambda: _all(spoiled)), str)
