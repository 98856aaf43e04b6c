"""
What takes the space, and where it is drawn.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.images import Hardlink, index_of
from tundish.check.treemap import Area, Box, areas_of, squarified

SIZES = st.lists(st.integers(1, 10**12), min_size=1, max_size=40).map(lambda one: sorted(one, reverse=True))


@given(SIZES, st.integers(1, 2000), st.integers(1, 2000))
def test_the_boxes_fill_the_whole(sizes: list[int], width: int, height: int) -> None:
    """
    The boxes together have the area of the whole.
    """
    boxes = squarified(sizes, Box(0, 0, width, height))

    assert width * height == pytest.approx(sum(box.width * box.height for box in boxes))


@given(SIZES)
def test_each_box_has_its_share(sizes: list[int]) -> None:
    """
    Each box has the area that its size is of the whole.
    """
    boxes = squarified(sizes, Box(0, 0, 1000, 500))

    assert [size / sum(sizes) for size in sizes] == pytest.approx(
        [box.width * box.height / 500_000 for box in boxes], abs=1e-6
    )


@given(SIZES)
def test_no_box_leaves_the_whole(sizes: list[int]) -> None:
    """
    Every box lies within the whole.
    """
    boxes = squarified(sizes, Box(0, 0, 1000, 500))

    assert all(
        box.x >= -0.01 and box.y >= -0.01 and box.x + box.width <= 1000.01 and box.y + box.height <= 500.01
        for box in boxes
    )


def test_four_equal_sizes_are_squares() -> None:
    """
    Equal sizes in a square come out as squares.
    """
    boxes = squarified([1, 1, 1, 1], Box(0, 0, 100, 100))

    assert [(50, 50)] * 4 == [(box.width, box.height) for box in boxes]


def test_nothing_has_no_area() -> None:
    """
    Sizes of nothing are drawn as nothing.
    """
    assert [Box(0, 0, 0, 0)] == squarified([0], Box(0, 0, 10, 10))


def test_folders_count_what_is_below_them() -> None:
    """
    A folder has the bytes of everything below it, small folders stand together.
    """
    whole = areas_of(index_of({"usr/lib/a": b"x" * 600, "usr/bin/b": b"x" * 300, "etc/c": b"x" * 100}))

    assert (
        Area(
            "",
            1000,
            (Area("usr", 900, (Area("usr/lib", 600), Area("usr/bin", 300))), Area("etc", 100)),
        )
        == whole
    )


def test_a_file_with_two_names_counts_once() -> None:
    """
    A hard link takes no space of its own.
    """
    assert 500 == areas_of(index_of({"a/one": b"x" * 500, "b/two": Hardlink("a/one")})).size
