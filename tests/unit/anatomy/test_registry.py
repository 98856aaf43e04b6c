"""
Hives of the registry: small ones made by code, and what is no hive.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hives import hive
from tests.support.real_disks import patched, refusal
from tundish.anatomy.registry import Hive
from tundish.core.errors import BadImage

KEY = "Microsoft\\Windows\\CurrentVersion\\Setup\\State"
MADE = hive(KEY, "ImageState", "IMAGE_STATE_COMPLETE")


@pytest.mark.parametrize("nested", [False, True])
def test_a_text_is_found_whatever_the_case(nested: bool) -> None:
    """
    Keys and values are looked up as Windows does, through lists of one level and of two.
    """
    made = Hive(hive(KEY, "ImageState", "IMAGE_STATE_COMPLETE", nested=nested), "SOFTWARE")

    assert "IMAGE_STATE_COMPLETE" == made.text(KEY.upper(), "imagestate")


def test_a_number_is_told_in_digits() -> None:
    """
    A number that stands in the value itself comes out.
    """
    assert "14393" == Hive(hive("Microsoft", "Build", 14393), "SOFTWARE").text("Microsoft", "Build")


@pytest.mark.parametrize(("key", "value"), [("Microsoft\\Nothing", "ImageState"), (KEY, "Other")])
def test_what_is_not_there_is_empty(key: str, value: str) -> None:
    """
    A key or value that is missing is no error.
    """
    assert "" == Hive(MADE, "SOFTWARE").text(key, value)


@pytest.mark.parametrize("data", [b"", b"regf", MADE[:100], bytes(8192)])
def test_what_is_no_hive_is_refused(data: bytes) -> None:
    """
    A file without the mark, or cut in its head, is named.
    """
    assert "SOFTWARE: no hive of a registry" == refusal(lambda: Hive(data, "SOFTWARE"))


def test_a_list_that_leads_to_itself_ends() -> None:
    """
    A list of lists that names a list of lists is refused.
    """
    made = hive(KEY, "ImageState", "x", nested=True)
    at = made.rindex(b"ri")
    circle = patched(made, at + 4, (at - 4 - 4096).to_bytes(4, "little"))

    assert "is no list of keys" in refusal(lambda: Hive(circle, "SOFTWARE").text(KEY, "ImageState"))


def test_no_more_keys_are_looked_at_than_the_key_above_has() -> None:
    """
    Lists that name keys again and again, whatever their lengths, cost no more than the count that is bounded.
    """
    root = MADE.rindex(b"nk")
    fewer = patched(MADE, root + 20, (1).to_bytes(4, "little"))

    assert "" == Hive(fewer, "SOFTWARE").text(KEY, "ImageState")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(MADE) - 1), st.integers(1, 255)), max_size=12), st.integers(0))
def test_damage_ends_in_a_text_or_an_error_of_ours(flips: list[tuple[int, int]], cut: int) -> None:
    """
    Bytes that changed never raise anything but `BadImage`.
    """
    spoiled = bytearray(MADE)
    for at, change in flips:
        spoiled[at] ^= change
    try:
        Hive(bytes(spoiled[: len(spoiled) - cut % 4096]), "SOFTWARE").text(KEY, "ImageState")
    except BadImage:
        return
