"""
The Index: paths and links as a running system follows them, and never out of the image.
"""

import pytest

from tests.support.images import Contents, File, Folder, Link, index_of
from tundish.anatomy.index import Entry, Index, Kind, normal
from tundish.core.digest import Digest
from tundish.core.errors import BadImage, NotFound

TREE = index_of(
    {
        "usr/bin/bash": File(b"#!", 0o755),
        "usr/lib/os-release": "ID=debian\n",
        "etc/os-release": Link("../usr/lib/os-release"),
        "etc/apt/a.conf": "a",
        "etc/apt/b.list": "b",
        "etc/empty": Folder(),
        "bin": Link("usr/bin"),
        "abs": Link("/etc/apt"),
        "up": Link("../../../../usr/bin/bash"),
        "one": Link("two"),
        "two": Link("one"),
    }
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("bin/bash", "usr/bin/bash"),
        ("/etc/os-release", "usr/lib/os-release"),
        ("abs/a.conf", "etc/apt/a.conf"),
        ("up", "usr/bin/bash"),
        ("etc/../bin/./bash", "usr/bin/bash"),
        ("bin/nothing", "usr/bin/nothing"),
    ],
)
def test_links_are_followed_inside_the_image_only(path: str, place: str) -> None:
    """
    Relative, absolute and too many dots: the root of the image is where it ends.
    """
    assert place == TREE.resolve(path)


def test_a_circle_of_links_is_an_error_of_ours() -> None:
    """
    Links that lead to each other are nothing, and asked for their place they are named.
    """
    with pytest.raises(NotFound, match="one in image is a circle of links"):
        TREE.resolve("one")


def test_a_circle_of_links_is_not_there() -> None:
    """
    What leads in a circle is no file and no folder.
    """
    assert (False, False, False) == ("one" in TREE, TREE.is_file("one"), TREE.is_folder("one"))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("etc/apt/*.conf", ["etc/apt/a.conf"]),
        ("abs/*", ["etc/apt/a.conf", "etc/apt/b.list"]),
        ("*/apt/?.list", ["etc/apt/b.list"]),
        ("bin/ba*", ["usr/bin/bash"]),
        ("etc/*/c", []),
    ],
)
def test_a_glob_goes_segment_by_segment(pattern: str, found: list[str]) -> None:
    """
    A star stays in its segment, and folders behind links are entered.
    """
    assert found == [one.path for one in TREE.matching(pattern)]


def test_folders_that_only_stand_in_paths_are_there() -> None:
    """
    A tar that names one file has its folders too, as unpacking would make them.
    """
    index = Index("tar", [Entry("a/b/c", Kind.FILE)], Contents({}))

    assert (["a", "a/b", "a/b/c"], ["a/b/c"]) == (
        [one.path for one in index],
        [one.path for one in index.matching("*/b/c")],
    )


def test_folders_in_paths_have_a_bound() -> None:
    """
    Very deep paths without folders of their own end in an error before they fill the memory.
    """
    entries = (Entry(f"{number}/" + "x/" * 2000, Kind.FILE) for number in range(100))

    with pytest.raises(BadImage, match="too much memory"):
        Index("tar", entries, Contents({}))


def test_a_mount_hides_what_is_below_it() -> None:
    """
    Another root at a folder takes its place, and its contents come from itself.
    """
    root = index_of({"boot/old": "hidden", "etc/fstab": "own"})
    whole = root.with_mounts({"boot": index_of({"vmlinuz": "kernel"})})

    assert (False, b"kernel", b"own") == (
        "boot/old" in whole,
        whole.read("boot/vmlinuz"),
        whole.read("etc/fstab"),
    )


def test_a_file_longer_than_the_limit_is_not_read() -> None:
    """
    A reader's limit is kept, whatever the entry says.
    """
    with pytest.raises(BadImage, match="longer than 4 bytes"):
        TREE.read("usr/lib/os-release", 4)


def test_an_entry_may_be_said_otherwise_over_the_same_content() -> None:
    """
    A changed mode leaves the content where it is.
    """
    altered = TREE.altered(lambda one: Entry(one.path, one.kind, 0o700, target=one.target))

    assert (0o700, b"a") == (
        (found := altered.get("etc/apt/a.conf")) and found.mode,
        altered.read("abs/a.conf"),
    )


def test_digests_come_to_those_that_are_named() -> None:
    """
    A digest made afterwards stands at its entry, and at no other.
    """
    digest = Digest.of(b"x")
    made = TREE.altered(lambda one: Entry(one.path, one.kind)).with_digests({"etc/apt/a.conf": digest})

    assert [digest, None] == [one.digest for one in made.children("etc/apt")]


@pytest.mark.parametrize(
    ("name", "path"),
    [("./a//b/", "a/b"), ("/a", "a"), ("a/../b", None), ("a\0b", None), ("x/" * 3000, None), (".", "")],
)
def test_names_become_paths_or_nothing(name: str, path: str | None) -> None:
    """
    What leads upwards, holds a zero or is too long is no path.
    """
    assert path == normal(name)
