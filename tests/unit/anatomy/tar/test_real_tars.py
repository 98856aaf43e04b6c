"""
Tars of the programs that make them, compared with the tree they were made of.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.tars import listing_of
from tundish.anatomy.index import Index, Kind
from tundish.core.digest import Digest

LONG = "/".join(["a-folder-with-a-long-name-of-forty-letters"] * 9)
FORMS = ("v7", "ustar", "oldgnu", "gnu", "pax")


def made(folder: Path, *options: str, program: str = "tar") -> bytes:
    command = (program, *options, "-cf", "-", ".")
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A tree with every kind of path that a form without long names can hold.
    """
    root = tmp_path_factory.mktemp("tree")
    (root / "etc").mkdir(mode=0o750)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/bash\n")
    (root / "etc/empty").touch(mode=0o600)
    (root / "etc/big").write_bytes(os.urandom(300_000))
    (root / "bin").symlink_to("usr/bin")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/su").write_bytes(b"\x7fELF su")
    (root / "usr/bin/su").chmod(0o4755)
    os.link(root / "usr/bin/su", root / "usr/bin/z-su")
    os.mkfifo(root / "etc/pipe", 0o622)
    os.utime(root / "etc/passwd", (1_000_000_000, 1_234_567_890))
    return root


def facts(index: Index) -> Sequence[tuple[object, ...]]:
    return [
        (one.path, one.kind, one.mode, one.uid, one.gid, one.mtime, one.target, one.first, one.digest)
        for one in index
    ]


def facts_on_disk(root: Path) -> Sequence[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for path in [root, *root.rglob("*")]:
        about, name = path.lstat(), path.relative_to(root).as_posix().removeprefix(".")
        is_file = path.is_file() and not path.is_symlink()
        kind = Kind.LINK if path.is_symlink() else Kind.FOLDER if path.is_dir() else Kind.FILE
        kind = Kind.FIFO if path.is_fifo() else kind
        first = "usr/bin/su" if name == "usr/bin/z-su" else ""
        digest = Digest.of(path.read_bytes()) if is_file else None
        target = str(path.readlink()) if path.is_symlink() else ""
        mode = about.st_mode & 0o7777
        found.append(
            (name, kind, mode, about.st_uid, about.st_gid, int(about.st_mtime), target, first, digest)
        )
    return sorted(found)


@pytest.mark.parametrize("form", FORMS)
def test_a_tar_of_gnu_tar_is_the_tree(tree: Path, form: str) -> None:
    """
    Path by path, a tar of each form says what stands on the disk, and every digest fits.
    """
    without = ("--exclude=./etc/pipe",) if form == "v7" else ()  # which has no pipes
    listing = listing_of(made(tree, f"--format={form}", "--sort=name", *without))

    expected = [one for one in facts_on_disk(tree) if not without or one[0] != "etc/pipe"]
    assert (expected, (), "") == (facts(listing.index), listing.index.remarks, listing.fault)


@pytest.mark.parametrize("form", ["ustar", "pax", "gnutar"])
def test_a_tar_of_bsdtar_is_the_tree(tree: Path, form: str) -> None:
    """
    The forms of libarchive are read as well; which name of a file comes first is its choice.
    """
    listing = listing_of(made(tree, "--format", form, program="bsdtar"))

    expected = [one[:7] + one[8:] for one in facts_on_disk(tree)]
    assert expected == [one[:7] + one[8:] for one in facts(listing.index)]


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_names_of_any_length_are_read(tmp_path: Path, form: str) -> None:
    """
    Paths and targets longer than a header come from the headers before it.
    """
    (tmp_path / LONG).mkdir(parents=True)
    (tmp_path / LONG / "file").write_text("x")
    (tmp_path / "link").symlink_to(LONG)
    os.link(tmp_path / LONG / "file", tmp_path / LONG / "second")
    index = listing_of(made(tmp_path, f"--format={form}", "--sort=name")).index

    second = index.get(f"{LONG}/second")
    assert (True, f"{LONG}/file", LONG) == (
        f"{LONG}/file" in index,
        second and second.first,
        (found := index.get("link")) and found.target,
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--format=oldgnu",),
        ("--format=gnu",),
        ("--format=pax", "--sparse-version=0.0"),
        ("--format=pax", "--sparse-version=0.1"),
        ("--format=pax", "--sparse-version=1.0"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("parts", [1, 5, 40])
def test_files_with_holes_are_read_in_every_form(
    tmp_path: Path, options: tuple[str, ...], parts: int
) -> None:
    """
    A file with holes has the size and digest of the whole file, and its content is the same.
    """
    with (tmp_path / "file").open("wb") as file:
        for number in range(parts):
            file.seek(number * 500_000 + 100_000)
            file.write(os.urandom(5000))
        file.truncate(parts * 500_000 + 777_777)
    (tmp_path / "zz").write_text("after it")
    data = (tmp_path / "file").read_bytes()
    tar = made(tmp_path, "--sparse", *options, "--sort=name")
    listing = listing_of(tar)

    entry = listing.index.get("file")
    assert (True, len(data), Digest.of(data), data, b"after it") == (
        len(tar) < len(data),
        entry and entry.size,
        entry and entry.digest,
        listing.index.read("file"),
        listing.index.read("zz"),
    )


def test_a_file_of_an_exabyte_is_listed(tmp_path: Path) -> None:
    """
    A file of 1 EiB of nothing has its size, and no digest.
    """
    with (tmp_path / "lastlog").open("wb") as file:
        file.truncate(2**43)
    tar = made(tmp_path, "--sparse", "--format=pax", "--sparse-version=0.1")
    tar = patched(tar, b"GNU.sparse.size=8796093022208", b"GNU.sparse.size=1152921504606846976")
    entry = listing_of(tar).index.get("lastlog")

    assert (2**60, None) == (entry and entry.size, entry and entry.digest)


def patched(tar: bytes, before: bytes, after: bytes) -> bytes:
    """
    The tar with a record changed, and the lengths before it.
    """
    grown = len(after) - len(before)
    at = tar.index(before)
    begin = tar.rindex(b"\n" if b"\n" in tar[at - 60 : at] else b"\0", 0, at) + 1
    length = tar[begin : tar.index(b" ", begin)]
    record = str(int(length) + grown).encode() + tar[begin + len(length) : at] + after
    head = tar.rindex(b"PaxHeader", 0, at) // 512 * 512
    size = int(tar[head + 124 : head + 135], 8) + grown
    block = bytearray(tar[head : head + 512])
    block[124:135] = b"%011o" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    end = head + 512 + (size + 511) // 512 * 512
    body = tar[head + 512 : begin] + record + tar[at + len(before) :]
    return tar[:head] + bytes(block) + body[: end - head - 512] + body[end - head - 512 + grown :]


def test_attributes_are_read_as_they_are(tmp_path: Path) -> None:
    """
    Capabilities and others come from the keys of GNU tar and of libarchive, binary as they are.
    """
    path = tmp_path / "ping"
    path.write_text("x")
    value = bytes((1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 10, 61, 0, 0, 0, 0, 0, 0, 0, 0))
    try:
        os.setxattr(path, "security.capability", value)
    except OSError as error:
        pytest.skip(f"attributes cannot be set here: {error}")
    tars = [
        made(tmp_path, "--xattrs", "--xattrs-include=*", "--format=pax"),
        made(tmp_path, "--format", "pax", program="bsdtar"),
    ]

    found = [listing_of(tar).index.get("ping") for tar in tars]
    assert [(("security.capability", value),)] * 2 == [one and one.xattrs for one in found]


def test_the_second_of_two_concatenated_tars_is_not_there(tmp_path: Path) -> None:
    """
    As for GNU tar, the first end is the end; that a further tar begins there is told.
    """
    (tmp_path / "one").write_text("1")
    first = made(tmp_path)
    (tmp_path / "one").rename(tmp_path / "two")
    listing = listing_of(first + made(tmp_path))

    assert (True, False, True) == ("one" in listing.index, "two" in listing.index, listing.again)
