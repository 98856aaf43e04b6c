"""
Regular expressions that nobody could end in this process.
"""

import pytest

from tundish.core.errors import InputError, ToolFailed
from tundish.tools.searching import searched


def test_it_finds_what_re_finds() -> None:
    """
    Anywhere in a text, in signs of any kind, also where there are no texts.
    """
    found = searched("^(no|ü)", ["noble", "über", "focal", "\ud800no", ""]), searched("a", [])

    assert ((True, True, False, False, False), ()) == found


def test_what_takes_too_long_is_ended() -> None:
    """
    A pattern with nested repeats is named, and what to do.
    """
    with pytest.raises(InputError, match="without nested repeats"):
        searched("(a+)+$", ["a" * 60 + "!"], seconds=0.5)


def test_what_is_no_pattern_fails() -> None:
    """
    Whoever asks has compiled it before.
    """
    with pytest.raises(ToolFailed):
        searched("(", ["a"])
