"""
squashfs as mksquashfs makes it, compared path by path; and squashfs that is damaged.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import damaged, patched, refusal, run
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.filesystem.squashfs import read
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

COMPRESSIONS = ("gzip", "xz", "zstd", "lz4")
FILES: Mapping[str, bytes] = {
    "empty": b"",
    "small.txt": b"small\n",
    "exactly-one-block": Random(1).randbytes(131072),
    "blocks-and-a-tail": Random(2).randbytes(400_001),
    "compressible": b"again and again " * 40_000,
    "hole": bytes(1_000_000) + b"end" + bytes(300_000),
    "etc/Größe ✓": b"name\n",
    **{f"many/file-{number:04}": b"%d\n" % number for number in range(700)},
}

ATTRIBUTES = (
    ("small.txt", "user.note", b"hello"),
    ("etc", "user.long", b"x" * 3000),
    ("empty", "user.long", b"x" * 3000),
)


@cache
def made(compression: str, *more: str) -> bytes:
    with TemporaryDirectory() as place:
        root = Path(place, "root")
        for path, data in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        (root / "link").symlink_to("../etc/somewhere")
        (root / "twin").hardlink_to(root / "small.txt")
        for path, key, value in ATTRIBUTES:
            os.setxattr(root / path, key, value)
        pseudo = (
            "console c 600 0 5 5 1",
            "disk b 660 0 6 259 300",
            "pipe i 644 1000 1000 f",
            "etc/secret f 4750 12 34 echo secret",
            "many m 1777 7 8",
        )
        words = [word for line in pseudo for word in ("-p", line)]
        target = Path(place, "made")
        run("mksquashfs", root, target, "-comp", compression, "-quiet", "-no-progress", *more, *words)
        return target.read_bytes()


def of(compression: str, *more: str) -> Filesystem:
    return read(Bytes(made(compression, *more)), "root")


def listed(found: Filesystem) -> Index:
    assert found.index is not None
    return found.index


def entry(path: str, compression: str = "zstd") -> Entry:
    found = listed(of(compression)).get(path)
    assert found is not None
    return found


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_file_comes_out_byte_by_byte(compression: str) -> None:
    """
    Whatever compresses it: holes, fragments, blocks that do not shrink, and names in every script.
    """
    index = listed(of(compression))

    assert FILES == {path: index.read(path) for path in FILES}


@pytest.mark.parametrize("more", [("-b", "4K"), ("-b", "1M"), ("-no-fragments",), ("-always-use-fragments",)])
def test_blocks_of_every_size_come_out(more: tuple[str, ...]) -> None:
    """
    Small and large blocks, with tails in fragments or not.
    """
    index = listed(of("zstd", *more))

    assert FILES == {path: index.read(path) for path in FILES}


def test_nothing_is_listed_that_is_not_there() -> None:
    """
    The paths are those that were packed and their folders, no more.
    """
    others = {"", "etc", "etc/secret", "many", "link", "twin", "console", "disk", "pipe"}

    assert {*FILES, *others} == {one.path for one in listed(of("gzip"))}


@pytest.mark.parametrize(
    ("path", "kind", "mode", "owner", "device"),
    [
        ("console", Kind.CHAR, 0o600, (0, 5), (5, 1)),
        ("disk", Kind.BLOCK, 0o660, (0, 6), (259, 300)),
        ("pipe", Kind.FIFO, 0o644, (1000, 1000), (0, 0)),
        ("etc/secret", Kind.FILE, 0o4750, (12, 34), (0, 0)),
        ("many", Kind.FOLDER, 0o1777, (7, 8), (0, 0)),
    ],
)
def test_kinds_modes_owners_and_devices_come_out(
    path: str, kind: Kind, mode: int, owner: tuple[int, int], device: tuple[int, int]
) -> None:
    """
    Special files and bits are what the maker was told.
    """
    found = entry(path)

    assert (kind, mode, owner, device) == (found.kind, found.mode, (found.uid, found.gid), found.device)


def test_a_link_has_its_target() -> None:
    """
    The target of a link is kept as written.
    """
    assert "../etc/somewhere" == entry("link").target


def test_the_second_name_of_a_file_points_at_the_first() -> None:
    """
    Of two hard links one is a further name of the other.
    """
    assert {"", "small.txt"} == {entry("twin").first, entry("small.txt").first}


def test_attributes_come_out_shared_or_not() -> None:
    """
    Short values, and long ones that two files share.
    """
    found = [entry(path).xattrs for path in ("small.txt", "etc", "empty", "link")]

    long = (("user.long", b"x" * 3000),)
    assert [(("user.note", b"hello"),), long, long, ()] == found


def test_what_compresses_it_is_named_when_it_cannot_be_read() -> None:
    """
    An image compressed with lzo says so, and what to do.
    """
    found = read(Bytes(patched(made("gzip"), 20, b"\3\0")), "root")

    assert (None, "compressed with lzo, which is not read; pack it with zstd, xz, gzip or lz4") == (
        found.index,
        found.why,
    )


def test_an_image_that_is_cut_short_says_so() -> None:
    """
    The superblock is at the beginning and the tables at the end, so a cut is seen at once.
    """
    whole = made("gzip")

    assert "lead beyond the end" in refusal(lambda: read(Bytes(whole[: len(whole) // 2]), "root"))


@settings(max_examples=40, deadline=None)
@given(
    cut=st.sampled_from([0, 95, 96, 5000, 1 << 30]),
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), max_size=20),
    compression=st.sampled_from(COMPRESSIONS),
)
def test_damage_ends_in_a_listing_or_an_error_of_ours(
    cut: int, flips: list[tuple[int, int]], compression: str
) -> None:
    """
    Bytes that changed, and an end that is missing, never raise anything but `BadImage`.
    """
    readable = damaged(made(compression), cut, flips)
    try:
        index = read(readable, "root").index
        for one in index or ():
            if one.kind is Kind.FILE:
                index.read(one.path, 4 << 20) if index else None
    except BadImage:
        return
