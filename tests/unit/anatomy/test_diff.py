from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.images import File, Hardlink, Link, Tree, index_of
from tundish.anatomy.diff import Altered, Change, Difference, Grown, Names, difference
from tundish.anatomy.facts import Facts, Installed, Kernel, Password, User
from tundish.anatomy.index import Entry, Index
from tundish.core.errors import NotFound

BASH = Installed("bash", "5.2-1", "amd64")
ROOT = User("root", 0, 0, "/root", "/bin/bash", Password.LOCKED)


def between(before: Tree, after: Tree) -> Difference:
    return difference((index_of(before), Facts()), (index_of(after), Facts()))


def of_facts(before: Facts, after: Facts) -> Difference:
    return difference((index_of({}), before), (index_of({}), after))


def test_an_image_does_not_differ_from_itself() -> None:
    """
    Nothing is told of two that are alike, even if the times of their files are not.
    """
    facts = Facts(packages=(BASH,), users=(ROOT,), services=("ssh.service",))
    old, new = index_of({"a": File(b"1", mtime=1)}), index_of({"a": File(b"1", mtime=2)})

    assert not difference((old, facts), (new, facts))


def test_files_come_and_go() -> None:
    """
    A path of one side only is added or removed, folders too.
    """
    found = between({"old/a": "1"}, {"new/b": "2"})

    assert (("new", "new/b"), ("old", "old/a")) == (found.files.added, found.files.removed)


def test_another_content_of_the_same_size_is_found() -> None:
    """
    The digest decides, not the size.
    """
    found = between({"etc/a": "one"}, {"etc/a": "two"})

    assert (Change("etc/a", "3 bytes", "3 bytes"),) == found.files.content


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (File(b"1", mode=0o644), File(b"1", mode=0o4755), Change("mode", "0644", "4755")),
        (File(b"1"), File(b"1", uid=7, gid=8), Change("owner", "0:0", "7:8")),
        (Link("a"), Link("b"), Change("target", "a", "b")),
        (File(b"1"), File(b"1", xattrs=(("user.a", b"\1"),)), Change("attributes", "", "user.a=01")),
    ],
)
def test_metadata_is_told_apart_from_content(before: File | Link, after: File | Link, what: Change) -> None:
    """
    A file with the same content and another mode, owner, target or attribute is told with both values.
    """
    found = between({"x": before}, {"x": after})

    assert ((), (Altered("x", (what,)),)) == (found.files.content, found.files.metadata)


def test_a_file_that_moved_is_told_once() -> None:
    """
    What is gone here and there again elsewhere is neither added nor removed.
    """
    found = between({"a/x": "content", "b/y": ""}, {"b/x": "content", "a/y": ""}).files

    assert (("a/x", "b/x"), ("a/y",), ("b/y",)) == (
        (found.moved[0].before, found.moved[0].after),
        found.added,
        found.removed,
    )


def test_two_copies_that_moved_each_find_one_place() -> None:
    """
    A place is taken once, however many files with this content are gone.
    """
    found = between({"a": "same", "b": "same"}, {"c": "same"}).files

    assert (("a", "c"), ("b",)) == ((found.moved[0].before, found.moved[0].after), found.removed)


def test_a_file_without_digest_is_compared_by_size() -> None:
    """
    Where a digest is missing nothing is claimed: the path is named as not compared.
    """
    old, new = (_without_digests(index_of({"a": text})) for text in ("one", "two"))
    found = difference((old, Facts()), (new, Facts())).files

    assert ((), ("a",)) == (found.content, found.unread)


def test_sizes_are_told_by_folder_the_greatest_change_first() -> None:
    """
    A further name of a file adds nothing, and what did not change is left out.
    """
    before: Tree = {"usr/lib/a": "1", "var/log/x": "12345678", "etc/z": "same"}
    after: Tree = {"usr/lib/deep/a": "1234", "usr/bin/b": Hardlink("usr/lib/deep/a"), "etc/z": "same"}

    assert (Grown("var/log", 8, 0), Grown("usr/lib", 1, 4)) == between(before, after).sizes


def test_packages_change_their_version() -> None:
    """
    What came, what went, and what has another version.
    """
    new = replace(BASH, version="5.2-2")
    found = of_facts(
        Facts(packages=(BASH, Installed("vim", "9"))), Facts(packages=(new, Installed("ed", "1")))
    )

    assert Names(("ed",), ("vim",), (Change("bash", "5.2-1", "5.2-2"),)) == found.packages


def test_packages_that_stand_side_by_side_are_all_told() -> None:
    """
    Of one that is installed in several versions, none is lost.
    """
    kernels = tuple(Installed("kernel", version, "x86_64") for version in ("5.14-1", "5.14-2"))
    found = of_facts(Facts(packages=kernels[:1]), Facts(packages=kernels))

    assert (Change("kernel", "5.14-1", "5.14-1, 5.14-2"),) == found.packages.changed


def test_users_services_kernels_and_the_system_are_compared() -> None:
    """
    An account that has a password now is another one; no hash is told.
    """
    before = Facts(users=(ROOT,), services=("a.service",), hostname="old")
    after = Facts(
        users=(replace(ROOT, password=Password.SET, known="secret"),),
        services=("b.service",),
        kernels=(Kernel("6.1", "boot/vmlinuz-6.1"),),
        hostname="new",
    )
    found = of_facts(before, after)

    assert (
        "0:0 /root /bin/bash, password set, well known",
        (("b.service",), ("a.service",)),
        ("6.1",),
        (Change("host name", "old", "new"),),
    ) == (
        found.users.changed[0].after,
        (found.services.added, found.services.removed),
        found.kernels.added,
        found.system,
    )


class _Nothing:
    def stream(self, entry: Entry) -> Iterator[bytes]:
        raise NotFound(entry.path)


def _without_digests(index: Index) -> Index:
    return Index(index.origin, [replace(one, digest=None) for one in index], _Nothing())
