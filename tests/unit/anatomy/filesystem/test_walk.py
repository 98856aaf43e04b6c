"""
The walk from a root, over folders made by hand: circles, links, and its bounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tundish.anatomy.filesystem.walk import MAX_REMARKS, Allowance, Walk, named
from tundish.anatomy.index import Entry, Kind, Remark
from tundish.core.errors import BadImage


@dataclass(frozen=True)
class Numbers:
    """
    Folders are numbers with rows; 99 is damaged, and everything else a file with two names.
    """

    folders: dict[int, list[tuple[str, int]]]
    name: str = "x"

    def entry(self, path: str, number: int) -> tuple[Entry, int]:
        if number == 99:
            raise BadImage("there is no 99")
        return Entry(path, Kind.FOLDER if number in self.folders else Kind.FILE, place=number), 2

    def rows(self, number: int) -> Iterator[tuple[str, int]]:
        yield from self.folders[number]


def walked(folders: dict[int, list[tuple[str, int]]]) -> tuple[list[tuple[str, str]], list[str]]:
    remarks: list[Remark] = []
    entries = [(one.path, one.first) for one in Walk(Numbers(folders), 1, remarks).entries()]
    return entries, [one.path for one in remarks]


def test_further_names_of_a_file_tell_the_first() -> None:
    """
    The first is that which the walk came upon before the others.
    """
    found = walked({1: [("a", 7), ("d", 2), ("b", 7)], 2: [("c", 7)]})

    assert ([("", ""), ("a", ""), ("d", ""), ("b", "a"), ("d/c", "a")], []) == found


def test_a_circle_ends() -> None:
    """
    A folder has one name; the other is remarked.
    """
    assert ([("", ""), ("d", "")], ["d/e"]) == walked({1: [("d", 2)], 2: [("e", 1)]})


def test_what_is_damaged_costs_its_own_path() -> None:
    """
    The rest is listed.
    """
    assert ([("", ""), ("b", "")], ["a"]) == walked({1: [("a", 99), ("b", 7)]})


def test_a_root_that_is_no_folder_is_refused() -> None:
    """
    There is nothing to list.
    """
    with pytest.raises(BadImage, match="the root is no folder"):
        walked({})


def test_too_much_damage_is_refused() -> None:
    """
    Remarks have a bound, as everything has.
    """
    with pytest.raises(BadImage, match="more than 10000 paths cannot be read"):
        walked({1: [(f"{number}", 99) for number in range(MAX_REMARKS + 1)]})


def test_what_is_held_in_memory_has_a_bound() -> None:
    """
    Attributes count, and so do names and targets.
    """
    allowance = Allowance("x", 10)
    allowance.take(Entry("name", Kind.LINK, target="to", xattrs=(("user.a", b"1"),)))

    with pytest.raises(BadImage, match="more than 10 bytes"):
        allowance.take(Entry("name", Kind.FILE))


@pytest.mark.parametrize("raw", [b"", b".", b"..", b"a/b", b"a\0b"])
def test_what_can_be_no_name_is_refused(raw: bytes) -> None:
    """
    No path leads out of its folder by its name.
    """
    with pytest.raises(BadImage, match="is no name"):
        named(raw, "x")
