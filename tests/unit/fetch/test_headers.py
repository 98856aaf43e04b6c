"""
What the words around an answer say.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.core.errors import BadStatus
from tundish.fetch.headers import Part, address, part_of, redirected, shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://host/a", "http://host/a"),
        ("http://me:pass@host/a@b", "http://***@host/a@b"),
        ("https://me@host:1/a?key=x#y", "https://***@host:1/a?***#y"),
        ("http://a:b@c@host/", "http://***@host/"),
        ("//me:pass@host/", "//***@host/"),
        ("/srv/what?/a@b", "/srv/what?/a@b"),
        ("http://host/\x1b[31m\n", "http://host/?[31m?"),
        ("x" * 999, "x" * 297 + "..."),
    ],
)
def test_what_of_an_address_is_shown(url: str, expected: str) -> None:
    """
    Passwords and queries are masked, control signs replaced, long ones cut.
    """
    assert expected == shown(url)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """
    Showing never fails, and what is shown is printable and short.
    """
    assert (True, True) == (shown(text).isprintable(), len(shown(text)) <= 300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 5-9/10", Part(5, 9, 10)),
        ("bytes 5-9/*", Part(5, 9, None)),
        (" bytes 0-0/1 ", Part(0, 0, 1)),
        ("bytes 9-5/10", None),
        ("bytes 5-10/10", None),
        ("bytes 5-9", None),
        ("bytes */10", None),
        ("bytes -5-9/10", None),
        ("items 5-9/10", None),
        ("bytes 5-9/10, bytes 0-1/10", None),
        ("bytes 5-" + "9" * 5000 + "/*", None),
        ("bytes \u0665-\u0669/10", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_content_range_says(text: str | None, expected: Part | None) -> None:
    """
    One part that does not contradict itself, or nothing.
    """
    assert expected == part_of(text)


@pytest.mark.parametrize(
    ("asked", "location", "expected"),
    [
        ("http://host/a/b", "c", "http://host/a/c"),
        ("http://host/a/b", "/c?d=e#f", "http://host/c?d=e"),
        ("http://host/a", "https://other/x", "https://other/x"),
        ("https://host/a", "//other/x", "https://other/x"),
        ("http://host/a", "http://me:pass@other/x", "http://other/x"),
    ],
)
def test_where_a_redirect_leads(asked: str, location: str, expected: str) -> None:
    """
    Relative and absolute places are understood; names, passwords and fragments are dropped.
    """
    assert expected == redirected(address(asked), 302, location).url


@pytest.mark.parametrize("location", ["http://host/a", "file:///etc/passwd", "data:,x", "", None])
def test_no_redirect_leads_out_of_https(location: str | None) -> None:
    """
    From https only https is followed.
    """
    with pytest.raises(BadStatus, match="HTTP 302"):
        redirected(address("https://host/a"), 302, location)
